// The CPU's queue: the running pass, deferred operations, scratch memory, and the first error.
//
// Deferred operations of a small model run together, since threads that join after each of them
// would lose a good part of the step. Operations of a large model run when they are called.
// Guarantees: deferred operations have run before the host reads or writes by itself, and before
// the lists and the scratch that they use change.
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
    /// Deferred operations.
    let chain: OpaquePointer
    /// See `ComputeQueue`.
    package var defersOperations = false { didSet { kn_chain_defer(chain, defersOperations) } }
    /// First error since the last `finish`.
    private var failure: ComputeError?

    package init(_ backend: CPUBackend) {
        self.backend = backend
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: kn_chain_size(), alignment: 64)
        chain = kn_chain_make(memory, backend.pool)
    }

    deinit { UnsafeMutableRawPointer(chain).deallocate() }

    var pool: OpaquePointer { backend.pool }
    var ops: UnsafePointer<kn_ops> { backend.ops }

    /// See `ComputeQueue`.
    package func finish() throws(ComputeError) {
        runChain()
        guard let failure else { return }
        self.failure = nil
        throw failure
    }

    /// Runs the operations deferred so far.
    @inline(__always)
    func runChain() { kn_chain_run(chain) }

    /// Keeps the error of an operation for `finish`.
    func fail(_ error: ComputeError) { failure = failure ?? error }

    /// Memory that operations need while they run. Grows to the largest need and is reused.
    struct Scratch {
        /// Inputs of products, as `kn_drive_products` takes them.
        private var panels: Storage?
        private var scores: Storage?

        var panelSize: Int { panels?.size ?? 0 }
        var scoreSize: Int { scores?.size ?? 0 }

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
