// A model with a seal beside it: accepted when it is what it was, refused by name when it is not.

import Compute
import Foundation
import Loading
import TestSupport
import Testing

@Suite struct SealTests {
    let directory: TemporaryDirectory
    let path: String
    let bytes = GGUFBuilder.tinyLlama().build()

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(bytes, as: "tiny.gguf")
    }

    private func load(_ path: String? = nil) throws -> LoadOutcome {
        try ModelLoader.test().run(path: path ?? self.path)
    }

    private func model() throws -> RealModel {
        let loader = try ModelLoader.test { $0.ignoresSeal = true }
        return try loader.load(path: path).ensureReal()
    }

    private func write(_ seal: Seal) throws {
        try directory.write(seal.text.utf8, as: "tiny.gguf.seal")
    }

    /// The refusal of a load; nil when it was accepted.
    private func refusal() throws -> String? {
        let outcome = try load()
        #expect(outcome.rejection.map { $0.layer == .validation } ?? true, "\(outcome.report)")
        return outcome.rejection?.code.name
    }

    @Test func aModelWithoutASealIsAcceptedAndTheReportSaysSo() throws {
        let report = try load().report
        #expect(report.accepted && report.seal == .absent)
        #expect(report.table.contains("seal           none"))
        #expect(report.json.contains(#""seal":{"state":"absent"}"#))
    }

    @Test func aSealedModelIsAcceptedWithDifferenceZeroAndItsFingerprint() throws {
        let model = try model()
        let written = try model.writeSeal()
        #expect(written == path + ".seal")
        let report = try load().report
        #expect(report.seal == .matched(largestDifference: 0), "\(report)")
        let digest = try #require(report.fingerprint)
        #expect(try model.makeSeal(prompt: nil).fingerprint == digest)
        #expect(report.table.contains("matched (largest difference 0.0)"))
        #expect(report.json.contains(#""seal":{"state":"matched","largest_difference":0.0}"#))
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: [
            "stories/stories260K-f32.gguf", "stories/stories260K-q8_0.gguf",
            "models/llama-gqa-f32.gguf",
        ])
    func aReferenceModelMatchesItsOwnSeal(_ name: String) throws {
        let copy = try directory.write(
            Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name))), as: "copy.gguf")
        let written = try load(copy).model?.ensureReal().writeSeal(prompt: "Once upon a time")
        #expect(written == copy + ".seal")
        #expect(try load(copy).report.seal == .matched(largestDifference: 0))
    }

    /// The same bits always: a seal made with one instruction set holds with every other.
    @Test(arguments: WeightEncoding.allCases)
    func aSealHoldsOnEveryInstructionSet(_ encoding: WeightEncoding) throws {
        let bytes = GGUFBuilder.tinyLlama(seed: 9, encoding: encoding).build()
        let path = try directory.write(bytes, as: "\(encoding).gguf")
        var isSealed = false
        for set in InstructionSet.available() {
            let placing = ModelPlacing(
                backend: try CPUBackend(threads: 1, instructionSet: set))
            let outcome = try ModelLoader(placing: placing).run(path: path)
            #expect(outcome.report.seal == (isSealed ? .matched(largestDifference: 0) : .absent))
            if !isSealed { _ = try outcome.model?.ensureReal().writeSeal() }
            isSealed = true
        }
    }

    @Test func aSealSurvivesItsText() throws {
        let model = try model()
        let seals = [
            try model.makeSeal(prompt: nil),
            try model.makeSeal(prompt: "the \"and\" \\ \n\t\u{1} 日本 \u{1F600}"),
            Seal(
                fingerprint: try model.makeSeal(prompt: nil).fingerprint, prompt: nil,
                tokens: [0, .max],
                top: [
                    .init(token: 3, logit: .greatestFiniteMagnitude), .init(token: 1, logit: 0.1),
                    .init(token: 2, logit: .leastNonzeroMagnitude), .init(token: 0, logit: -0.0),
                    .init(token: 9, logit: -1e-30),
                ], tolerance: 10, createdBy: "x"),
        ]
        for seal in seals {
            let read = try Seal(Array(seal.text.utf8), path: "/s")
            #expect(read == seal && read.text == seal.text)
            #expect(read.top.map(\.logit.bitPattern) == seal.top.map(\.logit.bitPattern))
        }
    }

    // MARK: Drift

    @Test func oneFlippedBitOfAWeightIsAnotherFile() throws {
        _ = try model().writeSeal()
        var changed = bytes
        // The lowest bit of a weight: finite, and no other check can see it.
        changed[changed.count - 4] ^= 1
        try directory.write(changed, as: "tiny.gguf")
        #expect(try refusal() == "seal_fingerprint_mismatch")
        // The seal is what refuses it.
        #expect(try model().facts.architecture == "llama")
    }

    @Test func theSameBytesCopiedOverTheFileAreTheSameModel() throws {
        _ = try model().writeSeal()
        try directory.write(bytes, as: "tiny.gguf")
        #expect(try refusal() == nil)
    }

    @Test func otherLogitsUnderTheSameFingerprintAreRefused() throws {
        let seal = try model().makeSeal(prompt: nil)
        let moved = seal.top.map { Seal.TopLogit(token: $0.token, logit: $0.logit + 0.002) }
        try write(seal.with(top: moved))
        #expect(try refusal() == "seal_logits_differ")
        try write(seal.with(top: moved, tolerance: 0.01))
        let report = try load().report
        guard case .matched(let difference) = report.seal else {
            Issue.record("\(report)")
            return
        }
        #expect((0.0015...0.0025).contains(difference))
    }

    @Test func otherTokensInFrontAreRefused() throws {
        let seal = try model().makeSeal(prompt: nil)
        var top = seal.top
        // The best token is missing from the seal: every sealed logit is found, the order is not.
        top.removeFirst()
        try write(seal.with(top: top))
        #expect(try refusal() == "seal_logits_differ")
    }

    @Test func neighboursWithinTheToleranceMayChangePlaces() throws {
        let seal = try model().makeSeal(prompt: nil)
        let gaps = zip(seal.top, seal.top.dropFirst()).map { Double($0.logit - $1.logit) }
        let rank = try #require(gaps.indices.min { gaps[$0] < gaps[$1] })
        var top = seal.top
        let middle = (top[rank].logit + top[rank + 1].logit) / 2
        top[rank] = .init(token: seal.top[rank + 1].token, logit: middle)
        top[rank + 1] = .init(token: seal.top[rank].token, logit: middle)
        try write(seal.with(top: top, tolerance: gaps[rank]))
        #expect(try refusal() == nil)
        try write(seal.with(top: top, tolerance: gaps[rank] / 4))
        #expect(try refusal() == "seal_logits_differ")
    }

    @Test func anotherTokenizationIsRefused() throws {
        let seal = try model().makeSeal(prompt: "the and")
        try write(seal.with(tokens: seal.tokens + [5]))
        #expect(try refusal() == "seal_tokens_differ")
        try write(seal.with(prompt: "the  and"))
        #expect(try refusal() == "seal_tokens_differ")
        let rejection = try #require(try load().rejection)
        #expect(rejection.allowed.hasSuffix(seal.tokens.map(String.init).joined(separator: " ")))
    }

    @Test func aSealOfTokensAloneNeedsNoText() throws {
        let model = try model()
        let text = try model.makeSeal(prompt: "the and")
        try write(text.with(prompt: .some(nil)))
        #expect(try load().report.seal == .matched(largestDifference: 0))
    }

    @Test func tokensTheModelDoesNotHaveMakeASealInvalid() throws {
        let seal = try model().makeSeal(prompt: nil)
        try write(seal.with(prompt: .some(nil), tokens: [100_000]))
        #expect(try refusal() == "seal_invalid")
        try write(seal.with(top: [.init(token: .max, logit: 1)]))
        #expect(try refusal() == "seal_invalid")
    }

    @Test func anOverrideThatChangesTheAnswersIsDrift() throws {
        _ = try model().writeSeal()
        let loader = try ModelLoader.test { $0.overrides = ["rope.freq_base": "500"] }
        #expect(loader.run(path: path).rejection?.code.name == "seal_logits_differ")
    }

    @Test func withoutValidationASealIsNotReadAndTheReportSaysWhatWasSkipped() throws {
        try directory.write("no seal".utf8, as: "tiny.gguf.seal")
        let report = try ModelLoader.test { $0.requireValidation = false }.run(path: path).report
        #expect(report.accepted && report.seal == nil)
        #expect(report.degradations == ["validation_skipped"])
        #expect(report.json.contains(#""seal":null"#))
    }

    @Test func everyRefusalOfASealSaysWhatToDo() throws {
        let seal = try model().makeSeal(prompt: nil)
        try write(seal.with(tokens: [1]))
        #expect(try load().rejection?.advice.contains("tokenizer") == true)
        try directory.write("{".utf8, as: "tiny.gguf.seal")
        #expect(try load().rejection?.advice.contains("--seal --force") == true)
    }
}

extension Seal {
    /// A copy with some parts replaced.
    func with(
        prompt: String?? = .none, tokens: [Int32]? = nil, top: [TopLogit]? = nil,
        tolerance: Double? = nil
    ) -> Seal {
        Seal(
            fingerprint: fingerprint, prompt: prompt ?? self.prompt, tokens: tokens ?? self.tokens,
            top: top ?? self.top, tolerance: tolerance ?? self.tolerance)
    }
}
