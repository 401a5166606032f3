// Merge rules by token ids: (left, right) -> (rank, merged).
//
// Guarantees: the table is built once, in a single pass over the rules. A lookup allocates nothing.
// Texts that occur in rules but are no tokens get symbols of their own behind the vocabulary, so
// that merging can pass through such texts, as in llama.cpp.
// Does not: keep the rules' texts.

struct MergeTable: Sendable {
    /// The result of merging a pair.
    struct Merge {
        var rank: UInt32
        var symbol: Int32
    }

    /// Byte -> symbol: a token, or a symbol behind the vocabulary.
    let byteSymbols: [Int32]
    private let table: IntegerTable
    /// Tokens to write for a symbol behind the vocabulary: the tokens of the symbol's single bytes
    /// (in the file's alphabet). Bytes without a token are left out. An empty list drops the text.
    private let spellings: [[Int32]]

    /// - Throws: `mergeInvalid` for a rule that is not two texts with a space between.
    ///   `vocabularyTooLarge` for too many rules.
    init(_ merges: TextList, _ vocabulary: Vocabulary) throws(TokenizerError) {
        guard merges.count <= TokenizerLimits.mergeCountMax,
            merges.byteCount <= TokenizerLimits.vocabularySizeMax
        else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "reading the merge rules",
                found: "\(merges.count) rules of \(merges.byteCount) bytes",
                allowed: "\(TokenizerLimits.mergeCountMax) rules of "
                    + "\(TokenizerLimits.vocabularySizeMax) bytes", location: Self.key)
        }
        var symbols = SymbolNames(vocabulary)
        byteSymbols = ByteAlphabet.encoded.map { text in
            text.withUnsafeBufferPointer { symbols.symbol($0) }
        }
        var entries: [(key: UInt64, value: UInt64)] = []
        entries.reserveCapacity(merges.count)
        var invalid: Int?
        merges.bytes.withUnsafeBufferPointer { bytes in
            for rank in 0..<merges.count {
                let rule = UnsafeBufferPointer(rebasing: bytes[merges.range(rank)])
                // A space as the first byte occurs only in vocabularies that are not byte-level.
                guard let space = rule.dropFirst().firstIndex(of: 0x20), space + 1 < rule.count
                else {
                    invalid = rank
                    return
                }
                let leftText = UnsafeBufferPointer(rebasing: rule[..<space])
                let rightText = UnsafeBufferPointer(rebasing: rule[(space + 1)...])
                let left = symbols.symbol(leftText)
                let right = symbols.symbol(rightText)
                let merged = symbols.symbol(leftText, rightText)
                entries.append((Self.pair(left, right), UInt64(rank) << 32 | UInt64(merged)))
            }
        }
        if let invalid {
            throw TokenizerError(
                .mergeInvalid, tried: "reading merge rule \(invalid)",
                found: quoted(merges[invalid]), allowed: "two texts with a space between them",
                location: Self.key)
        }
        table = IntegerTable(entries)
        spellings = symbols.spellings()
        firstOther = Int32(vocabulary.count)
    }

    private let firstOther: Int32

    /// A table of pairs that are tokens, most important first. Of equal pairs the last counts.
    ///
    /// - Parameter isLeftOut: pairs whose rank is kept free.
    init(
        _ pairs: [TokenPair], tokenCount: Int, isLeftOut: (TokenPair) -> Bool = { _ in false }
    ) {
        byteSymbols = []
        spellings = []
        firstOther = Int32(tokenCount)
        table = IntegerTable(
            pairs.indices.reversed().compactMap { rank in
                let pair = pairs[rank]
                if isLeftOut(pair) { return nil }
                return (Self.pair(pair.left, pair.right), UInt64(rank) << 32 | UInt64(pair.merged))
            })
    }

    /// Appends the tokens of a symbol left after merging.
    @inline(__always)
    func append(_ symbol: Int32, to tokens: inout [Int32]) {
        if symbol < firstOther {
            tokens.append(symbol)
        } else {
            tokens.append(contentsOf: spellings[Int(symbol - firstOther)])
        }
    }

    static let key = "tokenizer.ggml.merges"

    /// The merge of two neighbouring symbols, or nil.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        table.find(Self.pair(left, right)).map {
            Merge(
                rank: UInt32(truncatingIfNeeded: $0 >> 32),
                symbol: Int32(truncatingIfNeeded: $0 & 0x7FFF_FFFF))
        }
    }

    @inline(__always)
    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

/// Texts -> symbols while the table is built.
private struct SymbolNames {
    private let vocabulary: Vocabulary
    private var others: [[UInt8]: Int32] = [:]
    private var joined: [UInt8] = []
    /// The last token found for two joined texts.
    private var lastJoined: Int32 = 0

    init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    mutating func symbol(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
        vocabulary.findMergeable(text) ?? other(Array(text))
    }

    private mutating func symbol(_ text: [UInt8]) -> Int32 {
        text.withUnsafeBufferPointer { vocabulary.findMergeable($0) } ?? other(text)
    }

    private mutating func other(_ name: [UInt8]) -> Int32 {
        if let known = others[name] { return known }
        let created = Int32(vocabulary.count + others.count)
        others[name] = created
        return created
    }

    /// The symbol of two texts joined. Published files list merges in the order of the merged
    /// tokens, so the last token and its successor are tried before the index.
    mutating func symbol(
        _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
    ) -> Int32 {
        var guess = lastJoined
        while guess <= lastJoined + 1 {
            if isJoined(guess, left, right) {
                lastJoined = guess
                return guess
            }
            guess += 1
        }
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: left)
        joined.append(contentsOf: right)
        let found = symbol(joined)
        if found < vocabulary.count { lastJoined = found }
        return found
    }

    private func isJoined(
        _ token: Int32, _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard vocabulary.contains(token), vocabulary.isMergeable[Int(token)],
            vocabulary.texts.size(Int(token)) == left.count + right.count
        else { return false }
        let text = vocabulary.texts[Int(token)]
        return text.starts(with: left) && text.dropFirst(left.count).elementsEqual(right)
    }

    /// For each symbol behind the vocabulary, the tokens of the symbol's single bytes.
    func spellings() -> [[Int32]] {
        var spellings = [[Int32]](repeating: [], count: others.count)
        for (name, symbol) in others {
            spellings[Int(symbol) - vocabulary.count] = name.compactMap { byte in
                [byte].withUnsafeBufferPointer { vocabulary.findMergeable($0) }
            }
        }
        return spellings
    }
}
