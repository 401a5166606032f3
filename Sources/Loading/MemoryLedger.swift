// The memory that the models of a process take, counted against a budget.
//
//     limit   |<------------------------ memory-max ------------------------->|
//     used    | packing A | packing B | runner 1 | runner 2 | while loading C |  free
//
// Guarantees: the check and the reservation are one step, so loads side by side cannot pass the
// budget together. What a reservation took comes back when its last holder lets go.
// Does not: allocate, measure, or decide on what goes. Estimates come from `WeightPlan.memory`.

import Compute
import Inference
import Synchronization

/// Counts the bytes of models. Any thread.
public final class MemoryLedger: Sendable {
    /// Bytes that all models together may take, or nil without a budget.
    public let limit: Int?
    private let taken = Mutex(0)
    private let observer = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter limit: bytes, at least 1. Nil counts, and refuses nothing.
    public init(limit: Int? = nil) { self.limit = limit }

    /// Bytes taken now.
    public var used: Int { taken.withLock { $0 } }

    /// Calls `body` after each return of memory, on the thread that returned it.
    public func onRelease(_ body: @escaping @Sendable () -> Void) {
        observer.withLock { $0 = body }
    }

    /// Takes the sum of `parts` as a reservation each, or nothing.
    ///
    /// - Throws: the shortage, when the sum does not fit below the limit.
    func reserve(_ parts: [Int]) throws(MemoryShortage) -> [MemoryReservation] {
        let sizes = parts.map { max(0, $0) }
        let sum = sizes.reduce(0) { sum, size in
            let (next, overflow) = sum.addingReportingOverflow(size)
            return overflow ? .max : next
        }
        let resident = try taken.withLock { taken throws(MemoryShortage) in
            let free = (limit ?? .max) - taken
            guard sum <= free else {
                throw MemoryShortage(
                    needed: sum, available: max(0, free), resident: taken, limit: limit)
            }
            defer { taken += sum }
            return taken
        }
        return sizes.map { MemoryReservation($0, resident, of: self) }
    }

    fileprivate func giveBack(_ size: Int) {
        guard size > 0 else { return }
        taken.withLock { $0 -= size }
        observer.withLock { $0 }?()
    }
}

/// Bytes of a ledger, held as long as the object lives.
final class MemoryReservation: Sendable {
    let size: Int
    /// Bytes that were taken before.
    let resident: Int
    private let ledger: MemoryLedger

    fileprivate init(_ size: Int, _ resident: Int, of ledger: MemoryLedger) {
        (self.size, self.resident, self.ledger) = (size, resident, ledger)
    }

    deinit { ledger.giveBack(size) }
}

/// Memory that a load lacks, in bytes.
public struct MemoryShortage: Error, Sendable, Equatable {
    /// Bytes that the load would add.
    public let needed: Int
    /// Bytes that are free for it.
    public let available: Int
    /// Bytes of the models that are loaded or loading.
    public let resident: Int
    /// The budget of all models, or nil when the system's free memory is the bound.
    public let limit: Int?

    /// Bytes that would have to come free.
    public var missing: Int { needed - available }
    /// True when the load fits once enough of the other models are gone.
    public var endsWithRoom: Bool { limit.map { needed <= $0 } ?? (resident > 0) }
}

/// Memory of an accepted model, for the report.
public struct MemoryUse: Sendable, Equatable {
    /// Bytes by use. The weights and texts of a shared packing count as 0.
    public let estimate: MemoryEstimate
    /// Positions of cache in the estimate.
    public let positions: Int
    /// Bytes of other models before the load.
    public let resident: Int
    /// The budget of all models, or nil without one.
    public let limit: Int?
}

/// Positions of cache that a server reserves for a model.
package enum CacheReservation {
    /// Returns `cacheTokensMax`, or without one four full contexts, but no more than 65,536
    /// positions where contexts are long. The longest sequence fits, with a page more, because a
    /// fork copies the root's last page.
    package static func positions(context: Int, cacheTokensMax: Int?) -> Int {
        let context = min(context, 1 << 40)
        return max(
            cacheTokensMax ?? max(context, min(4 * context, 65_536)),
            context + CacheShape.pagePositions)
    }
}
