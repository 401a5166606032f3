// The kernels of a back end: the chosen instruction set, the findings of the self check, and the
// replacements of kernels that differ.
//
// Guarantees: a kernel whose bits differ from the scalar kernel's on the machine is never used. The
// kernel of the next narrower instruction set that agrees replaces the faulty kernel. Reports and
// answers take the kernels that are switched off from `degradations`.
// Does not: check speed, or any input beyond the cases of the self check.

import CKernels

/// Finding of the self check about a kernel.
public struct KernelVerdict: Sendable, Equatable {
    /// Name of the kernel, for example `product_q8`.
    public let kernel: String
    /// True when the kernel gave the bits of the scalar kernel. If not, the kernel is switched off.
    public let agrees: Bool
    /// Instruction set of the replacing kernel, or nil when the kernel agrees.
    public let replacement: InstructionSet?
}

/// The kernels of a back end.
public struct KernelSelection: Sendable, Equatable {
    /// The requested set, or else the best.
    public let chosen: InstructionSet
    /// The widest set that the machine can run.
    public let best: InstructionSet
    /// Findings of the self check at start, an entry per kernel.
    public let verdicts: [KernelVerdict]

    /// The widest set among the kernels in use: `chosen`, unless all kernels of `chosen` were
    /// switched off.
    public var instructionSet: InstructionSet {
        let used = Set(verdicts.map { $0.replacement ?? chosen })
        return InstructionSet.allCases.last { used.contains($0) } ?? chosen
    }

    /// Verdicts on the kernels that differ and are not used.
    public var disabled: [KernelVerdict] { verdicts.filter { !$0.agrees } }

    /// Shortfalls from the request. When all kernels of the set were switched off, a single entry
    /// such as `instruction_set_lowered: avx512 to avx2`. Otherwise `kernel_disabled: NAME` for
    /// each kernel that was switched off.
    public var degradations: [String] {
        guard instructionSet == chosen else {
            return ["instruction_set_lowered: \(chosen) to \(instructionSet)"]
        }
        return disabled.map { "kernel_disabled: \($0.kernel)" }
    }

    /// A line for people, for example `avx512`, `avx2 (this machine has avx512)` or
    /// `avx512; switched off: product_q8 (avx2 instead)`.
    public var summary: String {
        var text = instructionSet.rawValue
        if instructionSet != best { text += " (this machine has \(best))" }
        let replaced = disabled.map { "\($0.kernel) (\($0.replacement ?? .scalar) instead)" }
        return replaced.isEmpty
            ? text : text + "; switched off: " + replaced.joined(separator: ", ")
    }
}

extension KernelSelection {
    /// Checks the kernels of `table` (a copy of the table of `chosen`). Replaces a kernel that
    /// differs by the first kernel from `lower`, widest set first, that agrees.
    init(
        checking table: UnsafeMutablePointer<kn_ops>, of chosen: InstructionSet,
        lower: [(set: InstructionSet, table: kn_ops)]
    ) {
        self.chosen = chosen
        best = .best
        verdicts = (0..<kn_kernel_count()).map { kernel in
            let name = String(cString: kn_kernel_name(kernel))
            guard !Self.agrees(table, kernel) else {
                return KernelVerdict(kernel: name, agrees: true, replacement: nil)
            }
            for (set, lower) in lower {
                withUnsafePointer(to: lower) { kn_kernel_replace(table, kernel, $0) }
                guard !Self.agrees(table, kernel) else {
                    return KernelVerdict(kernel: name, agrees: false, replacement: set)
                }
            }
            // The scalar kernel is the definition. Its check fails only for want of memory.
            kn_kernel_replace(table, kernel, kn_ops_for(KN_SCALAR))
            return KernelVerdict(kernel: name, agrees: false, replacement: .scalar)
        }
    }

    static func agrees(_ table: UnsafePointer<kn_ops>, _ kernel: Int) -> Bool {
        (1...3).allSatisfy { kn_kernel_agrees(table, kernel, UInt64($0)) }
    }
}
