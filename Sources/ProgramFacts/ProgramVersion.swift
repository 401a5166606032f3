// What a program tells of itself: the lines of --version.
//
// Guarantees: the lines are the same for every program, in this order. Versions of libraries are
// those that are loaded, not those of the build.
// Not here: libuv. Only EventLoop may import libuv, so a program with libuv gives the version.

import CCommit
import Compute
import Wire

/// See the head of the file.
package enum ProgramVersion {
    /// The commit of the build: twelve hexadecimal digits and `-modified` when the tree was, or
    /// `unknown`.
    package static var commit: String { String(cString: assay_commit()) }

    /// The lines of --version.
    ///
    /// - Parameters:
    ///   - program: name of the program, such as `assayd`.
    ///   - libuv: version of libuv, nil for a program without it.
    package static func text(of program: String, libuv: String? = nil) -> String {
        """
        \(program) \(Limits.release)
        commit \(commit)
        wire revision \(Limits.revision)
        instruction sets: \(instructionSets)
        libuv \(libuv ?? "not used")
        lz4 \(BodyCompression.libraryVersion)
        """
    }

    /// The sets that this machine can run, and the one that models are computed with.
    private static var instructionSets: String {
        let sets = InstructionSet.available().map(\.rawValue).joined(separator: " ")
        do throws(ComputeError) {
            return "\(sets) (in use: \(try InstructionSet.preferred()))"
        } catch {
            return "\(sets) (in use: none, \(error))"
        }
    }
}
