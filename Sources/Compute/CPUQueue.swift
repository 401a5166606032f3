// The CPU's queue: the running pass, scratch memory, and the first error.
//
// Guarantees: an operation has taken effect when its call returns.
// Does not: compute. `CPUQueue+Operations` passes addresses to the kernels.

import CKernels

/// Computes on the processor. See `ComputeQueue` for threads.
package final class CPUQueue: ComputeQueue {
    /// The back end whose threads and kernels the queue uses.
    package let backend: CPUBackend
    // Confined to a thread, and no operation calls another: checks of exclusive access would cost
    // a small model several percent.
    @exclusivity(unchecked) var pass = CPUPass()
    @exclusivity(unchecked) var scratch = Scratch()
    /// First error since the last `finish`.
    private var failure: ComputeError?

    package init(_ backend: CPUBackend) { self.backend = backend }

    var pool: OpaquePointer { backend.pool }
    var ops: UnsafePointer<kn_ops> { backend.ops }

    /// See `ComputeQueue`.
    package func finish() throws(ComputeError) {
        guard let failure else { return }
        self.failure = nil
        throw failure
    }

    /// Keeps the error of an operation for `finish`.
    func fail(_ error: ComputeError) { failure = failure ?? error }

    /// Memory that operations need while they run. Grows to the largest need and is reused.
    struct Scratch {
        /// Inputs of products, as `kn_drive_products` takes them.
        private var panels: Storage?
        private var scores: Storage?

        mutating func panels(_ size: Int) throws(ComputeError) -> UnsafeMutableRawPointer {
            try Self.grow(&panels, size).base
        }

        mutating func scores(_ size: Int) throws(ComputeError) -> UnsafeMutablePointer<Float> {
            try Self.grow(&scores, size).floats
        }

        private static func grow(
            _ storage: inout Storage?, _ size: Int
        ) throws(ComputeError) -> Storage {
            if let storage, storage.size >= size { return storage }
            storage = nil
            let larger = try Storage(size: size + size / 2, purpose: "scratch of an operation")
            storage = larger
            return larger
        }
    }
}
