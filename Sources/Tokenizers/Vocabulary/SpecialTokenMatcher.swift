// Finds tokens that are matched as a whole, before any merging: control, unknown and user-defined
// tokens.
//
// Guarantees: the result is llama.cpp's. The longest token anywhere in the text is taken first,
// then the longest that fits into the remaining text, and so on (equal lengths: leftmost first).
// Time is n log n at worst. Memory is proportional to the matching positions, plus a bit per byte
// of text.
// Does not: decide on the pieces between the matches.
//
//   text      x < s > a b          tokens "<s>"
//   matches       [---]            gaps "x" and "ab"

/// A whole-token match in a text.
struct SpecialMatch: Equatable {
    var token: Int32
    /// Replaced byte range of the text, with the white space swallowed behind the token.
    var range: Range<Int>
}

struct SpecialTokenMatcher: Sendable {
    private let index: SpecialTokenIndex
    private let stripping: Set<Int32>

    /// - Parameters:
    ///   - ids: the special tokens. Empty texts are ignored.
    ///   - texts: the vocabulary, every text once.
    ///   - stripping: tokens that swallow the white space behind them.
    init(_ ids: [Int32], in texts: TextList, stripping: Set<Int32> = []) {
        index = SpecialTokenIndex(ids, in: texts)
        self.stripping = stripping
    }

    /// All matches, in text order, without overlap.
    func matches(in text: Span<UInt8>) -> [SpecialMatch] {
        guard !index.isEmpty else { return [] }
        var candidates = Heap<Occurrence>()
        index.forEachStart(in: text) { position, entry in
            candidates.append(
                Occurrence(
                    position: Int32(position), entry: entry,
                    length: index.entries[Int(entry)].size))
        }
        guard !candidates.isEmpty else { return [] }
        candidates.order()
        return choose(&candidates, in: text)
    }

    private func choose(_ candidates: inout Heap<Occurrence>, in text: Span<UInt8>)
        -> [SpecialMatch]
    {
        var taken = Coverage(count: text.count)
        var chosen: [SpecialMatch] = []
        while let candidate = candidates.popFirst() {
            let start = Int(candidate.position)
            if taken.covers(start) { continue }
            let room = taken.firstCovered(in: start..<start + Int(candidate.length))
            guard room < Int(candidate.length) else {
                let token = index.entries[Int(candidate.entry)].token
                var end = start + Int(candidate.length)
                if stripping.contains(token) {
                    while end < text.count, !taken.covers(end), isASCIISpace(text[end]) { end += 1 }
                }
                taken.cover(start..<end)
                chosen.append(SpecialMatch(token: token, range: start..<end))
                continue
            }
            // A longer match lies across, so the longest token that still fits is queued.
            var entry = index.entries[Int(candidate.entry)].shorter
            while entry != 0, Int(index.entries[Int(entry)].size) > room {
                entry = index.entries[Int(entry)].shorter
            }
            if entry != 0 {
                candidates.push(
                    Occurrence(
                        position: candidate.position, entry: entry,
                        length: index.entries[Int(entry)].size))
            }
        }
        chosen.sort { $0.range.lowerBound < $1.range.lowerBound }
        return chosen
    }
}

/// A possible match. The order is longer first, then further left.
private struct Occurrence: HeapElement {
    var position: Int32
    var entry: Int32
    var length: Int32

    @inline(__always)
    func precedes(_ other: Occurrence) -> Bool {
        length != other.length ? length > other.length : position < other.position
    }
}

/// The taken bytes of a text, one bit each.
private struct Coverage {
    private var words: [UInt64]

    init(count: Int) { words = [UInt64](repeating: 0, count: count / 64 + 1) }

    func covers(_ position: Int) -> Bool {
        words[position >> 6] >> UInt64(position & 63) & 1 == 1
    }

    mutating func cover(_ range: Range<Int>) {
        for position in range { words[position >> 6] |= 1 << UInt64(position & 63) }
    }

    /// Distance from the start of the range to the first covered byte, or the length of a free
    /// range.
    func firstCovered(in range: Range<Int>) -> Int {
        for position in range where covers(position) { return position - range.lowerBound }
        return range.count
    }
}

/// The C locale's white space.
@inline(__always)
func isASCIISpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
}
