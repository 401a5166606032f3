// The CPU back end: a thread pool, a table of kernels, and scratch memory.
//
// Guarantees: the same bits for any instruction set, number of threads and batch. Kernels that
// disagree with the scalar ones on this machine are switched off when the back end is made, and
// reported in `verdicts`.
// Does not: own models. One back end per process is shared by all of them; operations of different
// threads take turns where they share scratch, and run on their own thread where the pool is taken.

import CKernels
import Synchronization

/// Computes on the processor. See `Backend` for threads.
public final class CPUBackend: Backend {
    /// `cpu`.
    public let deviceName = "cpu"
    /// The kernels in use.
    public let instructionSet: InstructionSet
    /// Threads that share an operation, the caller's included.
    public let threads: Int
    /// What the self check at start found, one entry per kernel.
    public let verdicts: [KernelVerdict]

    let poolStorage: Storage
    let tableStorage: Storage
    let scratch = Mutex(Scratch())

    /// Starts `threads - 1` workers and checks the kernels (some milliseconds). Without an
    /// instruction set: the one named by `ASSAY_INSTRUCTION_SET`, or the best.
    public init(threads: Int, instructionSet: InstructionSet? = nil) throws(ComputeError) {
        let chosen: InstructionSet
        if let instructionSet { chosen = instructionSet } else { chosen = try .preferred() }
        guard let table = kn_ops_for(chosen.kernelSet) else {
            throw ComputeError(
                .instructionSetUnavailable, tried: "choosing kernels", found: chosen.rawValue,
                allowed: InstructionSet.allowedText)
        }
        self.instructionSet = chosen
        self.threads = threads
        poolStorage = try Storage(poolThreads: threads)
        tableStorage = try Storage(size: MemoryLayout<kn_ops>.size, purpose: "the kernel table")
        let copy = tableStorage.base.initializeMemory(as: kn_ops.self, to: table.pointee)
        verdicts = KernelVerdict.check(copy)
        for (kernel, verdict) in verdicts.enumerated() where !verdict.agrees {
            kn_kernel_switch_off(copy, kernel)
        }
    }

    /// Runs the self check again, on the kernels in use.
    public func selfTest() -> [KernelVerdict] { KernelVerdict.check(ops) }

    var pool: OpaquePointer { poolStorage.pool }
    var ops: UnsafePointer<kn_ops> {
        UnsafePointer(tableStorage.base.assumingMemoryBound(to: kn_ops.self))
    }

    /// Memory that operations need while they run; grows to the largest need and is reused.
    struct Scratch {
        private var int8Panels, rowPanels, floatPanels, scores: Storage?

        init() {}

        mutating func int8Panels(_ size: Int) throws(ComputeError) -> UnsafeMutableRawPointer {
            try Self.grow(&int8Panels, size).base
        }

        mutating func rowPanels(_ size: Int) throws(ComputeError) -> UnsafeMutableRawPointer {
            try Self.grow(&rowPanels, size).base
        }

        mutating func floatPanels(_ size: Int) throws(ComputeError) -> UnsafeMutableRawPointer {
            try Self.grow(&floatPanels, size).base
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

/// What the self check found about one kernel.
public struct KernelVerdict: Sendable, Equatable {
    /// The kernel, for example `product_q8`.
    public let kernel: String
    /// Whether it gave the bits of the scalar kernel. One that did not is switched off: the scalar
    /// kernel takes its place.
    public let agrees: Bool

    static func check(_ ops: UnsafePointer<kn_ops>) -> [KernelVerdict] {
        (0..<kn_kernel_count()).map { kernel in
            let agrees = (1...3).allSatisfy { kn_kernel_agrees(ops, kernel, UInt64($0)) }
            return KernelVerdict(
                kernel: String(cString: kn_kernel_name(kernel)), agrees: agrees)
        }
    }
}
