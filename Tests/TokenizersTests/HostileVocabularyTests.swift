// Vocabularies that contradict themselves: each is refused with its code, none crashes.
//
// One row per defect; the same table would be read from a file, since the metadata reader only
// fills the definition that the rows change.

import TestSupport
import Testing
import Tokenizers

/// A right vocabulary with one thing broken, and the code that must come back.
struct Defect: Sendable, CustomTestStringConvertible {
    var name: String
    var code: TokenizerError.Code
    var apply: @Sendable (inout TokenizerDefinition) -> Void
    var testDescription: String { name }

    init(
        _ name: String, _ code: TokenizerError.Code,
        _ apply: @escaping @Sendable (inout TokenizerDefinition) -> Void
    ) {
        self.name = name
        self.code = code
        self.apply = apply
    }
}

@Suite struct HostileVocabularyTests {
    static let defects: [Defect] = [
        Defect("unknown model", .modelUnsupported) { $0.model = "wordpiece" },
        Defect("no tokens", .vocabularyEmpty) { $0.tokens = TextList() },
        Defect("too many tokens", .vocabularyTooLarge) {
            for _ in 0...TokenizerLimits.tokenCountMax { $0.tokens.append([]) }
        },
        Defect("one huge token", .tokenTooLong) {
            $0.replaceToken(5, with: [UInt8](repeating: 65, count: 4_097))
        },
        Defect("two equal tokens", .tokenDuplicate) { $0.addToken("</s>", type: .normal) },
        Defect("two equal byte tokens", .tokenDuplicate) { $0.addToken("<0x41>", type: .byte) },
        Defect("fewer types than tokens", .lengthMismatch) { $0.types?.removeLast() },
        Defect("more types than tokens", .lengthMismatch) { $0.types?.append(1) },
        Defect("no types at all", .lengthMismatch) { $0.types = [] },
        Defect("type 7", .tokenTypeInvalid) { $0.types?[4] = 7 },
        Defect("type -1", .tokenTypeInvalid) { $0.types?[4] = -1 },
        Defect("scores missing", .keyMissing) { $0.scores = nil },
        Defect("fewer scores than tokens", .lengthMismatch) { $0.scores?.removeLast() },
        Defect("more scores than tokens", .lengthMismatch) { $0.scores?.append(0) },
        Defect("score NaN", .scoreInvalid) { $0.scores?[300] = .nan },
        Defect("score infinite", .scoreInvalid) { $0.scores?[300] = .infinity },
        Defect("score minus infinite", .scoreInvalid) { $0.scores?[300] = -.infinity },
        Defect("begin id past the end", .specialTokenInvalid) { $0.specialTokens[.begin] = 301 },
        Defect("end id negative", .specialTokenInvalid) { $0.specialTokens[.end] = -1 },
        Defect("unknown id huge", .specialTokenInvalid) { $0.specialTokens[.unknown] = .max },
        Defect("turn id past the end", .specialTokenInvalid) {
            $0.specialTokens[.endOfTurn] = 1 << 32
        },
        Defect("message id past the end", .specialTokenInvalid) {
            $0.specialTokens[.endOfMessage] = 301
        },
        Defect("byte token with a bad text", .byteTokenInvalid) {
            $0.replaceToken(20, with: Array("<0xG0>".utf8))
        },
        Defect("byte token with a sign", .byteTokenInvalid) {
            $0.replaceToken(20, with: Array("<0x+1>".utf8))
        },
        Defect("byte token without a text", .byteTokenInvalid) { $0.replaceToken(20, with: []) },
        Defect("byte token missing and no unknown token", .byteTokenMissing) {
            $0.replaceToken(20, with: Array("other".utf8))
            $0.types?[20] = 1
            $0.specialTokens[.unknown] = nil
            $0.types?[0] = 1
        },
    ]

    private var right: TokenizerDefinition {
        .sentencePiece((0..<42).map { "piece\($0)" })
    }

    @Test func acceptsTheRightVocabulary() throws {
        #expect(try TokenizerFactory.make(from: right).vocabularySize == 301)
    }

    @Test(arguments: defects)
    func refuses(_ defect: Defect) {
        var definition = right
        defect.apply(&definition)
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerFactory.make(from: definition)
        }
        #expect(error?.code == defect.code, "\(String(describing: error))")
        #expect(error?.message.isEmpty == false)
    }

    @Test func namesTheSupportedModelsWhenRefusingAnother() {
        var definition = right
        definition.model = "wordpiece\u{1B}[31m"
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerFactory.make(from: definition)
        }
        #expect(
            error?.message.contains("allowed: llama, gpt2") == true, "\(String(describing: error))")
        #expect(error?.message.contains("\u{1B}") == false)
    }

    @Test func namesBothIdsOfADuplicate() {
        var definition = right
        definition.addToken("piece7", type: .normal)
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerFactory.make(from: definition)
        }
        #expect(error?.found == "tokens 266 and 301 with the same text \"piece7\"")
    }

    @Test func invalidUTF8InTokenTextsIsCarriedThrough() throws {
        var definition = right
        definition.replaceToken(300, with: [0xFF, 0xC3])
        let tokenizer = try TokenizerFactory.make(from: definition)
        #expect(tokenizer.piece(300) == [0xFF, 0xC3])
    }

    /// Random damage: any outcome but a crash; what is accepted also encodes and decodes.
    @Test func survivesRandomDamage() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("vocabulary damage"))
        for _ in 0..<300 {
            var definition = right
            for _ in 0...random.below(3) { Self.damage(&definition, &random) }
            guard let tokenizer = try? TokenizerFactory.make(from: definition) else { continue }
            let text = (0..<40).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let tokens = try tokenizer.encode(text, parseSpecial: true)
            #expect(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
            _ = tokenizer.decode(tokens)
        }
    }

    private static func damage(
        _ definition: inout TokenizerDefinition, _ random: inout SeededGenerator
    ) {
        let id = random.below(definition.tokens.count)
        switch random.below(6) {
        case 0:
            let size = random.below(12)
            definition.replaceToken(
                id, with: (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        case 1: definition.types?[id] = Int32(random.below(9) - 1)
        case 2:
            definition.scores?[id] = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        case 3: definition.replaceToken(id, with: Array(definition.tokens[random.below(id + 1)]))
        case 4: definition.specialTokens[.unknown] = random.below(600) - 100
        default: definition.addsSpacePrefix = random.below(2) == 0
        }
    }
}
