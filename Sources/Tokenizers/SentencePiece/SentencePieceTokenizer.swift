// SentencePiece-style tokenizer: `tokenizer.ggml.model` = `llama`.
//
// Guarantees: the ids of llama.cpp. Spaces become U+2581. A space is put before the text and before
// each piece of text behind a special token. Pieces merge by highest score, leftmost first among
// equals. Text without a token becomes byte tokens `<0xNN>`, so every input is encodable, valid
// UTF-8 or not.
// Does not: produce control, unknown or byte tokens by merging, as in SentencePiece. Plain text
// cannot forge them.

struct SentencePieceTokenizer: VocabularyTokenizer {
    let vocabulary: Vocabulary
    private let merger: SentencePieceMerger
    /// Byte value -> token for the byte.
    private let byteTokens: [Int32]
    /// Token -> byte value for tokens of type byte.
    private let byteValues: [Int32: UInt8]
    private let addsSpacePrefix: Bool
    let addsBeginToken: Bool
    let addsEndToken: Bool
    let encodesEveryByte = true

    var summary: String { "llama (SentencePiece style)" }

    /// Checks the definition and builds the lookup tables.
    init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        // SentencePiece itself gives these ids to the roles.
        vocabulary = try Vocabulary(definition, defaults: [.begin: 1, .end: 2])
        let scores = try Vocabulary.scores(definition.scores, count: vocabulary.count)
        merger = SentencePieceMerger(vocabulary, scores: scores)
        byteValues = try Self.byteValues(vocabulary)
        byteTokens = try Self.byteTokens(vocabulary)
        addsSpacePrefix = definition.addsSpacePrefix ?? true
        addsBeginToken = (definition.addsBeginToken ?? true) && vocabulary.begin != nil
        addsEndToken = (definition.addsEndToken ?? false) && vocabulary.end != nil
    }

    func encode(
        _ text: Span<UInt8>, around matches: [SpecialMatch], _ watch: EncodingWatch?,
        into tokens: inout [Int32]
    ) {
        var scratch = SentencePieceMerger.Scratch(watch)
        var offset = 0
        for match in matches {
            if offset < match.range.lowerBound {
                encodePlain(text, offset..<match.range.lowerBound, &scratch, into: &tokens)
            }
            tokens.append(match.token)
            offset = match.range.upperBound
        }
        if offset < text.count {
            encodePlain(text, offset..<text.count, &scratch, into: &tokens)
        }
    }

    /// Encodes text between special tokens. The text is never empty, so each call starts with the
    /// space prefix, if the vocabulary has one.
    private func encodePlain(
        _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout SentencePieceMerger.Scratch,
        into tokens: inout [Int32]
    ) {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(range.count + range.count / 2 + 3)
        if addsSpacePrefix { escaped.append(contentsOf: Self.space) }
        for position in range {
            let byte = text[position]
            if byte == 0x20 {
                escaped.append(contentsOf: Self.space)
            } else {
                escaped.append(byte)
            }
        }
        merger.merge(escaped, &scratch) { token, bytes in
            if let token {
                tokens.append(token)
            } else {
                for byte in bytes { tokens.append(byteTokens[Int(byte)]) }
            }
        }
    }

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {
        guard vocabulary.contains(token) else { return }
        let text = vocabulary.texts[Int(token)]
        switch vocabulary.types[Int(token)] {
        case .control, .unknown:
            if special { bytes.append(contentsOf: text) }
        case .userDefined:
            bytes.append(contentsOf: text)
        case .normal:
            Self.appendUnescaped(text, to: &bytes)
        case .byte:
            if let value = byteValues[token] { bytes.append(value) }
        case .unused, .undefined:
            break
        }
    }

    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        guard let first = tokens.first else { return bytes }
        appendPiece(first, special: special, to: &bytes)
        if addsSpacePrefix, bytes.first == 0x20 { bytes.removeFirst() }
        for token in tokens.dropFirst() where bytes.count <= sizeMax {
            appendPiece(token, special: special, to: &bytes)
        }
        return bytes
    }

    /// U+2581, the visible space of SentencePiece.
    private static let space: [UInt8] = [0xE2, 0x96, 0x81]

    private static func appendUnescaped(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0xE2, text[index...].starts(with: space) {
                bytes.append(0x20)
                index += space.count
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
    }
}

// MARK: - Byte tokens

extension SentencePieceTokenizer {
    /// The values of all tokens of type byte, read from their texts.
    private static func byteValues(_ vocabulary: Vocabulary) throws(TokenizerError)
        -> [Int32: UInt8]
    {
        var values: [Int32: UInt8] = [:]
        for id in 0..<vocabulary.count where vocabulary.types[id] == .byte {
            guard let value = ByteToken.value(vocabulary.texts[id]) else {
                throw TokenizerError(
                    .byteTokenInvalid, tried: "reading byte token \(id)",
                    found: quoted(vocabulary.texts[id]), allowed: "\"<0x00>\" to \"<0xFF>\"",
                    location: "tokenizer.ggml.tokens")
            }
            values[Int32(id)] = value
        }
        return values
    }

    /// For each byte value its token `<0xNN>`, else a token with the byte as its text, else the
    /// unknown token.
    private static func byteTokens(_ vocabulary: Vocabulary) throws(TokenizerError) -> [Int32] {
        var tokens: [Int32] = []
        for value in UInt8.min...UInt8.max {
            let text = ByteToken.text(value)
            guard
                let token = vocabulary.find(text) ?? vocabulary.find([value])
                    ?? vocabulary.unknown
            else {
                throw TokenizerError(
                    .byteTokenMissing, tried: "looking up the token for byte \(value)",
                    found: "neither \(quoted(text)) nor an unknown token",
                    allowed: "a token for each of the 256 bytes", location: "tokenizer.ggml.tokens")
            }
            tokens.append(token)
        }
        return tokens
    }
}
