// An index that finds, for every position of a text, the longest special token from there on.
//
// The search is a binary search on lengths (after Waldvogel, Varghese, Turner and Plattner, 1997).
// Each token is entered under the prefixes visited by a search for the token's length. Each entry
// names the longest token that is a prefix of the entered prefix. Steps are the powers of two, so a
// token has at most one entry for each set bit of its length.
//
//   token of 13 bytes    entered under the first 8, 12 and 13 bytes
//   search at a position 8: entered, 12: entered, 14: not, 13: entered
//                        4 look-ups for 15 lengths
//
// Guarantees: memory and time to build are linear in the bytes of the tokens, mostly one pass over
// the bytes. A look-up compares bytes, so equal hashes of different prefixes change nothing. The
// time for a text is linear for ordinary tokens. A position costs at most the bytes of the longest
// token.
// Does not: resolve overlaps. `SpecialTokenMatcher` does.

import Glibc

struct SpecialTokenIndex: Sendable {
    /// A special token.
    struct Entry: Sendable {
        /// The id of the token.
        var token: Int32
        /// Bytes of the token's text.
        var size: Int32
        /// Number of the longest shorter token at the start of the text, 0 for none.
        var shorter: Int32 = 0
    }

    /// A prefix of a token's text: the token, the length of the prefix, and the longest token that
    /// the prefix begins with.
    private struct Mark: Sendable {
        var entry: Int32
        var size: Int32
        var best: Int32
    }

    /// All tokens, with numbers from 1 on. Number 0 stands for no token.
    private(set) var entries = [Entry(token: -1, size: 0)]
    private let texts: TextList
    private var marks: [Mark] = []
    /// Hash of a prefix -> index in `marks`.
    private var table = IntegerTable()
    private var startsToken = [Bool](repeating: false, count: 256)
    private var sizeMax = 0
    private var hash: PrefixHash

    /// Bytes of a text hashed at a time.
    private static let window = 64 << 10

    var isEmpty: Bool { entries.count == 1 }

    /// - Parameters:
    ///   - ids: the special tokens. Empty texts are ignored.
    ///   - texts: the vocabulary, every text once.
    init(_ ids: [Int32], in texts: TextList) {
        self.texts = texts
        for id in ids where texts.size(Int(id)) > 0 {
            entries.append(Entry(token: id, size: Int32(texts.size(Int(id)))))
            startsToken[Int(texts.bytes[texts.range(Int(id)).lowerBound])] = true
        }
        sizeMax = entries.reduce(0) { max($0, Int($1.size)) }
        hash = PrefixHash(sizeMax: sizeMax)
        // Another base separates two prefixes with equal hashes.
        while !build() { hash = PrefixHash(sizeMax: sizeMax) }
    }

    private func text(_ entry: Int32) -> Range<Int> { texts.range(Int(entries[Int(entry)].token)) }

    // MARK: - Building

    /// Returns false when two prefixes have equal hashes.
    private mutating func build() -> Bool {
        marks.removeAll(keepingCapacity: true)
        table = IntegerTable(countMin: 2 * entries.count)
        var tokens = IntegerTable(countMin: entries.count)
        var sizes: Set<Int32> = []
        for number in entries.indices.dropFirst() {
            sizes.insert(entries[number].size)
            let whole = hash.value(texts.bytes, text(Int32(number)))
            guard tokens.insert(whole, UInt64(number)) else { return false }
        }
        let ordered = sizes.sorted()
        for number in entries.indices.dropFirst() {
            guard enter(Int32(number), ordered, tokens) else { return false }
        }
        return true
    }

