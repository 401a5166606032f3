// Which kernels a back end computes with: what was chosen, what the self check found, and what
// took the place of a kernel that differs.
//
// Guarantees: a kernel that gives other bits than the scalar one on this machine is never used;
// the next narrower instruction set whose kernel agrees serves instead. Everything that was
// switched off is in `degradations`, so that reports and answers can say it.
// Does not: check speed, or anything a kernel does beyond the cases of the self check.

import CKernels

/// What the self check found about one kernel.
public struct KernelVerdict: Sendable, Equatable {
    /// The kernel, for example `product_q8`.
    public let kernel: String
    /// Whether it gave the bits of the scalar kernel. One that did not is switched off.
    public let agrees: Bool
    /// Whose kernel took its place; nil when it agrees.
    public let replacement: InstructionSet?
}

/// The kernels of a back end.
public struct KernelSelection: Sendable, Equatable {
    /// The set that was asked for, or chosen as the best.
    public let chosen: InstructionSet
    /// The widest set this machine can run.
    public let best: InstructionSet
    /// What the self check at start found, one entry per kernel.
    public let verdicts: [KernelVerdict]

    /// The widest set that any kernel in use comes from: `chosen`, unless every one of its kernels
    /// was switched off.
    public var instructionSet: InstructionSet {
        let used = Set(verdicts.map { $0.replacement ?? chosen })
        return InstructionSet.allCases.last { used.contains($0) } ?? chosen
    }

    /// Kernels that differ, and are not used.
    public var disabled: [KernelVerdict] { verdicts.filter { !$0.agrees } }

    /// What is less than was asked for: `instruction_set_lowered: avx512 to avx2` where all kernels
    /// of the set were switched off, `kernel_disabled: NAME` for each that was where some are left.
    public var degradations: [String] {
        guard instructionSet == chosen else {
            return ["instruction_set_lowered: \(chosen) to \(instructionSet)"]
        }
        return disabled.map { "kernel_disabled: \($0.kernel)" }
    }

    /// One line for people, for example `avx512`, `avx2 (this machine has avx512)` or
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
    /// Checks the kernels of `table` (which is those of `chosen`) and replaces the ones that
    /// differ by those of the next narrower set in `lower` that agree.
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
            // The definition itself; it agrees unless there was no memory to compare in.
            kn_kernel_replace(table, kernel, kn_ops_for(KN_SCALAR))
            return KernelVerdict(kernel: name, agrees: false, replacement: .scalar)
        }
    }

    static func agrees(_ table: UnsafePointer<kn_ops>, _ kernel: Int) -> Bool {
        (1...3).allSatisfy { kn_kernel_agrees(table, kernel, UInt64($0)) }
    }
}
