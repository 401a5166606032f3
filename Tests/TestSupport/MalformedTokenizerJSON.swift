// A tokenizer.json of six tokens to take apart, and the catalogue of broken ones.

import Testing

/// A byte-level file: a, b, c, ab, abc and the special token <x>. Each part is JSON text.
package struct SmallTokenizerJSON: Sendable {
    /// Entries of `added_tokens`.
    package var added = #"{"id":5,"content":"<x>","special":true}"#
    /// `normalizer`.
    package var normalizer = "null"
    /// `pre_tokenizer`.
    package var pre = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#
    /// `post_processor`.
    package var post = "null"
    /// The model's type.
    package var type = "\"BPE\""
    /// Members of `vocab`.
    package var vocab = #""a":0,"b":1,"c":2,"ab":3,"abc":4"#
    /// Elements of `merges`.
    package var merges = #""a b","ab c""#
    /// More members of the model, with a leading comma.
    package var more = ""
    /// More members of the document, with a leading comma.
    package var rest = ""

    /// The document.
    package var text: String {
        #"{"version":"1.0","added_tokens":[\#(added)],"normalizer":\#(normalizer),"#
            + #""pre_tokenizer":\#(pre),"post_processor":\#(post),"model":{"type":\#(type),"#
            + #""vocab":{\#(vocab)},"merges":[\#(merges)]\#(more)}\#(rest)}"#
    }

    /// The document's bytes.
    package var bytes: [UInt8] { Array(text.utf8) }

    /// The six tokens; what is given replaces a part.
    package init(
        added: String? = nil, vocab: String? = nil, merges: String? = nil, post: String? = nil
    ) {
        if let added { self.added = added }
        if let vocab { self.vocab = vocab }
        if let merges { self.merges = merges }
        if let post { self.post = post }
    }

    /// A SentencePiece-style file: the bytes, then a, b, ab and U+2581.
    package static let sentencePiece: SmallTokenizerJSON = {
        var json = SmallTokenizerJSON()
        let byteTokens = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "\"<0x" + (byte < 16 ? "0" : "") + digits + ">\":\(byte)"
        }
        json.added = ""
        json.pre = "null"
        json.normalizer =
            #"{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}"#
        json.vocab = (byteTokens + ["\"a\":256", "\"b\":257", "\"ab\":258", "\"▁\":259"])
            .joined(separator: ",")
        json.merges = "\"a b\""
        json.more = #","byte_fallback":true"#
        return json
    }()
}

