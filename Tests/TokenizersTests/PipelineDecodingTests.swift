// Ids back to text with a tokenizer.json, where the texts of added tokens differ once normalised.

import TestSupport
import Testing
import Tokenizers

@Suite struct PipelineDecodingTests {
    /// `--` becomes `xx`, which is the text of a special token. `-a` becomes `xa`, which is not.
    private static func tokenizer() throws -> any Tokenizer {
        var json = SmallTokenizerJSON(
            added: #"{"id":5,"content":"xx","special":true,"normalized":false},"#
                + #"{"id":6,"content":"--","special":false,"normalized":true},"#
                + #"{"id":7,"content":"-a","special":false,"normalized":true}"#)
        json.pre = "null"
        json.normalizer = #"{"type":"Replace","pattern":{"String":"-"},"content":"x"}"#
        json.rest = #","decoder":{"type":"Fuse"}"#
        return try TokenizerFactory.make(from: json.definition())
    }

    @Test func aTokenWrittenLikeASpecialOneIsLeftOutWithIt() throws {
        let tokenizer = try Self.tokenizer()
        let ids = try tokenizer.encode("a--b-a")
        #expect(ids == [0, 6, 1, 7])
        #expect(tokenizer.decode(ids) == Array("abxa".utf8))
        #expect(tokenizer.decode(ids, special: true) == Array("axxbxa".utf8))
    }

    @Test func aStreamLeavesTheSameTokensOut() throws {
        let tokenizer = try Self.tokenizer()
        var plain = StreamingDecoder(tokenizer)
        var special = StreamingDecoder(tokenizer, special: true)
        #expect([0, 6, 1, 7].flatMap { plain.append($0) } == Array("abxa".utf8))
        #expect([0, 6, 1, 7].flatMap { special.append($0) } == Array("axxbxa".utf8))
    }
}
