// Memory for all weights of a model: one reservation, cut into pieces in the order of placement.
//
//     | matrix | matrix | rows of the embedding | matrix | ...        |
//     | written              | present, zero |  reserved              |
//
// Guarantees: weights lie side by side, so huge pages hold them without waste. Memory is touched
// for the first time a few huge pages in front of the weights, by all threads of the pool, each
// huge page by one thread. A model that needs more than was reserved gets the rest piece by piece.
// Does not: give a piece back. The memory goes when the last piece has gone.

import CKernels
import Glibc
import Synchronization

/// Memory for the weights of a model. Made by `Backend.makeWeightMemory`. Any thread.
public final class WeightMemory: Sendable {
    /// Nil on a device that allocates weights singly.
    private let whole: Storage?
    /// Threads that touch memory.
    private let pool: Storage?
    private let state = Mutex(State())

    private struct State {
        /// Bytes handed out.
        var used = 0
        /// Bytes touched.
        var present = 0
    }

    /// Bytes that are touched in front of a piece.
    private static let stepSize = 8 * Storage.hugePageSize

    /// Memory of a device that allocates each weight by itself.
    public init() { (whole, pool) = (nil, nil) }

    init(size: Int, pool: Storage) throws(ComputeError) {
        whole = try Storage(size: size, purpose: "the weights of a model")
        self.pool = pool
    }

    /// Returns zeroed memory, of this reservation while there is room. `purpose` goes into the
    /// error's text.
    func piece(_ size: Int, _ purpose: String) throws(ComputeError) -> Storage {
        guard let whole else { return try Storage(size: size, purpose: purpose) }
        let offset = state.withLock { state -> Int? in
            let rounded = (size + 63) / 64 * 64
            guard rounded <= whole.size - state.used else { return nil }
            defer { state.used += rounded }
            return state.used
        }
        guard let offset else { return try Storage(size: size, purpose: purpose) }
        return Storage(part: offset, size: size, of: whole)
    }

    /// Touches the memory of `piece` up to its byte `end` and some more behind.
    func prepare(_ piece: Storage, to end: Int) {
        guard let whole, let pool, piece.address >= whole.address else { return }
        let needed = Int(piece.address - whole.address) + end
        guard needed <= whole.size else { return }
        let range = state.withLock { state -> Range<Int>? in
            guard needed > state.present else { return nil }
            let start = state.present
            state.present = min(whole.size, (needed / Self.stepSize + 1) * Self.stepSize)
            return start..<state.present
        }
        guard let range else { return }
        kn_drive_touch(pool.pool, whole.base + range.lowerBound, range.count)
    }
}
