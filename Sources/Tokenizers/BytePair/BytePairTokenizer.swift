// Byte-level BPE: `tokenizer.ggml.model` = `gpt2`.
//
// Guarantees: the ids of llama.cpp. The vocabulary's pre-tokenizer cuts text, and the bytes of each
// pre-token merge by rank. Ill-formed UTF-8 is repaired first (see `wellFormed`). A byte without a
// token is dropped, as in llama.cpp (published vocabularies have all 256 or lack one control
// character).
// Does not: normalise Unicode (HF's qwen2 does NFC, llama.cpp does not), or tidy up spaces when
// decoding.

struct BytePairTokenizer: VocabularyTokenizer {
    let vocabulary: Vocabulary
    private let merges: MergeTable
    private let preTokenizer: PreTokenizer
    private let preTokenizerName: String
    private let ignoresMerges: Bool
    let degradations: [String]
    let addsBeginToken: Bool
    let addsEndToken: Bool
    let encodesEveryByte: Bool

    var summary: String { "gpt2 (\(preTokenizerName))" }

    private static let guess =
        "pre_tokenizer_guessed: the file has no tokenizer.ggml.pre and no known vocabulary, "
        + "so texts may be cut otherwise than in training"

    /// Checks the definition and builds the lookup tables.
    init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        let known =
            definition.preTokenizer == nil ? KnownVocabularies.preTokenizer(of: definition) : nil
        let name = definition.preTokenizer ?? known
        preTokenizer = try PreTokenizer.named(name)
        preTokenizerName = name ?? "default"
        degradations = name == nil ? [Self.guess] : []
        ignoresMerges = definition.ignoresMerges ?? preTokenizer.ignoresMerges
        guard let rules = definition.merges else {
            throw TokenizerError(
                .keyMissing, tried: "reading the merge rules", found: "no such key",
                allowed: "an array of strings", location: MergeTable.key)
        }
        let vocabulary = try Vocabulary(definition)
        self.vocabulary = vocabulary
        encodesEveryByte = ByteAlphabet.encoded.allSatisfy {
            vocabulary.index.find($0, in: vocabulary.texts) != nil
        }
        merges = try MergeTable(rules, vocabulary)
        addsBeginToken =
            (definition.addsBeginToken ?? preTokenizer.addsBeginToken) && vocabulary.begin != nil
        addsEndToken = (definition.addsEndToken ?? false) && vocabulary.end != nil
    }

    func encode(
        _ text: Span<UInt8>, around matches: [SpecialMatch], _ watch: EncodingWatch?,
        into tokens: inout [Int32]
    ) {
        var encoder = Encoder(self, watch)
        text.withUnsafeBufferPointer { bytes in
            var offset = 0
            for match in matches {
                encoder.encode(bytes, offset..<match.range.lowerBound, into: &tokens)
                tokens.append(match.token)
                offset = match.range.upperBound
            }
            encoder.encode(bytes, offset..<bytes.count, into: &tokens)
        }
    }

    /// Storage for one call of `encode`.
    private struct Encoder {
        let tokenizer: BytePairTokenizer
        let watch: EncodingWatch?
        var merger: BytePairMerger
        var symbols: [Int32] = []
        var written: [UInt8] = []

        init(_ tokenizer: BytePairTokenizer, _ watch: EncodingWatch?) {
            self.tokenizer = tokenizer
            self.watch = watch
            merger = BytePairMerger(tokenizer.merges, watch)
        }

        /// Encodes text between special tokens.
        mutating func encode(
            _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into tokens: inout [Int32]
        ) {
            if range.isEmpty { return }
            let part = UnsafeBufferPointer(rebasing: text[range])
            if let repaired = wellFormed(part) {
                repaired.withUnsafeBufferPointer { encode($0, into: &tokens) }
            } else {
                encode(part, into: &tokens)
            }
        }

        private mutating func encode(
            _ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]
        ) {
            tokenizer.preTokenizer.split(text) { range in
                encodeWord(UnsafeBufferPointer(rebasing: text[range]), into: &tokens)
            }
        }

        private mutating func encodeWord(
            _ word: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]
        ) {
            if let watch, watch.isCancelled || tokens.count > watch.tokenCountMax { return }
            if tokenizer.ignoresMerges, let token = wholeToken(word) {
                tokens.append(token)
                return
            }
            symbols.removeAll(keepingCapacity: true)
            for byte in word { symbols.append(tokenizer.merges.byteSymbols[Int(byte)]) }
            merger.merge(&symbols)
            for symbol in symbols { tokenizer.merges.append(symbol, to: &tokens) }
        }

        /// The token with the whole word as its text, if any.
        private mutating func wholeToken(_ word: UnsafeBufferPointer<UInt8>) -> Int32? {
            guard word.count <= tokenizer.vocabulary.index.textSizeMax else { return nil }
            written.removeAll(keepingCapacity: true)
            ByteAlphabet.append(word, to: &written)
            return written.withUnsafeBufferPointer { tokenizer.vocabulary.findMergeable($0) }
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
            ByteAlphabet.appendDecoded(text, to: &bytes)
        case .byte, .unused, .undefined:
            break
        }
    }

    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens where bytes.count <= sizeMax {
            appendPiece(token, special: special, to: &bytes)
        }
        return bytes
    }
}
