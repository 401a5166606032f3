// The instruction sets of the kernels, and the sets that the machine can run.
//
// Guarantees: results do not depend on the choice, only speed does.

import CKernels
import Glibc

/// A variant of the kernels. All variants give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Plain C. Runs on any machine and defines every result.
    case scalar
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, DQ, VL and VNNI.
    case avx512

    /// Equal to `rawValue`.
    public var description: String { rawValue }

    /// The widest set that the processor has and whose registers the operating system saves.
    public static let best: InstructionSet = available().last ?? .scalar

    /// Returns the sets that the machine can run, narrowest first. Never empty.
    public static func available() -> [InstructionSet] {
        allCases.filter { kn_ops_for($0.kernelSet) != nil }
    }

    /// Returns the set named by the environment variable `ASSAY_INSTRUCTION_SET`, or else the best.
    public static func preferred() throws(ComputeError) -> InstructionSet {
        try named(getenv("ASSAY_INSTRUCTION_SET").map { String(cString: $0) })
    }

    /// Returns the set with the given name, or the best set when the name is nil.
    package static func named(_ name: String?) throws(ComputeError) -> InstructionSet {
        guard let name else { return best }
        guard let set = InstructionSet(rawValue: name), available().contains(set) else {
            throw ComputeError(
                .instructionSetUnavailable, tried: "choosing kernels by ASSAY_INSTRUCTION_SET",
                found: "\"\(name.prefix(40))\"", allowed: allowedText)
        }
        return set
    }

    static var allowedText: String {
        available().map(\.rawValue).joined(separator: ", ") + " (on this machine)"
    }

    var kernelSet: kn_isa {
        switch self {
        case .scalar: KN_SCALAR
        case .avx2: KN_AVX2
        case .avx512: KN_AVX512
        }
    }
}
