// `model` of type BPE in a tokenizer.json: a word -> ids.
//
// Guarantees: the ids of the tokenizers library, for characters without a token too: byte tokens if
// all of the character's bytes have one, else the unknown token, else nothing. Time is n log n in
// the word at worst. Long words of text are cut where no token reaches across, which changes
// nothing (see SentencePieceMerger).
// Does not: cut text into words. Does not make a special token of several characters out of a
// caller's text, which the library would do where a merge or a whole word is the text of one.

/// A merge of two tokens into one.
struct TokenPair: Sendable {
    let left: Int32
    let right: Int32
    let merged: Int32
}

/// The settings of the model.
struct PairModelSettings: Sendable {
    var unknown: Int32?
    var fusesUnknown = false
    var fallsBackToBytes = false
    var ignoresMerges = false
}

struct PairModel: Sendable {
    /// Byte or ASCII character -> its token, or -1.
    let symbols: [Int32]
    private let merges: MergeTable
    /// The merges that make no special token.
    private let plainMerges: MergeTable
    /// Special tokens of several characters.
    private let special: Set<Int32>
    private let settings: PairModelSettings
    /// True when the words are bytes, to be written in `ByteAlphabet`.
    let readsBytes: Bool
    private let texts: TextList
    private let index: TokenIndex
    private let isInModel: [Bool]
    /// Byte -> `<0xNN>`, or -1. Empty without byte fallback.
    private let byteTokens: [Int32]
    private let neighbours: PairFilter?

    /// - Parameter special: special tokens that a caller's text must not become.
    init(
        _ vocabulary: Vocabulary, isInModel: [Bool], pairs: [TokenPair], special: Set<Int32>,
        _ settings: PairModelSettings, readsBytes: Bool
    ) {
        texts = vocabulary.texts
        index = vocabulary.index
        self.isInModel = isInModel
        self.settings = settings
        self.readsBytes = readsBytes
        func find(_ text: [UInt8]) -> Int32 {
            guard let id = vocabulary.find(text), isInModel[Int(id)] else { return -1 }
            return id
        }
        symbols = (UInt8.min...UInt8.max).map { byte in
            readsBytes ? find(ByteAlphabet.encoded[Int(byte)]) : byte < 0x80 ? find([byte]) : -1
        }
        byteTokens =
            settings.fallsBackToBytes
            ? (UInt8.min...UInt8.max).map { find(ByteToken.text($0)) } : []
        let merges = MergeTable(pairs, tokenCount: vocabulary.count)
        self.merges = merges
        self.special = special
        plainMerges =
            pairs.contains { special.contains($0.merged) }
            ? MergeTable(pairs, tokenCount: vocabulary.count) { special.contains($0.merged) }
            : merges
        let foreign = Set(byteTokens + [settings.unknown ?? -1])
        let isPlain = pairs.allSatisfy { !foreign.contains($0.left) && !foreign.contains($0.right) }
        neighbours =
            isPlain && !readsBytes ? PairFilter(vocabulary.texts) { isInModel[$0] } : nil
    }

    /// True when no character is without a token.
    var encodesEveryByte: Bool {
        readsBytes && !symbols.contains(-1)
            || settings.fallsBackToBytes && !byteTokens.contains(-1)
    }

    /// The token of a text, if the model has one.
    private func find(_ text: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard let id = index.find(text, in: texts), isInModel[Int(id)] else { return nil }
        return id
    }

    /// Storage for the words of one text.
    struct Encoder {
        private let model: PairModel
        private let watch: EncodingWatch?
        private var merger: BytePairMerger
        private var symbols: [Int32] = []
        private var written: [UInt8] = []
        private var waitsForUnknown = false
        private let makesSpecial: Bool

        /// - Parameter makesSpecial: special tokens may come out of words and merges.
        init(_ model: PairModel, makesSpecial: Bool, _ watch: EncodingWatch?) {
            self.model = model
            self.makesSpecial = makesSpecial
            self.watch = watch
            merger = BytePairMerger(makesSpecial ? model.merges : model.plainMerges, watch)
        }

