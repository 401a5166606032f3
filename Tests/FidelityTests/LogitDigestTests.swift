// The bits of every reference model's logits, as numbers in `digests.txt`.
//
// A line of the file is the digest of a model and its title. All instruction sets give the digest
// of the file. Bits that change on purpose change the file too: a failing test prints the new line.

import Compute
import Fidelity
import Foundation
import TestSupport
import Testing

@Suite struct LogitDigestTests {
    /// Digests of the file by title.
    private static let recorded: [String: String] = {
        let path = Fixtures.checkout.appendingPathComponent("Tests/FidelityTests/digests.txt")
        let lines = (try? String(contentsOf: path, encoding: .utf8))?.split(separator: "\n") ?? []
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                (String(line.dropFirst(17)), String(line.prefix(16)))
            })
    }()

    private static let tinyTitles = WeightEncoding.allCases.map { "tiny llama \($0)" }
    private static let demoTitles = ["demo", "demo, float"]

    private func compare(
        _ title: String, _ digest: (InstructionSet) throws -> String
    ) throws {
        for set in InstructionSet.available() {
            let found = try digest(set)
            let isRecorded = found == Self.recorded[title]
            #expect(isRecorded, "\(set): \(found) \(title)")
        }
    }

    @Test func theFileNamesEveryModelAndNoOther() {
        let titles = LogitDigest.titles + Self.tinyTitles + Self.demoTitles
        #expect(Self.recorded.keys.sorted() == titles.sorted())
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: LogitDigest.titles)
    func aReferenceModelGivesTheRecordedBits(_ title: String) throws {
        try compare(title) {
            try LogitDigest.text(title: title, root: Fixtures.path(""), on: $0)
        }
    }

    @Test(arguments: demoTitles)
    func theDemoModelGivesTheRecordedBits(_ title: String) throws {
        let path = Fixtures.checkout.appendingPathComponent("models/assay-demo.gguf").path
        let isFloat = title != "demo"
        try compare(title) { set in
            let run = try ModelRun(
                path: path, overrides: isFloat ? ["activation_rounding": "none"] : [:], on: set,
                threads: 2)
            return LogitDigest.text(try run.logits(of: (0..<40).map { $0 * 37 % 500 }))
        }
    }

    /// Every format that tests can write, with an odd number of blocks in a row.
    @Test(arguments: WeightEncoding.allCases)
    func aTinyModelGivesTheRecordedBits(_ encoding: WeightEncoding) throws {
        let directory = try TemporaryDirectory()
        let model = GGUFBuilder.tinyLlama(seed: 7, encoding: encoding)
        let path = try directory.write(model.build(), as: "model.gguf")
        try compare("tiny llama \(encoding)") { set in
            let run = try ModelRun(path: path, on: set, threads: 2)
            return LogitDigest.text(try run.logits(of: (0..<40).map { $0 * 37 % 300 }))
        }
    }

    /// The digest depends on every bit.
    @Test func theDigestOfOtherBitsIsAnother() {
        let rows: [[Float]] = [[1, 2], [3, -0.0]]
        #expect(LogitDigest.text(rows) != LogitDigest.text([[1, 2], [3, 0]]))
        #expect(LogitDigest.text(rows) != LogitDigest.text([[2, 1], [3, -0.0]]))
        #expect(LogitDigest.text(rows) == LogitDigest.text([[1, 2], [3, -0.0]]))
    }
}