    /// Enters a token under the prefixes visited by a search for the token's length.
    private mutating func enter(
        _ number: Int32, _ sizes: [Int32], _ tokens: IntegerTable
    ) -> Bool {
        let range = text(number)
        let size = entries[Int(number)].size
        var running: UInt64 = 0
        var done = 0
        var next = sizes.startIndex
        var best: Int32 = 0
        for mark in Self.visited(size) {
            // Looks up each token of a length up to the mark that the text begins with.
            while next < sizes.endIndex, sizes[next] <= mark {
                running = hash.extend(
                    running, texts.bytes,
                    range.lowerBound + done..<range.lowerBound + Int(sizes[next]))
                done = Int(sizes[next])
                if let found = tokens.find(running) {
                    let candidate = Int32(truncatingIfNeeded: found)
                    if candidate == number {
                        entries[Int(number)].shorter = best
                    }
                    best = candidate
                }
                next += 1
            }
            running = hash.extend(
                running, texts.bytes, range.lowerBound + done..<range.lowerBound + Int(mark))
            done = Int(mark)
            guard add(Mark(entry: number, size: mark, best: best), running) else { return false }
        }
        return true
    }

    /// Returns false when another prefix has the hash.
    private mutating func add(_ mark: Mark, _ key: UInt64) -> Bool {
        guard let known = table.find(key) else {
            table.insert(key, UInt64(marks.count))
            marks.append(mark)
            return true
        }
        let other = marks[Int(known)]
        return other.size == mark.size
            && equals(
                text(other.entry).lowerBound, texts.bytes, text(mark.entry).lowerBound,
                Int(mark.size))
    }

    /// The lengths at which a search for `size` finds an entry, ascending.
    private static func visited(_ size: Int32) -> [Int32] {
        var lengths: [Int32] = []
        var sum: Int32 = 0
        for bit in (0..<Int32.bitWidth - 1).reversed() where size >> Int32(bit) & 1 == 1 {
            sum += 1 << Int32(bit)
            lengths.append(sum)
        }
        return lengths
    }

    /// Compares bytes of the vocabulary from `start` on with bytes of `other` from `place` on.
    private func equals(_ start: Int, _ other: [UInt8], _ place: Int, _ count: Int) -> Bool {
        other.withUnsafeBufferPointer { equals(start, $0, place, count) }
    }

    private func equals(
        _ start: Int, _ other: UnsafeBufferPointer<UInt8>, _ place: Int, _ count: Int
    ) -> Bool {
        texts.bytes.withUnsafeBufferPointer { own in
            guard count > 0, let left = own.baseAddress, let right = other.baseAddress else {
                return true
            }
            return memcmp(left + start, right + place, count) == 0
        }
    }

    // MARK: - Searching

    /// Calls `body` with each position where a token starts, and with the number in `entries` of
    /// the longest token there.
    func forEachStart(in text: Span<UInt8>, _ body: (_ position: Int, _ entry: Int32) -> Void) {
        guard !isEmpty else { return }
        text.withUnsafeBufferPointer { text in
            var prefixes: [UInt64] = []
            for start in stride(from: 0, to: text.count, by: Self.window) {
                let end = min(text.count, start + Self.window)
                guard text[start..<end].contains(where: { startsToken[Int($0)] }) else { continue }
                let behind = min(text.count, end + sizeMax)
                hash.prefixes(text[start..<behind], into: &prefixes)
                for position in start..<end where startsToken[Int(text[position])] {
                    let found = longest(at: position, in: text, start, behind, prefixes)
                    if found != 0 { body(position, found) }
                }
            }
        }
    }

    /// The longest token at a position, 0 for none. `prefixes` belong to the text from `start` to
    /// `end`.
    private func longest(
        at position: Int, in text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int,
        _ prefixes: [UInt64]
    ) -> Int32 {
        var step = 1
        while step * 2 <= sizeMax { step *= 2 }
        var size = 0
        var best: Int32 = 0
        while step > 0 {
            let length = size + step
            if length <= sizeMax, position + length <= end,
                let mark = table.find(hash.value(prefixes, position - start, length)).map({
                    marks[Int($0)]
                }),
                mark.size == length,
                equals(self.text(mark.entry).lowerBound + size, text, position + size, step)
            {
                size = length
                if mark.best != 0 { best = mark.best }
            }
            step /= 2
        }
        return best
    }
}