        /// Appends the ids of a word. A watch may end the work half-way.
        mutating func encode(
            _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into tokens: inout [Int32]
        ) {
            let word = UnsafeBufferPointer(rebasing: bytes[range])
            if isOver(tokens.count) { return }
            if model.settings.ignoresMerges, let token = wholeToken(word),
                makesSpecial || !model.special.contains(token)
            {
                tokens.append(token)
                return
            }
            if model.readsBytes {
                for byte in word {
                    let symbol = model.symbols[Int(byte)]
                    if symbol >= 0, !waitsForUnknown { symbols.append(symbol) } else { add(byte) }
                }
            } else {
                addCharacters(word, into: &tokens)
            }
            if waitsForUnknown { addUnknown() }
            flush(into: &tokens)
        }

        private func isOver(_ count: Int) -> Bool {
            guard let watch else { return false }
            return watch.isCancelled || count > watch.tokenCountMax
        }

        private mutating func wholeToken(_ word: UnsafeBufferPointer<UInt8>) -> Int32? {
            guard word.count <= model.index.textSizeMax else { return nil }
            guard model.readsBytes else { return model.find(word) }
            written.removeAll(keepingCapacity: true)
            ByteAlphabet.append(word, to: &written)
            return written.withUnsafeBufferPointer { model.find($0) }
        }

        private mutating func add(_ byte: UInt8) {
            let symbol = model.symbols[Int(byte)]
            if symbol >= 0 {
                add(symbol)
            } else {
                ByteAlphabet.encoded[Int(byte)].withUnsafeBufferPointer { addMissing($0) }
            }
        }

        private mutating func addCharacters(
            _ word: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]
        ) {
            var position = 0
            var last: UInt32?
            while position < word.count {
                let size = min(characterSize(word[position]), word.count - position)
                let packed = packCharacter(word, position, size)
                let character = UnsafeBufferPointer(rebasing: word[position..<position + size])
                let symbol = size == 1 ? model.symbols[Int(packed)] : model.find(character) ?? -1
                position += size
                // A character that leaves nothing lets its neighbours meet.
                if symbol < 0, isDropped(character) { continue }
                if let last, let neighbours = model.neighbours, !neighbours.contains(last, packed) {
                    flush(into: &tokens)
                    if isOver(tokens.count) { return }
                }
                last = packed
                if symbol >= 0 { add(symbol) } else { addMissing(character) }
            }
        }

        private func isDropped(_ character: UnsafeBufferPointer<UInt8>) -> Bool {
            model.settings.unknown == nil && !hasByteTokens(character)
        }

        private func hasByteTokens(_ character: UnsafeBufferPointer<UInt8>) -> Bool {
            let bytes = model.byteTokens
            return !bytes.isEmpty && character.allSatisfy { bytes[Int($0)] >= 0 }
        }

        private mutating func add(_ symbol: Int32) {
            if waitsForUnknown { addUnknown() }
            symbols.append(symbol)
        }

        /// A character without a token. The unknown token waits, because the next one may join it.
        /// Byte tokens do not end the wait.
        private mutating func addMissing(_ character: UnsafeBufferPointer<UInt8>) {
            if hasByteTokens(character) {
                for byte in character { symbols.append(model.byteTokens[Int(byte)]) }
                return
            }
            guard model.settings.unknown != nil else { return }
            if waitsForUnknown, !model.settings.fusesUnknown { addUnknown() }
            waitsForUnknown = true
        }

        private mutating func addUnknown() {
            if let unknown = model.settings.unknown { symbols.append(unknown) }
            waitsForUnknown = false
        }

        private mutating func flush(into tokens: inout [Int32]) {
            merger.merge(&symbols)
            for symbol in symbols { tokens.append(symbol) }
            symbols.removeAll(keepingCapacity: true)
        }
    }
}

/// Tokens that stand for single bytes.
enum ByteToken {
    /// `<0xNN>`
    static func text(_ byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: true)
        return Array(("<0x" + (byte < 16 ? "0" : "") + digits + ">").utf8)
    }

    /// The byte of a text of the form `<0xNN>`, or nil.
    static func value(_ text: ArraySlice<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: "<0x".utf8), text.last == UInt8(ascii: ">") else {
            return nil
        }
        let digits = text.dropFirst(3).dropLast()
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
