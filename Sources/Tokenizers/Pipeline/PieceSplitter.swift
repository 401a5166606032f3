// All steps of `pre_tokenizer`, one inside the pieces of the other.
//
// Guarantees: the words that the tokenizers library makes, in order. Words of a byte-level
// vocabulary are left as bytes where ByteLevel is the last step, so the usual steps copy nothing.
// Does not: merge.

struct PieceSplitter: Sendable {
    /// The steps, without those that leave a word as it is.
    private let steps: [PreTokenizerStep]
    /// True when the words are bytes that still have to be written in `ByteAlphabet`.
    let givesBytes: Bool
    private let classes: CharacterClassTable

    typealias Body = (UnsafeBufferPointer<UInt8>, Range<Int>) -> Void

    init(_ steps: [PreTokenizerStep]) {
        var steps = steps
        switch steps.last {
        case .byteLevel(let addsPrefixSpace, let usesPattern):
            givesBytes = true
            if !addsPrefixSpace {
                // Nothing is left to do but to cut.
                steps.removeLast()
                if usesPattern {
                    steps.append(.split(Self.bytePattern, .isolated, isInverted: false))
                }
            }
        default: givesBytes = false
        }
        self.steps = steps
        classes = steps.isEmpty ? CharacterClassTable.shared : LibraryCharacters.patternClasses
    }

    /// The pattern of the step `ByteLevel`.
    private static let bytePattern = TextPattern.rule(.gpt2(keepsLoneSpace: true))

    /// Calls `body` with each word of a part of a text.
    ///
    /// - Parameter isFirst: the part starts where the text starts.
    func forEachWord(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, isFirst: Bool, _ body: Body
    ) {
        split(bytes, range, steps[...], isFirst, body)
    }

    private func split(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        _ steps: ArraySlice<PreTokenizerStep>, _ isFirst: Bool, _ body: Body
    ) {
        if range.isEmpty { return }
        guard let step = steps.first else { return body(bytes, range) }
        let rest = steps.dropFirst()
        func pass(_ piece: Range<Int>) {
            split(bytes, piece, rest, isFirst && piece.lowerBound == range.lowerBound, body)
        }
        switch step {
        case .split(let pattern, let behavior, let isInverted):
            let text = ScalarText(bytes: bytes, classes: classes, end: range.upperBound)
            if rest.isEmpty {
                behavior.forEachPiece(
                    range, isInverted: isInverted, { pattern.find(text, from: $0) },
                    { body(bytes, $0) })
            } else {
                behavior.forEachPiece(
                    range, isInverted: isInverted, { pattern.find(text, from: $0) }, pass)
            }
        case .fixedLength(let length):
            let text = ScalarText(bytes: bytes, classes: classes, end: range.upperBound)
            var start = range.lowerBound
            while start < range.upperBound {
                var count = 0
                let end = text.skip(start) { _ in
                    count += 1
                    return count <= length
                }
                pass(start..<end)
                start = end
            }
        case .metaspace(let metaspace):
            metaspace.escaped(bytes, range, isFirst: isFirst).withUnsafeBufferPointer { text in
                escape(text, metaspace, rest, isFirst, body)
            }
        case .byteLevel(let addsPrefixSpace, let usesPattern):
            if addsPrefixSpace, bytes[range.lowerBound] != 0x20 {
                ([0x20] + bytes[range]).withUnsafeBufferPointer {
                    writeBytes($0, 0..<$0.count, usesPattern, rest, isFirst, body)
                }
            } else {
                writeBytes(bytes, range, usesPattern, rest, isFirst, body)
            }
        }
    }

    private func escape(
        _ text: UnsafeBufferPointer<UInt8>, _ metaspace: Metaspace,
        _ rest: ArraySlice<PreTokenizerStep>, _ isFirst: Bool, _ body: Body
    ) {
        guard metaspace.splits else { return split(text, 0..<text.count, rest, isFirst, body) }
        let scalars = ScalarText(bytes: text, classes: classes, end: text.count)
        let pattern = TextPattern.text(metaspace.replacement)
        SplitBehavior.mergedWithNext.forEachPiece(
            0..<text.count, isInverted: false, { pattern.find(scalars, from: $0) }
        ) { split(text, $0, rest, isFirst && $0.lowerBound == 0, body) }
    }

    private func writeBytes(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ usesPattern: Bool,
        _ rest: ArraySlice<PreTokenizerStep>, _ isFirst: Bool, _ body: Body
    ) {
        func write(_ piece: Range<Int>) {
            if rest.isEmpty { return body(bytes, piece) }
            var written: [UInt8] = []
            ByteAlphabet.append(UnsafeBufferPointer(rebasing: bytes[piece]), to: &written)
            written.withUnsafeBufferPointer {
                split(
                    $0, 0..<$0.count, rest, isFirst && piece.lowerBound == range.lowerBound, body)
            }
        }
        guard usesPattern else { return write(range) }
        let text = ScalarText(bytes: bytes, classes: classes, end: range.upperBound)
        let rule = SplitRule.gpt2(keepsLoneSpace: true)
        var start = range.lowerBound
        while let match = rule.find(text, from: start) {
            write(match)
            start = match.upperBound
        }
    }
}
