// Finds tokens that are matched as a whole, before any merging: control, unknown and user-defined
// ones.
//
// Guarantees: the longest token anywhere in the text is taken first, then the longest that fits
// into what is left, and so on (equal lengths: leftmost first), which is llama.cpp's result. n
// log n at worst; memory proportional to the positions that match.
// Does not: decide what the pieces between the matches become.
//
//   text      x < s > a b          tokens "<s>"
//   matches       [---]            gaps "x" and "ab"

/// A whole-token match in a text.
struct SpecialMatch: Equatable {
    var token: Int32
    /// Byte range of the text that it replaces, white space swallowed behind it included.
    var range: Range<Int>
}

struct SpecialTokenMatcher: Sendable {
    private let index: SpecialTokenIndex
    private let stripping: Set<Int32>

    /// - Parameters:
    ///   - ids: the special tokens; empty texts are ignored.
    ///   - texts: the vocabulary, every text once.
    ///   - stripping: tokens that swallow the white space behind them.
    init(_ ids: [Int32], in texts: TextList, stripping: Set<Int32> = []) {
        index = SpecialTokenIndex(ids, in: texts)
        self.stripping = stripping
    }

    /// All matches, in text order, without overlap.
    func matches(in text: Span<UInt8>) -> [SpecialMatch] {
        guard !index.isEmpty else { return [] }
        var candidates = Heap<Candidate>()
        index.forEachStart(in: text) { position, entry in
            candidates.append(
                Candidate(
                    position: Int32(position), entry: entry,
                    length: index.entries[Int(entry)].size))
        }
        guard !candidates.isEmpty else { return [] }
        candidates.order()
        return choose(&candidates, in: text)
    }

    private func choose(_ candidates: inout Heap<Candidate>, in text: Span<UInt8>)
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
            // Something longer lies across: the longest token that still fits gets its turn later.
            var entry = index.entries[Int(candidate.entry)].shorter
            while entry != 0, Int(index.entries[Int(entry)].size) > room {
                entry = index.entries[Int(entry)].shorter
            }
            if entry != 0 {
                candidates.push(
                    Candidate(
                        position: candidate.position, entry: entry,
                        length: index.entries[Int(entry)].size))
            }
        }
        chosen.sort { $0.range.lowerBound < $1.range.lowerBound }
        return chosen
    }
}

/// A possible match; longer first, then further left.
private struct Candidate: HeapElement {
    var position: Int32
    var entry: Int32
    var length: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
        length != other.length ? length > other.length : position < other.position
    }
}

/// Which bytes of a text are taken: one bit each.
private struct Coverage {
    private var words: [UInt64]

    init(count: Int) { words = [UInt64](repeating: 0, count: count / 64 + 1) }

    func covers(_ position: Int) -> Bool {
        words[position >> 6] >> UInt64(position & 63) & 1 == 1
    }

    mutating func cover(_ range: Range<Int>) {
        for position in range { words[position >> 6] |= 1 << UInt64(position & 63) }
    }

    /// Distance from the range's start to its first covered byte; the range's length if none is.
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
