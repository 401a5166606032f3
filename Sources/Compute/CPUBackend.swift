// The CPU back end: a thread pool and a table of kernels.
//
// Guarantees: results are bit-identical for any instruction set, number of threads and batch.
// Kernels that disagree with the scalar kernels on the machine are switched off at the start, and
// reported in `kernels`.
// Does not: own models. All models of a process share a back end. Operations run on the caller
// alone while the pool is busy with another queue's.

import CKernels

/// Computes on the processor. See `Backend` for threads.
public final class CPUBackend: Backend {
    /// `cpu`.
    public let deviceName = "cpu"
    /// Threads that share an operation, the caller's included.
    public let threads: Int
    /// Kernels in use, never nil.
    public let kernels: KernelSelection?

    let poolStorage: Storage
    let tableStorage: Storage

    /// Starts `threads - 1` workers and checks the kernels (some milliseconds). Without an
    /// instruction set, takes the set named by `ASSAY_INSTRUCTION_SET`, or else the best.
    public convenience init(
        threads: Int, instructionSet: InstructionSet? = nil
    ) throws(ComputeError) {
        try self.init(threads: threads, instructionSet: instructionSet) { _, _ in }
    }

    /// Does the work of the public initialiser. Tests use `damage` to spoil kernels of a set before
    /// the self check.
    package init(
        threads: Int, instructionSet: InstructionSet?,
        damage: (InstructionSet, inout kn_ops) -> Void
    ) throws(ComputeError) {
        let chosen: InstructionSet
        if let instructionSet { chosen = instructionSet } else { chosen = try .preferred() }
        guard var table = kn_ops_for(chosen.kernelSet)?.pointee else {
            throw ComputeError(
                .instructionSetUnavailable, tried: "choosing kernels", found: chosen.rawValue,
                allowed: InstructionSet.allowedText)
        }
        damage(chosen, &table)
        self.threads = threads
        poolStorage = try Storage(poolThreads: threads)
        tableStorage = try Storage(size: MemoryLayout<kn_ops>.size, purpose: "the kernel table")
        let copy = tableStorage.base.initializeMemory(as: kn_ops.self, to: table)
        let lower = InstructionSet.available().prefix { $0 != chosen }.reversed()
        kernels = KernelSelection(
            checking: copy, of: chosen,
            lower: lower.compactMap { set in
                guard var table = kn_ops_for(set.kernelSet)?.pointee else { return nil }
                damage(set, &table)
                return (set, table)
            })
    }

    /// The instruction set of the kernels in use.
    public var instructionSet: InstructionSet { kernels?.instructionSet ?? .scalar }
    /// Findings of the self check at start, an entry per kernel.
    public var verdicts: [KernelVerdict] { kernels?.verdicts ?? [] }

    /// Runs the self check again, on the kernels in use. Returns true if all agree.
    public func selfTest() -> Bool {
        (0..<kn_kernel_count()).allSatisfy { KernelSelection.agrees(ops, $0) }
    }

    /// The kernels in use.
    public var hostKernels: HostKernels { HostKernels(self) }

    var pool: OpaquePointer { poolStorage.pool }
    var ops: UnsafePointer<kn_ops> {
        UnsafePointer(tableStorage.base.assumingMemoryBound(to: kn_ops.self))
    }

    /// See `Backend`. Every operation of the queue has taken effect when the call returns.
    public func makeQueue() -> any ComputeQueue { CPUQueue(self) }
}
