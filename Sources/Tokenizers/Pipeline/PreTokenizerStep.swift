// One step of `pre_tokenizer` in a tokenizer.json.
//
// Guarantees: the pieces that the tokenizers library makes, in order, none of them empty.
// Does not: read JSON (`StepReader` does).

enum PreTokenizerStep: Sendable {
    /// Cuts at each match of a pattern.
    case split(TextPattern, SplitBehavior, isInverted: Bool)
    /// Writes spaces as another character, and may put one in front and cut before each.
    case metaspace(Metaspace)
    /// Writes bytes as characters of `ByteAlphabet`.
    case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
    /// Cuts behind each `length` characters.
    case fixedLength(Int)
}

/// What becomes of a match.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

/// The parameters of a Metaspace step.
struct Metaspace: Sendable {
    /// Where a space is put in front.
    enum Prefix: String, Sendable, CaseIterable {
        case always
        /// Only in front of the piece at the very start of the text.
        case first
        case never
    }

    let replacement: [UInt8]
    let prefix: Prefix
    let splits: Bool

    /// The text with its spaces replaced.
    func escaped(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, isFirst: Bool) -> [UInt8]
    {
        var result: [UInt8] = []
        result.reserveCapacity(range.count + range.count / 2 + replacement.count)
        for byte in text[range] {
            if byte == 0x20 {
                result.append(contentsOf: replacement)
            } else {
                result.append(byte)
            }
        }
        let isWanted = prefix == .always || prefix == .first && isFirst
        if isWanted, !result.starts(with: replacement) {
            result.insert(contentsOf: replacement, at: 0)
        }
        return result
    }
}

extension SplitBehavior {
    /// Calls `body` with each piece of a text. `find` gives the first match at or behind a place.
    @inline(__always)
    func forEachPiece(
        _ range: Range<Int>, isInverted: Bool, _ find: (Int) -> Range<Int>?,
        _ body: (Range<Int>) -> Void
    ) {
        var gap = range.lowerBound
        if case .isolated = self {
            while let match = find(gap) {
                if gap < match.lowerBound { body(gap..<match.lowerBound) }
                body(match)
                gap = match.upperBound
            }
            if gap < range.upperBound { body(gap..<range.upperBound) }
            return
        }
        var collector = PieceCollector(behavior: self)
        while let match = find(gap) {
            if gap < match.lowerBound {
                collector.add(gap..<match.lowerBound, isMatch: isInverted, body)
            }
            collector.add(match, isMatch: !isInverted, body)
            gap = match.upperBound
        }
        if gap < range.upperBound {
            collector.add(gap..<range.upperBound, isMatch: isInverted, body)
        }
        collector.finish(body)
    }
}

/// Joins matches with their neighbours. At most one piece waits.
private struct PieceCollector {
    let behavior: SplitBehavior
    private var waiting: Range<Int>?
    private var wasMatch = false

    init(behavior: SplitBehavior) { self.behavior = behavior }

    mutating func add(_ part: Range<Int>, isMatch: Bool, _ body: (Range<Int>) -> Void) {
        switch behavior {
        case .isolated: body(part)
        case .removed: if !isMatch { body(part) }
        case .contiguous: join(part, isMatch == wasMatch, body)
        case .mergedWithPrevious: join(part, isMatch && !wasMatch, body)
        case .mergedWithNext: join(part, wasMatch && !isMatch, body)
        }
        wasMatch = isMatch
    }

    private mutating func join(
        _ part: Range<Int>, _ joins: Bool, _ body: (Range<Int>) -> Void
    ) {
        if let waiting, joins {
            self.waiting = waiting.lowerBound..<part.upperBound
        } else {
            finish(body)
            waiting = part
        }
    }

    mutating func finish(_ body: (Range<Int>) -> Void) {
        if let waiting { body(waiting) }
        waiting = nil
    }
}
