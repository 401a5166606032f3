// The one interface between text and token ids.
//
// Guarantees: a tokenizer is an immutable value built from checked metadata, usable from any
// thread. Encoding takes time linear (at worst n log n) in the text, for every text. No input
// crashes a tokenizer.
// Does not: apply chat templates or clean up spacing in decoded text.

/// Translates between bytes of text and token ids of one model's vocabulary.
public protocol Tokenizer: Sendable {
    /// Number of tokens. Valid ids are `0 ..< vocabularySize`.
    var vocabularySize: Int { get }
    /// The token that opens a sequence, if the vocabulary names one.
    var beginToken: Int32? { get }
    /// The token that closes a sequence, if the vocabulary names one.
    var endToken: Int32? { get }
    /// True when `encode(addSpecial: true)` puts `beginToken` in front.
    var addsBeginToken: Bool { get }
    /// True when `encode(addSpecial: true)` puts `endToken` behind.
    var addsEndToken: Bool { get }
    /// The ids that `encode(addSpecial: true)` puts behind.
    var suffixTokens: [Int32] { get }
    /// What every answer that tokenizes must say, such as a pre-tokenizer that was guessed. A code
    /// and a sentence each.
    var degradations: [String] { get }
    /// One line for people: the kind of tokenizer and its pre-tokenizer, such as `gpt2 (qwen2)`.
    var summary: String { get }

    /// Turns text into token ids. Any thread. Allocates in proportion to the text.
    ///
    /// - Parameters:
    ///   - text: bytes, normally UTF-8. Invalid sequences are encoded byte by byte, never refused.
    ///   - addSpecial: add the begin and end tokens that the vocabulary asks for.
    ///   - parseSpecial: recognise the written form of control tokens such as `</s>`. When false
    ///     the written form is plain text, so that a caller's text cannot forge control tokens.
    ///   - watch: ends the encoding early, or nil.
    /// - Throws: `textTooLong` above `TokenizerLimits.textSizeMax` bytes, and what the watch says.
    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32]

    /// Turns a rendered conversation into token ids. The begin token is added where the vocabulary
    /// asks for a begin token and the template wrote none in front. Control tokens are recognised
    /// in the template's words and never in the caller's words. Where the caller's words hold no
    /// control token, the ids are those of encoding the whole text with special tokens recognised.
    /// No end token is added, because the model's turn follows.
    ///
    /// - Throws: `textTooLong` above `TokenizerLimits.textSizeMax` bytes, and what the watch says.
    func encode(_ prompt: ChatPrompt, watch: EncodingWatch?) throws(TokenizerError) -> [Int32]

    /// Least number of ids for a text of `size` bytes, or 0 when the vocabulary gives no bound.
    func leastTokenCount(ofSize size: Int) -> Int

    /// Appends the bytes of one token to `bytes`, or nothing for an id outside the vocabulary.
    ///
    /// Control and unknown tokens are written out only when `special` is true. A single token may
    /// be a part of a character, so join pieces first, or use `StreamingDecoder`.
    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8])

    /// Turns ids back into bytes: the inverse of `encode` for valid UTF-8 without special tokens.
    ///
    /// The space that `encode` puts in front of a text is taken off again (from the first token of
    /// the list only). Ids outside the vocabulary produce nothing. The result ends with the token
    /// that makes it larger than `sizeMax` bytes.
    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8]

    /// True for the tokens after which generation stops: end of text, of turn, of message.
    func isEndOfGeneration(_ token: Int32) -> Bool

    /// Tokens that are never chosen, whatever their logits.
    var suppressedTokens: [Int32] { get }

    /// True for tokens that carry structure instead of text: begin, end, roles of a conversation.
    func isControl(_ token: Int32) -> Bool
}

/// Bounds of Tokenizers, each with its unit and its reason.
public enum TokenizerLimits {
    /// Bytes of one text. The bound is above every frame limit. The bound keeps positions in 32
    /// bits after escaping, and the memory of an encoding (at worst about 60 bytes per byte of
    /// text) under 1 GB.
    public static let textSizeMax = 16 << 20
    /// Tokens in a vocabulary. The largest published vocabularies have about 300,000.
    public static let tokenCountMax = 4 << 20
    /// Bytes of one token. Published tokens stay below 1,000. The bound limits the work per merge.
    public static let tokenSizeMax = 4_096
    /// Padding tokens added where an embedding has more rows than there are tokens. Published
    /// models need up to a few thousand.
    public static let paddingCountMax = 65_536
    /// Bytes of all token texts together.
    public static let vocabularySizeMax = 64 << 20
    /// Merge rules of a byte-level vocabulary. The largest published vocabularies have about
    /// 450,000.
    public static let mergeCountMax = 8 << 20
}

extension Tokenizer {
    /// Encodes as plain text, for vocabularies without control tokens.
    public func encode(
        _ prompt: ChatPrompt, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        var tokens = try encode(
            prompt.text.span, addSpecial: true, parseSpecial: false, watch: watch)
        tokens.removeLast(suffixTokens.count)
        return tokens
    }

    /// None.
    public var suppressedTokens: [Int32] { [] }

    /// No bound.
    public func leastTokenCount(ofSize size: Int) -> Int { 0 }

    /// Encodes a rendered conversation to the end.
    public func encode(_ prompt: ChatPrompt) throws(TokenizerError) -> [Int32] {
        try encode(prompt, watch: nil)
    }

    /// Encodes the UTF-8 of a string, like the requirement.
    public func encode(
        _ text: String, addSpecial: Bool = true, parseSpecial: Bool = false,
        watch: EncodingWatch? = nil
    ) throws(TokenizerError) -> [Int32] {
        try encode(
            Array(text.utf8), addSpecial: addSpecial, parseSpecial: parseSpecial, watch: watch)
    }

    /// Encodes an array of bytes, like the requirement.
    public func encode(
        _ text: [UInt8], addSpecial: Bool = true, parseSpecial: Bool = false,
        watch: EncodingWatch? = nil
    ) throws(TokenizerError) -> [Int32] {
        try encode(text.span, addSpecial: addSpecial, parseSpecial: parseSpecial, watch: watch)
    }

    /// The bytes of one token, special tokens written out. Empty for an id outside the vocabulary.
    public func piece(_ token: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        appendPiece(token, special: true, to: &bytes)
        return bytes
    }

    /// Decodes with special tokens left out.
    public func decode(_ tokens: [Int32]) -> [UInt8] {
        decode(tokens, special: false)
    }

    /// Decodes to the end.
    public func decode(_ tokens: [Int32], special: Bool) -> [UInt8] {
        decode(tokens, special: special, sizeMax: .max)
    }
}
