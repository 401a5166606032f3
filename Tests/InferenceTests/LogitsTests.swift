// Logits against the references: every fixture of this family, every prompt, every instruction
// set. The references agree with each other to 3e-5; 1e-3 is what float32 arithmetic may add.

import Compute
import Inference
import TestSupport
import Testing

@Suite(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
struct LogitsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let golden: String
        let folder: String
        let reference: String
        let tolerance: Float
        let instructionSet: InstructionSet

        var testDescription: String { "\(file) vs \(reference) on \(instructionSet.rawValue)" }
    }

    static let exact: [Case] = InstructionSet.available().flatMap { instructionSet in
        [
            ("stories/stories260K-f32", "stories", ["llama.cpp", "hf", "numpy64"]),
            ("models/llama-gqa-f32", "models", ["llama.cpp", "hf", "numpy64"]),
            ("models/llama3-tied-f32", "models", ["llama.cpp", "hf", "numpy64"]),
            ("models/mistral-headdim-f32", "models", ["llama.cpp", "hf", "numpy64"]),
        ].flatMap { file, folder, references in
            let stem = folder == "models" ? String(file.dropLast("-f32".count)) : file
            return references.map {
                Case(
                    file: file + ".gguf", golden: stem + ".golden.json", folder: folder,
                    reference: $0, tolerance: 1e-3, instructionSet: instructionSet)
            }
        }
    }

    @Test(arguments: exact)
    func agreesWithTheReference(_ subject: Case) throws {
        let golden = try Golden.read(subject.golden)
        let expected = try golden.logits(of: subject.reference, folder: subject.folder)
        let model = try FixtureModel.load(subject.file, on: subject.instructionSet)
        var worst: Float = 0
        for (prompt, row) in zip(golden.prompts, expected) {
            let logits = try #require(try model.logits(of: prompt, wants: .last).first)
            worst = max(worst, Deviation(logits, row).largest)
        }
        print("\(subject.testDescription): largest difference \(worst)")
        #expect(worst <= subject.tolerance)
    }

    @Test(arguments: exact.filter { $0.reference == "llama.cpp" })
    func picksTheReferencesTokenAtEveryPosition(_ subject: Case) throws {
        let golden = try Golden.read(subject.golden)
        let model = try FixtureModel.load(subject.file, on: subject.instructionSet)
        for (index, prompt) in golden.prompts.enumerated() {
            let rows = try model.logits(of: prompt, wants: .all)
            #expect(rows.count == prompt.count)
            let best = rows.map(\.indexOfLargest)
            for position in prompt.indices where !golden.nearTies[index].contains(position) {
                #expect(
                    best[position] == Int(golden.bestTokens[index][position]),
                    "prompt \(index), position \(position)")
            }
        }
    }

    @Test(arguments: InstructionSet.available())
    func continuesAsTheReferenceUntilItIsANearTie(_ instructionSet: InstructionSet) throws {
        for name in ["llama-gqa", "llama3-tied", "mistral-headdim"] {
            let golden = try Golden.read("models/\(name).golden.json")
            let model = try FixtureModel.load("models/\(name)-f32.gguf", on: instructionSet)
            let continuations = try #require(golden.greedy)
            let gaps = try #require(golden.greedyGaps)
            for (index, expected) in continuations.enumerated() {
                let sure = gaps[index].firstIndex { $0 < 1e-3 } ?? expected.count
                let tokens = try model.greedy(golden.prompts[index], count: sure)
                #expect(tokens == Array(expected.prefix(sure)), "\(name), prompt \(index)")
            }
        }
    }
}
