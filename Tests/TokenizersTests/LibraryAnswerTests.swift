// The parts that a tokenizer.json may ask for, each with the ids that the tokenizers library gives.
// `make fuzz-tokenizers` compares many more with the library itself.

import Testing
import Tokenizers

/// A file, a text, and the library's ids.
struct LibraryAnswer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let ids: [Int32]
    let parseSpecial: Bool
    let addSpecial: Bool
    let document: String

    /// - Parameters:
    ///   - model: more members of the model, with a comma in front.
    ///   - hasPairBC: the vocabulary has `bc`, too.
    ///   - added: elements of `added_tokens`.
    ///   - parts: more members of the document, with a comma in front.
    init(
        _ name: String, _ text: String, _ ids: [Int32], parseSpecial: Bool = true,
        addSpecial: Bool = false, model: String = "", hasPairBC: Bool = false,
        isTyped: Bool = true, added: String = "", parts: String = ""
    ) {
        testDescription = name
        self.text = text
        self.ids = ids
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        let tokens = Self.tokens + (hasPairBC ? ["bc"] : [])
        let vocab = tokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let merges = model.contains("\"merges\"") ? "" : Self.merges
        document =
            #"{"added_tokens":[\#(added)]\#(parts),"model":{"#
            + (isTyped ? #""type":"BPE","# : "") + #""vocab":{\#(vocab)}\#(merges)\#(model)}}"#
    }

    private static let tokens = [
        "a", "b", "c", "ab", "abc", "▁", "▁a", "x", "1", "2", "12", " ", "Ġ", "Ġa", "e", "\u{E9}",
        "e\u{301}", "\u{301}", "A", "<unk>", ".", "ﬁ", "f", "i", "fi", "<0xC3>", "<0xA9>", "n", "Ċ",
        "-",
    ]
    private static let merges =
        #","merges":[["a","b"],["ab","c"],["▁","a"],["1","2"],["Ġ","a"],["f","i"],["#
        + "\"e\",\"\u{301}\"]]"
}

@Suite struct LibraryAnswerTests {
    @Test(arguments: LibraryAnswer.all)
    func givesTheLibrarysIDs(_ answer: LibraryAnswer) throws {
        let tokenizer = try TokenizerFactory.make(
            from: TokenizerDefinition(tokenizerJSON: Array(answer.document.utf8)))
        let ids = try tokenizer.encode(
            answer.text, addSpecial: answer.addSpecial, parseSpecial: answer.parseSpecial)
        #expect(ids == answer.ids)
    }

    @Test func everyRowHasAName() {
        #expect(Set(LibraryAnswer.all.map(\.testDescription)).count == LibraryAnswer.all.count)
        #expect(LibraryAnswer.all.count >= 50)
    }
}
