// A text while normalizers change it, and which of its bytes come from a caller.
//
// Guarantees: every replaced part is the caller's when a byte in front of the change was. Without
// such marks, no memory is spent on them.
// Does not: keep offsets into the original text.

import ModelFiles

struct NormalizedText {
    private(set) var bytes: [UInt8]
    /// True for each byte that a caller wrote. nil: nobody asks.
    private(set) var isCallers: [Bool]?

    init(bytes: [UInt8], isCallers: [Bool]? = nil) {
        self.bytes = bytes
        self.isCallers = isCallers
    }

    /// Runs `body`, which copies or replaces every part of the text, in order.
    ///
    /// - Parameter classes: the classes of the characters that `body` sees.
    mutating func rewrite(
        classes: CharacterClassTable = .shared, _ body: (ScalarText, inout TextRewriter) -> Void
    ) {
        let (old, oldMarks) = (bytes, isCallers)
        old.withUnsafeBufferPointer { source in
            var rewriter = TextRewriter(source, marks: oldMarks)
            body(ScalarText(bytes: source, classes: classes, end: source.count), &rewriter)
            bytes = rewriter.bytes
            isCallers = rewriter.marks
        }
    }

    /// Puts bytes of the vocabulary in front.
    mutating func prepend(_ text: [UInt8]) {
        bytes.insert(contentsOf: text, at: 0)
        isCallers?.insert(contentsOf: repeatElement(false, count: text.count), at: 0)
    }

    /// Keeps a part only.
    mutating func trim(to range: Range<Int>) {
        guard range != bytes.indices else { return }
        bytes = Array(bytes[range])
        isCallers = isCallers.map { Array($0[range]) }
    }
}

/// The new text while one step goes over the old one.
struct TextRewriter {
    private let source: UnsafeBufferPointer<UInt8>
    private let sourceMarks: [Bool]?
    fileprivate private(set) var bytes: [UInt8] = []
    fileprivate private(set) var marks: [Bool]?

    fileprivate init(_ source: UnsafeBufferPointer<UInt8>, marks: [Bool]?) {
        self.source = source
        sourceMarks = marks
        bytes.reserveCapacity(source.count)
        self.marks = marks.map { _ in [] }
    }

    /// Copies a part of the old text.
    mutating func keep(_ range: Range<Int>) {
        bytes.append(contentsOf: source[range])
        if let sourceMarks { marks?.append(contentsOf: sourceMarks[range]) }
    }

    /// Writes something else for a part of the old text.
    mutating func replace(_ range: Range<Int>, with text: some Collection<UInt8>) {
        bytes.append(contentsOf: text)
        if let sourceMarks {
            let mark = sourceMarks[range].contains(true)
            marks?.append(contentsOf: repeatElement(mark, count: text.count))
        }
    }
}

extension NormalizedText {
    /// The text with its ill-formed parts repaired.
    var wellFormed: NormalizedText {
        guard let isCallers, !isValidText else {
            return isValidText ? self : NormalizedText(bytes: repaired(bytes[...]))
        }
        // A repaired part belongs to one side, because the sides are repaired one by one.
        var result: [UInt8] = []
        var marks: [Bool] = []
        var start = 0
        while start < bytes.count {
            let end = isCallers[start...].firstIndex { $0 != isCallers[start] } ?? bytes.count
            let part = repaired(bytes[start..<end])
            result += part
            marks += repeatElement(isCallers[start], count: part.count)
            start = end
        }
        return NormalizedText(bytes: result, isCallers: marks)
    }

    private var isValidText: Bool {
        bytes.withUnsafeBytes { isValidUTF8($0) }
    }

    private func repaired(_ part: ArraySlice<UInt8>) -> [UInt8] {
        part.withUnsafeBufferPointer { Tokenizers.wellFormed($0) ?? Array($0) }
    }
}
