// A made-up SentencePiece vocabulary that behaves like a real one.
//
// Layout: <unk>, <s>, </s>, the 256 byte tokens, single characters, all pairs of them with frequent
// letters first, then pieces that join any two earlier ones, so that merging reaches each; earlier
// pieces have better scores. Any text can be encoded, because every byte has its token. No token is
// there twice.

/// Token texts with scores and ggml token types.
struct RandomVocabulary {
    private(set) var tokens: [String] = ["<unk>", "<s>", "</s>"]
    private(set) var scores: [Float] = [0, 0, 0]
    /// 1 normal, 2 unknown, 3 control, 6 byte.
    private(set) var types: [Int32] = [2, 3, 3]

    private static let pieceLengthMax = 12

    init(size: Int, seed: UInt64) {
        for byte in 0..<256 {
            let digits = String(byte, radix: 16, uppercase: true)
            append("<0x" + (digits.count == 1 ? "0" : "") + digits + ">", score: 0, type: 6)
        }
        var pieces = "\u{2581}etaoinshrdlucmfwypvbgkjqxz.,'-".map(String.init)
        for piece in pieces { append(piece, score: -1e9, type: 1) }
        var known = Set(pieces)
        for pair in Self.pairs(of: pieces) where tokens.count < size {
            known.insert(pair)
            pieces.append(pair)
            append(pair, score: -Float(tokens.count), type: 1)
        }
        var random = SplitMix(state: seed ^ 0x70CA_B01A)
        while tokens.count < size {
            // Squaring favours early, short pieces: lengths come out like those of real words.
            let first = pieces[random.next(below: pieces.count)]
            let share = random.nextUnit()
            let second = pieces[Int(share * share * Float(pieces.count - 1))]
            let joined = first + second
            guard joined.count <= Self.pieceLengthMax, !second.hasPrefix("\u{2581}"),
                known.insert(joined).inserted
            else { continue }
            pieces.append(joined)
            append(joined, score: -Float(tokens.count), type: 1)
        }
    }

    /// Every two characters, the second not a space mark, most frequent letters first.
    private static func pairs(of characters: [String]) -> [String] {
        let places = characters.indices.flatMap { first in
            characters.indices.dropFirst().map { second in (first: first, second: second) }
        }
        return places.sorted { ($0.first + $0.second, $0.first) < ($1.first + $1.second, $1.first) }
            .map { characters[$0.first] + characters[$0.second] }
    }

    private mutating func append(_ token: String, score: Float, type: Int32) {
        tokens.append(token)
        scores.append(score)
        types.append(type)
    }
}
