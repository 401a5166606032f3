// Gives large memory back to the system on a thread of its own, piece by piece.
//
// A system that takes gigabytes back at once keeps the thread that asks, and holds the lock of the
// address space meanwhile, on which other threads wait for memory. Dropping a model must not do
// that to the thread that computes or to the loop.
// Guarantees: memory is given back once. Each call to the system is about one piece. Without a
// thread, the caller gives back. `settle` waits for everything handed over before.
// Does not: keep a thread while there is nothing to do.

import Dispatch
import Glibc
import Synchronization
import Threads

package enum MemoryReturn {
    /// Memory of this size and above goes back on the thread.
    package static let sizeMin = 16 << 20
    /// Bytes of a call to the system.
    private static let pieceSize = 16 << 20

    private struct State {
        var waiting: [Mapping] = []
        var isRunning = false
        var settlers: [DispatchSemaphore] = []
    }

    /// A mapping that nobody else uses any more.
    private struct Mapping: Sendable {
        let start: UInt
        let size: Int

        func giveBack() {
            guard let start = UnsafeMutableRawPointer(bitPattern: start) else { return }
            for offset in stride(from: 0, to: size, by: pieceSize) {
                madvise(start + offset, min(pieceSize, size - offset), MADV_DONTNEED)
            }
            // Empty now, so nothing is left to be taken back.
            munmap(start, size)
        }
    }

    private static let state = Mutex(State())

    /// Takes a whole mapping over. Any thread.
    package static func take(_ start: UnsafeMutableRawPointer, _ size: Int) {
        let mapping = Mapping(start: UInt(bitPattern: start), size: size)
        guard size >= sizeMin else { return mapping.giveBack() }
        let starts = state.withLock { state in
            state.waiting.append(mapping)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        do throws(ThreadRefusal) {
            try startThread("assay-release") {
                lowerThreadPriority()
                run()
            }
        } catch {
            run()
        }
    }

    /// Waits until all memory that was handed over before is the system's. Any thread.
    package static func settle() {
        let done = DispatchSemaphore(value: 0)
        let waits = state.withLock { state in
            if state.isRunning { state.settlers.append(done) }
            return state.isRunning
        }
        if waits { done.wait() }
    }

    private static func run() {
        while let mapping = next() { mapping.giveBack() }
    }

    private static func next() -> Mapping? {
        state.withLock { state in
            if let mapping = state.waiting.popLast() { return mapping }
            for settler in state.settlers { settler.signal() }
            state.settlers = []
            state.isRunning = false
            return nil
        }
    }
}
