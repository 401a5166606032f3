// A made-up byte-pair vocabulary with merges, as large as a real one and as slow to read.
//
// Layout: the 256 bytes in GPT-2's letters, then tokens that join two earlier tokens, each with its
// merge, then <|endoftext|> and unused tokens. No token is there twice.

/// Token texts with ggml token types, and the merges in order.
struct RandomMerges {
    private(set) var tokens: [String]
    private(set) var merges: [String] = []
    /// 1 normal, 3 control, 5 unused.
    private(set) var types: [Int32]
    /// Id of the token that ends an answer.
    let endOfText: Int

    /// Tokens behind the merged ones, as many as Qwen2 has.
    private static let lastCount = 293
    private static let pieceLengthMax = 12

    init(size: Int, seed: UInt64) {
        precondition(size > 256 + Self.lastCount, "room for the bytes and the last tokens")
        tokens = (0..<256).map { String(Self.letter(UInt8($0))) }
        var known = Set(tokens)
        // Frequent bytes first: a space begins words, letters go on.
        var pieces = "\u{120}etaoinshrdlucmfwypvbgkjqxz.,'-".map(String.init)
        var random = SplitMix(state: seed ^ 0x0B9E_ED5A)
        while tokens.count < size - Self.lastCount {
            let first = pieces[random.next(below: pieces.count)]
            // Squaring favours early, short pieces: lengths come out like those of real words.
            let share = random.nextUnit()
            let second = pieces[Int(share * share * Float(pieces.count - 1))]
            let joined = first + second
            guard joined.unicodeScalars.count <= Self.pieceLengthMax,
                !second.hasPrefix("\u{120}"), known.insert(joined).inserted
            else { continue }
            pieces.append(joined)
            tokens.append(joined)
            merges.append(first + " " + second)
        }
        types = [Int32](repeating: 1, count: tokens.count)
        endOfText = tokens.count
        tokens.append("<|endoftext|>")
        types.append(3)
        while tokens.count < size {
            tokens.append("<|unused_\(tokens.count)|>")
            types.append(5)
        }
    }

    /// GPT-2's letter of a byte: the visible letter with that number, else the next from U+0100.
    private static func letter(_ byte: UInt8) -> Character {
        func isSeen(_ byte: UInt8) -> Bool {
            (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
        }
        guard !isSeen(byte) else { return Character(Unicode.Scalar(byte)) }
        let rank = (0..<byte).count { !isSeen($0) }
        return Unicode.Scalar(UInt32(0x100 + rank)).map(Character.init) ?? " "
    }
}
