// The tool that judges must be able to say no: altered answers, missing files and missing fixtures
// each have their outcome.
//
// Works on copies of single fixtures in a folder of its own, so that a run takes a second.

import Compute
import Fidelity
import Foundation
import TestSupport
import Testing

@Suite struct FidelityRunTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A run over this suite's folder, and what it printed.
    private func run(only: String?) -> (outcome: FidelityRun.Outcome, lines: [String]) {
        var lines: [String] = []
        let run = FidelityRun(root: directory.path, only: only, sets: [.best]) {
            lines.append($0)
        }
        let outcome = run.run()
        return (outcome, lines)
    }

    /// Copies fixtures, changed on the way.
    private func copy(
        _ names: [String], _ change: (String, inout Data) -> Void = { _, _ in }
    ) throws {
        for name in names {
            var data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
            change(name, &data)
            let target = URL(fileURLWithPath: directory.path + "/" + name)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: target)
        }
    }

    private static let model = [
        "models/qwen3-f32.gguf", "models/qwen3.golden.json", "models/qwen3.logits.f32",
    ]

    /// The same JSON object, changed.
    private static func json(_ data: Data, _ change: (inout [String: Any]) -> Void) -> Data {
        guard var object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            return data
        }
        change(&object)
        return (try? JSONSerialization.data(withJSONObject: object)) ?? data
    }

    @Test func withoutFixturesNothingIsCheckedAndThatIsNotSuccess() throws {
        var lines: [String] = []
        let outcome = FidelityRun(root: directory.path + "/absent") { lines.append($0) }.run()
        #expect(outcome == .nothingToCheck && outcome.rawValue == 77)
        #expect(lines.first?.hasPrefix("NOTHING CHECKED") == true)
        #expect(run(only: "no such subject").outcome == .noSubject)
    }

    @Test(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
    func anUnalteredModelHolds() throws {
        try copy(Self.model)
        let (outcome, lines) = run(only: "qwen3")
        #expect(outcome == .held)
        let ofModel = lines.filter { $0.hasPrefix("qwen3 ") }
        #expect(ofModel.count == 9)
        for line in ofModel { #expect(line.hasSuffix("ok"), "\(line)") }
        #expect(lines.contains { $0.contains("the others were left out") })
        // Every set has a line, whether it was checked or not.
        for set in InstructionSet.allCases {
            #expect(lines.contains { $0.hasPrefix("\(set): ") })
        }
    }

    /// One logit, one best token, one continuation: each is seen, and nothing else is blamed.
    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: [
            ("logits.f32", "logits vs hf"), ("argmax_all_positions", "best token"),
            ("greedy24", "greedy tokens"),
        ])
    func anAlteredAnswerIsAMiss(_ altered: String, _ check: String) throws {
        try copy(Self.model) { name, data in
            if name.hasSuffix(altered) {
                // The second reference's first row, token 7; rows are 512 floats.
                let offset = (4 * 512 + 7) * 4
                data.replaceSubrange(
                    offset..<offset + 4, with: withUnsafeBytes(of: Float(3)) { Data($0) })
            } else if name.hasSuffix(".json"), altered != "logits.f32" {
                data = Self.json(data) { golden in
                    guard var lists = golden[altered] as? [[Int]] else { return }
                    lists[0][0] = (lists[0][0] + 1) % 512
                    golden[altered] = lists
                }
            }
        }
        let (outcome, lines) = run(only: "qwen3")
        #expect(outcome == .missed && outcome.rawValue == 1)
        let missed = lines.filter { $0.hasPrefix("qwen3 ") && $0.hasSuffix("MISS") }
        #expect(missed.count == 1 && missed[0].contains(check), "\(missed)")
    }

    @Test(.enabled(if: Fixtures.directory != nil, "needs the recorded blocks"))
    func oneAlteredValueOfABlockIsAMiss() throws {
        let names = ["dequant/index.json", "dequant/Q4_K.bin", "dequant/Q4_K.f32"]
        try copy(names)
        #expect(run(only: "Q4_K").lines.contains { $0.hasPrefix("Q4_K ") && $0.hasSuffix("ok") })
        try copy(names) { name, data in if name.hasSuffix(".f32") { data[4096] ^= 1 } }
        let (outcome, lines) = run(only: "Q4_K")
        #expect(outcome == .missed)
        let missed = lines.filter { $0.hasPrefix("Q4_K ") && $0.hasSuffix("MISS") }
        #expect(missed.count == 1 && missed[0].contains("dequantised"), "\(missed)")
    }

    @Test(.enabled(if: Fixtures.directory != nil, "needs the reference vocabularies"))
    func oneAlteredIDOfAVocabularyIsAMiss() throws {
        let names = [
            "tokenizers/ggml-vocab-llama-spm.gguf", "tokenizers/ggml-vocab-llama-spm.gguf.inp",
            "tokenizers/ggml-vocab-llama-spm.gguf.out", "tokenizers/llama-spm.strings.json",
        ]
        try copy(names)
        #expect(run(only: "llama-spm").outcome == .held)
        try copy(names) { name, data in
            if name.hasSuffix(".out") { data.replaceSubrange(0..<0, with: Data("77 ".utf8)) }
        }
        let (outcome, lines) = run(only: "llama-spm")
        #expect(outcome == .missed)
        #expect(lines.contains { $0.contains(".inp/.out") && $0.hasSuffix("MISS") })
    }

    @Test(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
    func aMissingOrDamagedModelIsAMissThatSaysWhy() throws {
        try copy(["models/qwen3.golden.json", "models/qwen3.logits.f32"])
        let missing = run(only: "qwen3")
        #expect(missing.outcome == .missed)
        #expect(missing.lines.contains { $0.contains("MISS: file/not_found") })
        try copy(Self.model) { name, data in
            if name.hasSuffix(".f32") { data.removeLast() }
        }
        #expect(run(only: "qwen3").lines.contains { $0.contains("bytes, 4 rows of 512 floats") })
    }
}
