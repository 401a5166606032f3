// Tokens of `added_tokens` in a tokenizer.json, found in a text before anything else happens.
//
// Guarantees: the matches of the tokenizers library. The leftmost token is taken first, the longest
// of those that start there, and the search goes on behind the token's text. Then the flags of the
// token decide. Time is linear in the text for ordinary tokens.
// Does not: normalise. The caller searches the raw text for some tokens, the normalised text for
// the others.

/// A token that is found as a whole.
struct AddedToken: Sendable {
    let id: Int32
    /// The text to look for.
    let content: [UInt8]
    /// True when no letter, digit or mark may stand beside the token.
    let isSingleWord: Bool
    /// True when the token swallows the white space in front.
    let stripsLeft: Bool
    /// True when the token swallows the white space behind.
    let stripsRight: Bool
    /// True when the token is looked for in the normalised text.
    let isNormalized: Bool
    /// True for tokens that carry structure instead of text.
    let isSpecial: Bool
}

/// Which special tokens of a text count.
enum SpecialTokenPolicy {
    case all
    /// None. The text of one is ordinary text, in which no other added token is looked for either.
    case none
    /// All but those with a byte for which the condition holds.
    case outside(_ isCallers: (Int) -> Bool)

    /// How much of a token's text the policy hides.
    enum Hiding {
        case nothing
        case part
        case everything
    }

    var isAll: Bool {
        if case .all = self { true } else { false }
    }

    func hiding(_ range: Range<Int>) -> Hiding {
        switch self {
        case .all: return .nothing
        case .none: return .everything
        case .outside(let isCallers):
            let count = range.count(where: isCallers)
            return count == 0 ? .nothing : count == range.count ? .everything : .part
        }
    }
}

struct AddedTokenMatcher: Sendable {
    /// A part of a text: a token, or text between tokens.
    struct Part {
        var token: Int32?
        var range: Range<Int>
    }

    private let tokens: [AddedToken]
    private let index: SpecialTokenIndex

    var isEmpty: Bool { tokens.isEmpty }
    var containsSpecial: Bool { tokens.contains { $0.isSpecial } }
    var strips: Bool { tokens.contains { $0.stripsLeft || $0.stripsRight } }

    /// Of tokens with the same text, the first counts.
    init(_ tokens: [AddedToken]) {
        var known: Set<[UInt8]> = []
        self.tokens = tokens.filter { known.insert($0.content).inserted }
        var texts = TextList()
        for token in self.tokens { texts.append(token.content) }
        index = SpecialTokenIndex((0..<Int32(self.tokens.count)).map { $0 }, in: texts)
    }

    /// The parts of a text that is not empty, in order.
    func parts(of text: Span<UInt8>, _ policy: SpecialTokenPolicy) -> [Part] {
        guard !isEmpty else { return [Part(token: nil, range: 0..<text.count)] }
        return text.withUnsafeBufferPointer { bytes in
            var search = Search(tokens: tokens, bytes: bytes, policy: policy)
            index.forEachStart(in: text) { position, entry in
                guard position >= search.next else { return }
                var entry = entry
                while entry != 0 {
                    let found = index.entries[Int(entry)]
                    let range = position..<position + Int(found.size)
                    if search.take(Int(found.token), range) { return }
                    entry = found.shorter
                }
            }
            search.finish()
            return search.parts
        }
    }

    /// The state of one search.
    private struct Search {
        let tokens: [AddedToken]
        let text: ScalarText
        let policy: SpecialTokenPolicy
        /// Where the next token may start.
        private(set) var next = 0
        private(set) var parts: [Part] = []
        /// The end of the last part.
        private var done = 0
        /// The last run of white space that was measured.
        private var space = 0..<0

        init(
            tokens: [AddedToken], bytes: UnsafeBufferPointer<UInt8>, policy: SpecialTokenPolicy
        ) {
            self.tokens = tokens
            text = ScalarText(
                bytes: bytes, classes: CharacterClassTable.shared, end: bytes.count)
            self.policy = policy
        }

        /// Takes or passes over a token. Returns false when a shorter one may start here.
        mutating func take(_ number: Int, _ range: Range<Int>) -> Bool {
            let token = tokens[number]
            if token.isSpecial {
                switch policy.hiding(range) {
                case .nothing: break
                case .part: return false
                case .everything:
                    next = range.upperBound
                    return true
                }
            }
            next = range.upperBound
            if token.isSingleWord, touchesWord(range) { return true }
            var (start, stop) = (range.lowerBound, range.upperBound)
            if token.stripsLeft { start = spaceStart(before: start) }
            if token.stripsRight { stop = spaceEnd(from: stop) }
            if done < start { parts.append(Part(token: nil, range: done..<start)) }
            // Nothing is left of a token of white space that the one in front swallowed.
            if start < stop { parts.append(Part(token: token.id, range: start..<stop)) }
            done = stop
            return true
        }

        mutating func finish() {
            if done < text.end { parts.append(Part(token: nil, range: done..<text.end)) }
        }

        private func touchesWord(_ range: Range<Int>) -> Bool {
            if LibraryCharacters.isWord(text.character(at: range.upperBound)) { return true }
            return range.lowerBound > 0
                && LibraryCharacters.isWord(text.character(at: start(before: range.lowerBound)))
        }

        private func start(before offset: Int) -> Int {
            var start = offset - 1
            while start > 0, text.bytes[start] & 0xC0 == 0x80 { start -= 1 }
            return start
        }

        /// The start of the white space in front that no part has taken.
        private func spaceStart(before offset: Int) -> Int {
            var first = offset
            while first > done {
                let previous = start(before: first)
                guard text.character(at: previous).kind == .space else { break }
                first = previous
            }
            return max(first, done)
        }

        private mutating func spaceEnd(from offset: Int) -> Int {
            if space.contains(offset) { return space.upperBound }
            let end = text.skip(offset) { $0.kind == .space }
            space = offset..<end
            return end
        }
    }
}
