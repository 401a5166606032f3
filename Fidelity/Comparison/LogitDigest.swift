// A number for all bits of a model's logits, so that a change of bits shows without a reference.
//
// Guarantees: equal logits give equal digests, in any process and on any machine.
// Does not: resist a forger. FNV-1a notices accidents.

import Compute

/// Digests of logits. Any thread.
package enum LogitDigest {
    /// Titles of the models in the fixtures.
    package static let titles = ModelSubject.all.map(\.title)

    /// FNV-1a over the bits of `rows`, in 64 bits, as 16 hexadecimal digits.
    package static func text(_ rows: [[Float]]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for value in rows.joined() {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes in
                for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The digest at the first 40 positions of the recorded prompts of a model below `root`.
    package static func text(title: String, root: String, on set: InstructionSet) throws -> String {
        guard let subject = ModelSubject.all.first(where: { $0.title == title }) else {
            preconditionFailure("no model \(title)")
        }
        let prompts = try ModelAnswers(subject, root: root).prompts
        let run = try ModelRun(subject, root: root, on: set, threads: 2)
        return text(try run.logits(of: Array(prompts.joined().prefix(40))))
    }
}
