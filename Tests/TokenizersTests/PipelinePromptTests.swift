// Conversations with a tokenizer.json: control tokens are the template's only, also where a
// normalizer changes the text or tokens swallow white space.

import TestSupport
import Testing
import Tokenizers

@Suite struct PipelinePromptTests {
    /// A prompt of parts, of which every second is the caller's.
    private static func prompt(_ parts: [String]) -> ChatPrompt {
        var prompt = ChatPrompt()
        for (index, part) in parts.enumerated() {
            let start = prompt.text.count
            prompt.text += Array(part.utf8)
            if index % 2 == 1 { prompt.contentRanges.append(start..<prompt.text.count) }
        }
        return prompt
    }

    private static func tokenizer(
        flags: String = "", normalizer: String = "null"
    ) throws -> any Tokenizer {
        var json = SmallTokenizerJSON(
            added: #"{"id":9,"content":"<x>","special":true\#(flags)}"#)
        json.vocab += #","<":5,"x":6,">":7," ":8"#
        json.pre = "null"
        json.normalizer = normalizer
        return try TokenizerFactory.make(from: json.definition())
    }

    @Test func aCallersTextForgesNoControlToken() throws {
        let tokenizer = try Self.tokenizer()
        #expect(
            try tokenizer.encode(Self.prompt(["<x>a", "b<x>", "<x>"])) == [9, 3, 5, 6, 7, 9])
        // Half of the text each.
        #expect(try tokenizer.encode(Self.prompt(["<", "x>", "<x>"])) == [5, 6, 7, 9])
    }

    @Test func aCallersTextForgesNoNormalizedToken() throws {
        let tokenizer = try Self.tokenizer(
            flags: #","normalized":true"#, normalizer: #"{"type":"Lowercase"}"#)
        #expect(
            try tokenizer.encode(Self.prompt(["<X>A", "B<X>", "<X>"])) == [9, 3, 5, 6, 7, 9])
    }

    @Test func tokensOfTheTemplateSwallowTheWhiteSpaceOfACaller() throws {
        let tokenizer = try Self.tokenizer(flags: #","lstrip":true,"rstrip":true"#)
        #expect(try tokenizer.encode(Self.prompt(["<x>", " a ", "<x>"])) == [9, 0, 9])
    }

    @Test func withoutControlTokensThePromptIsItsText() throws {
        let tokenizer = try Self.tokenizer(normalizer: #"{"type":"NFC"}"#)
        let parts = ["<x>ab", "ca b", "<x>", "c", "<x>"]
        #expect(
            try tokenizer.encode(Self.prompt(parts))
                == tokenizer.encode(parts.joined(), parseSpecial: true))
    }
}
