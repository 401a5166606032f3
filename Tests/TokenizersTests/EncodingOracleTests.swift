// The fast encoder against the definition, on random small vocabularies and texts.
//
// The definition here is the slow way of saying it: look at all neighbouring pairs, merge the one
// whose concatenation has the highest score (leftmost among equals), repeat. Special tokens: for
// each token from the longest to the shortest, split every remaining piece of text at each
// occurrence.

import TestSupport
import Testing
import Tokenizers

@Suite struct EncodingOracleTests {
    static let letters = ["a", "b", "c", "é"]

    @Test func mergesLikeTheDefinition() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("merge oracle"))
        for _ in 0..<400 {
            let pieces = Self.randomPieces(&random, count: 12, sizeMax: 4)
            var definition = TokenizerDefinition.sentencePiece(pieces)
            definition.addsSpacePrefix = false
            // Few different scores, so that ties decide often.
            let scores = pieces.map { _ in Float(random.below(4)) }
            definition.scores = [Float](repeating: 0, count: 259) + scores
            let tokenizer = try TokenizerFactory.make(from: definition)
            let table = Dictionary(uniqueKeysWithValues: zip(pieces, scores))
            for _ in 0..<10 {
                let text = Self.randomWord(&random, sizeMax: 24)
                let expected = Self.merge(text, table).flatMap { symbol -> [Int32] in
                    if let index = pieces.firstIndex(of: symbol) { return [Int32(259 + index)] }
                    return symbol.utf8.map { 3 + Int32($0) }
                }
                #expect(
                    try tokenizer.encode(text, addSpecial: false) == expected,
                    "\(text) with \(table)")
            }
        }
    }

    @Test func matchesSpecialTokensLikeTheDefinition() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("special oracle"))
        for _ in 0..<400 {
            var definition = TokenizerDefinition.sentencePiece([])
            definition.addsSpacePrefix = false
            // One token per length: with two of equal length the reference order is unspecified.
            var tokens: [String] = []
            for size in 1...5 where random.below(3) > 0 {
                tokens.append((0..<size).map { _ in ["x", "y"][random.below(2)] }.joined())
            }
            for token in tokens { definition.addToken(token, type: .userDefined) }
            let tokenizer = try TokenizerFactory.make(from: definition)
            for _ in 0..<10 {
                let size = random.below(40)
                let text = (0..<size).map { _ in ["x", "y", "y", "z"][random.below(4)] }.joined()
                let expected = Self.split(text, tokens.reversed()).flatMap { part -> [Int32] in
                    part.isToken
                        ? [Int32(259 + (tokens.firstIndex(of: part.text) ?? -1))]
                        : part.text.utf8.map { 3 + Int32($0) }
                }
                #expect(
                    try tokenizer.encode(text, addSpecial: false) == expected,
                    "\(text) with \(tokens)")
            }
        }
    }

    // MARK: The definitions

    private static func merge(_ text: String, _ scores: [String: Float]) -> [String] {
        var symbols = text.map(String.init)
        while true {
            var best: (index: Int, score: Float)?
            for index in symbols.indices.dropLast() {
                guard let score = scores[symbols[index] + symbols[index + 1]] else { continue }
                if best.map({ score > $0.score }) ?? true { best = (index, score) }
            }
            guard let best else { return symbols }
            symbols[best.index] += symbols.remove(at: best.index + 1)
        }
    }

    private static func split(_ text: String, _ tokens: [String]) -> [(text: String, isToken: Bool)]
    {
        var parts = [(text: text, isToken: false)]
        for token in tokens {
            parts = parts.flatMap { part -> [(text: String, isToken: Bool)] in
                if part.isToken { return [part] }
                var rest = part.text[...]
                var pieces: [(text: String, isToken: Bool)] = []
                var plain = ""
                while let first = rest.first {
                    if rest.hasPrefix(token) {
                        if !plain.isEmpty { pieces.append((plain, false)) }
                        plain = ""
                        pieces.append((token, true))
                        rest = rest.dropFirst(token.count)
                    } else {
                        plain.append(first)
                        rest = rest.dropFirst()
                    }
                }
                if !plain.isEmpty { pieces.append((plain, false)) }
                return pieces
            }
        }
        return parts
    }

    private static func randomWord(_ random: inout SeededGenerator, sizeMax: Int) -> String {
        (0...random.below(sizeMax)).map { _ in letters[random.below(letters.count)] }.joined()
    }

    private static func randomPieces(_ random: inout SeededGenerator, count: Int, sizeMax: Int)
        -> [String]
    {
        var pieces = Set<String>()
        while pieces.count < count { pieces.insert(randomWord(&random, sizeMax: sizeMax)) }
        return pieces.sorted()
    }
}