/// A broken file, or one that asks for what is not implemented, and the refusal it must get.
package struct MalformedTokenizerJSON: Sendable, CustomTestStringConvertible {
    /// The defect in words; unique.
    package let name: String
    /// The code it must be refused with.
    package let code: String
    /// A text the message must contain.
    package let mention: String
    /// The document.
    package let bytes: [UInt8]
    /// The tokenizer_config.json beside it.
    package var configuration: [UInt8]?

    /// The defect, for test reports.
    package var testDescription: String { name }

    private init(
        _ name: String, _ code: String, _ mention: String = "", configuration: String? = nil,
        of original: SmallTokenizerJSON = SmallTokenizerJSON(),
        _ change: (inout SmallTokenizerJSON) -> Void = { _ in }
    ) {
        var json = original
        change(&json)
        self.init(name, code, mention, text: json.text)
        self.configuration = configuration.map { Array($0.utf8) }
    }

    private init(_ name: String, _ code: String, _ mention: String = "", text: String) {
        self.name = name
        self.code = code
        self.mention = mention
        bytes = Array(text.utf8)
    }

    /// Every entry.
    package static let all: [MalformedTokenizerJSON] =
        documents + models + vocabularies + steps + roles

    private static let documents: [MalformedTokenizerJSON] = [
        .init("an empty file", "tokenizer_json_invalid", "tokenizer.json", text: ""),
        .init("no JSON", "tokenizer_json_invalid", text: "vocabulary"),
        .init("an array", "tokenizer_json_invalid", "an array", text: "[]"),
        .init("an object cut short", "tokenizer_json_invalid", text: #"{"model":{"type":"BPE""#),
        .init(
            "nested too deeply", "tokenizer_json_invalid", "depth",
            text: String(repeating: #"{"a":"#, count: 1_000)),
        .init("a key twice", "tokenizer_json_invalid", "second time") {
            $0.more = #","type":"BPE""#
        },
        .init("a token twice", "tokenizer_json_invalid", "second time") { $0.vocab += #","a":9"# },
        .init(
            "a configuration that is no JSON", "tokenizer_json_invalid", "tokenizer_config.json",
            configuration: "{"),
    ]

    private static let models: [MalformedTokenizerJSON] = [
        .init("no model", "tokenizer_json_structure_invalid", "model", text: "{}"),
        .init(
            "a model that is a list", "tokenizer_json_structure_invalid", text: #"{"model":[]}"#),
        .init("no type", "tokenizer_feature_unsupported", "(none)") { $0.type = "null" },
        .init("Unigram", "tokenizer_feature_unsupported", "Unigram") { $0.type = "\"Unigram\"" },
        .init("WordPiece", "tokenizer_feature_unsupported", "WordPiece") {
            $0.type = "\"WordPiece\""
        },
        .init("a subword prefix", "tokenizer_feature_unsupported", "continuing_subword_prefix") {
            $0.more = #","continuing_subword_prefix":"@@""#
        },
        .init("a word suffix", "tokenizer_feature_unsupported", "end_of_word_suffix") {
            $0.more = #","end_of_word_suffix":"</w>""#
        },
        .init("dropout", "tokenizer_feature_unsupported", "dropout") {
            $0.more = #","dropout":0.1"#
        },
    ]

    private static let vocabularies: [MalformedTokenizerJSON] = [
        .init(
            "a vocabulary that is a list", "tokenizer_json_structure_invalid", "model.vocab",
            text: #"{"model":{"type":"BPE","vocab":[],"merges":[]}}"#),
        .init(
            "no merges", "tokenizer_json_structure_invalid", "model.merges",
            text: #"{"model":{"type":"BPE","vocab":{"a":0}}}"#),
        .init("no tokens", "vocabulary_empty") {
            $0.vocab = ""
            $0.added = ""
            $0.merges = ""
        },
        .init("an id that is a text", "token_id_invalid", "\"a\"") { $0.vocab = #""a":"0""# },
        .init("a negative id", "token_id_invalid", "-1") { $0.vocab += #","d":-1"# },
        .init("an id with a fraction", "token_id_invalid") { $0.vocab += #","d":6.5"# },
        .init("an id of two tokens", "token_id_invalid", "\"abc\"") { $0.vocab += #","d":4"# },
        .init("an id far behind the others", "token_id_invalid", "100000000") {
            $0.vocab += #","d":100000000"#
        },
        .init("an id beyond 63 bits", "token_id_invalid") {
            $0.vocab += #","d":9223372036854775808"#
        },
        .init("an added token without text", "tokenizer_json_structure_invalid", "added_tokens") {
            $0.added = #"{"id":5}"#
        },
        .init("an added token without id", "tokenizer_json_structure_invalid") {
            $0.added = #"{"content":"<x>"}"#
        },
        .init("an added token on a taken id", "token_id_invalid", "\"<x>\"") {
            $0.added = #"{"id":4,"content":"<x>"}"#
        },
        .init("an added token with two ids", "token_id_invalid") {
            $0.added = #"{"id":5,"content":"a"}"#
        },
        .init("a merge of one text", "merge_invalid", "rule 1") { $0.merges = #""a b","ab""# },
        .init("a merge of three texts", "merge_invalid") { $0.merges = #""a b c""# },
        .init("a merge with an empty part", "merge_invalid") { $0.merges = #""a ""# },
        .init("a merge that is a number", "merge_invalid") { $0.merges = "1" },
        .init("a merge that is a list of three", "merge_invalid") {
            $0.merges = #"["a","b","c"]"#
        },
        .init("a merge with a number in it", "merge_invalid") { $0.merges = #"["a",1,"b"]"# },
        .init("a merge that makes no token", "merge_invalid", of: .sentencePiece) {
            $0.merges = #""a b","b a""#
        },
    ]

    private static let steps: [MalformedTokenizerJSON] = [
        .init("a normalizer of BERT", "tokenizer_feature_unsupported", "BertNormalizer") {
            $0.normalizer = #"{"type":"Sequence","normalizers":[{"type":"BertNormalizer"}]}"#
        },
        .init("a sequence without a list", "tokenizer_json_structure_invalid", "normalizers") {
            $0.normalizer = #"{"type":"Sequence"}"#
        },
        .init("more steps than allowed", "tokenizer_feature_unsupported", "64") {
            let steps = [String](repeating: #"{"type":"NFC"}"#, count: 65)
            $0.normalizer =
                #"{"type":"Sequence","normalizers":[\#(steps.joined(separator: ","))]}"#
        },
        .init("a pattern of nothing", "tokenizer_feature_unsupported", "0 bytes") {
            $0.normalizer = #"{"type":"Replace","pattern":{"String":""},"content":"x"}"#
        },
        .init("scripts", "tokenizer_feature_unsupported", "UnicodeScripts") {
            $0.pre = #"{"type":"UnicodeScripts"}"#
        },
        .init("another behaviour", "tokenizer_feature_unsupported", "MergedWithBoth") {
            $0.pre = #"{"type":"Split","pattern":{"String":"a"},"behavior":"MergedWithBoth"}"#
        },
        .init("another scheme", "tokenizer_feature_unsupported", "prepend_scheme") {
            $0.pre = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}"#
        },
        .init("the first piece behind a normalizer", "tokenizer_feature_unsupported", "first") {
            $0.pre = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}"#
            $0.normalizer = #"{"type":"NFC"}"#
        },
        .init("a replacement of two characters", "tokenizer_feature_unsupported", "one character") {
            $0.pre = #"{"type":"Metaspace","replacement":"ab"}"#
        },
        .init("pieces of no length", "tokenizer_feature_unsupported", "length") {
            $0.pre = #"{"type":"FixedLength","length":0}"#
        },
        .init("a flag that is a text", "tokenizer_json_structure_invalid", "pre_tokenizer") {
            $0.pre = #"{"type":"ByteLevel","add_prefix_space":"no"}"#
        },
        .init("a token of which nothing is left", "tokenizer_feature_unsupported", "leaves nothing")
        {
            $0.normalizer = #"{"type":"Strip","strip_left":true,"strip_right":true}"#
            $0.added = #"{"id":5,"content":" ","normalized":true}"#
        },
        .init("two tokens that become one", "tokenizer_feature_unsupported", "tokens 5 and 6") {
            $0.normalizer = #"{"type":"Lowercase"}"#
            $0.added =
                #"{"id":5,"content":"xx","normalized":true},"#
                + #"{"id":6,"content":"XX","normalized":true}"#
        },
        .init("a decoder of speech", "tokenizer_feature_unsupported", "CTC") {
            $0.rest = #","decoder":{"type":"CTC"}"#
        },
        .init("a decoder that cuts the end", "tokenizer_feature_unsupported", "Strip") {
            $0.rest =
                #","decoder":{"type":"Sequence","decoders":[{"type":"Fuse"},"#
                + #"{"type":"Strip","content":" ","start":0,"stop":1}]}"#
        },
        .init("padding to a length", "tokenizer_feature_unsupported", "padding") {
            $0.rest = #","padding":{"strategy":{"Fixed":8}}"#
        },
        .init("truncation without a length", "tokenizer_json_structure_invalid", "truncation") {
            $0.rest = #","truncation":{}"#
        },
        .init("a normalizer without type", "tokenizer_json_structure_invalid") {
            $0.normalizer = "{}"
        },
        .init("an unknown pattern", "pre_tokenizer_unsupported", "[abc]+") {
            $0.pre =
                #"{"type":"Sequence","pretokenizers":[{"type":"Split","#
                + #""pattern":{"Regex":"[abc]+"},"behavior":"Isolated","invert":false},"#
                + #"{"type":"ByteLevel","use_regex":false}]}"#
        },
    ]

    private static let roles: [MalformedTokenizerJSON] = [
        .init("an unknown post-processor", "tokenizer_feature_unsupported", "Wrapping") {
            $0.post = #"{"type":"Wrapping"}"#
        },
        .init("a processor without tokens", "tokenizer_json_structure_invalid") {
            $0.post = #"{"type":"RobertaProcessing"}"#
        },
        .init("a template without the text", "tokenizer_feature_unsupported", "0 times") {
            $0.post = #"{"type":"TemplateProcessing","single":[],"special_tokens":{}}"#
        },
        .init("a template that names no id", "tokenizer_json_structure_invalid") {
            $0.post =
                #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>"}}],"#
                + #""special_tokens":{}}"#
        },
        .init("two steps that add tokens", "tokenizer_feature_unsupported", "a second step") {
            let step = #"{"type":"BertProcessing","cls":["a",0],"sep":["b",1]}"#
            $0.post = #"{"type":"Sequence","processors":[\#(step),\#(step)]}"#
        },
        .init("a template of an id beyond", "special_token_out_of_range", "id 99") {
            $0.post = #"{"type":"BertProcessing","cls":["a",99],"sep":["a",0]}"#
        },
        .init("an unknown token that does not exist", "special_token_out_of_range", "\"<u>\"") {
            $0.more = #","unk_token":"<u>""#
        },
        .init("an added token behind a gap", "token_id_invalid", "5") {
            $0.added = #"{"id":9,"content":"<x>"}"#
        },
        .init(
            "a begin token that does not exist", "special_token_out_of_range", "\"<s>\"",
            configuration: #"{"bos_token":"<s>"}"#),
    ]
}
