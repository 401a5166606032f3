// A text of a rendering: UTF-8 bytes, each with the origin of its words.
//
//   bytes    "<|user|>" "Hi <|end|>" "\n"
//   origin    0          7            0        7: a text that the caller numbered so
//
// Guarantees: the bytes are valid UTF-8, and no operation of this module loses an origin. Slices
// share the bytes of the whole. Safe to pass between threads.
// Does not: decide about special tokens. A tokenizer looks at the origins.

import Glibc

/// Bytes and origins that texts share.
final class TextStorage: Sendable {
    /// Bytes of one origin up to `end`, from the end of the run before.
    struct Run: Sendable, Equatable {
        var end: Int
        var origin: UInt32
    }

    let bytes: [UInt8]
    /// Runs in order up to `bytes.count`. Empty where all bytes have `origin`.
    let runs: [Run]
    let origin: UInt32
    let isASCII: Bool

    static let empty = TextStorage([], origin: 0)

    init(_ bytes: [UInt8], origin: UInt32, isASCII: Bool? = nil) {
        self.bytes = bytes
        self.origin = origin
        runs = []
        self.isASCII = isASCII ?? bytes.allSatisfy { $0 < 0x80 }
    }

    init(_ bytes: [UInt8], runs: [Run], isASCII: Bool) {
        self.bytes = bytes
        self.runs = runs.count > 1 ? runs : []
        origin = runs.first?.origin ?? 0
        self.isASCII = isASCII
    }
}

/// A slice of shared text. A value for any thread.
package struct TemplateText: Sendable {
    let storage: TextStorage
    let start: Int32
    let end: Int32
    /// True for a text that the filter `safe` marked: `+` escapes the other operand.
    var isMarked = false

    init(_ storage: TextStorage, _ range: Range<Int>, isMarked: Bool = false) {
        self.storage = storage
        start = Int32(truncatingIfNeeded: range.lowerBound)
        end = Int32(truncatingIfNeeded: range.upperBound)
        self.isMarked = isMarked
    }

    /// Copies a text. All its bytes get `origin`: 0 for words of the template, else a number of
    /// the caller's choice. A text has at most 2 GiB.
    package init(_ text: String, origin: UInt32 = 0) {
        self.init(bytes: Array(text.utf8), origin: origin)
    }

    /// `bytes` must be UTF-8.
    init(bytes: [UInt8], origin: UInt32 = 0) {
        precondition(bytes.count <= Int(Int32.max), "a text of \(bytes.count) bytes")
        self.init(TextStorage(bytes, origin: origin), 0..<bytes.count)
    }

    static let empty = TemplateText(TextStorage.empty, 0..<0)

    var range: Range<Int> { Int(start)..<Int(end) }
    /// Size in bytes.
    package var count: Int { Int(end &- start) }
    package var isEmpty: Bool { start == end }
    /// The UTF-8 bytes, not copied.
    package var utf8: ArraySlice<UInt8> { storage.bytes[range] }
    /// A copy as a string.
    package var string: String { String(decoding: utf8, as: UTF8.self) }

    /// The bytes in order, cut where the origin changes. Ranges count from the start of this text.
    package var runs: [(range: Range<Int>, origin: UInt32)] {
        var result: [(range: Range<Int>, origin: UInt32)] = []
        forEachRun { result.append(($0, $1)) }
        return result
    }

    /// Calls `body` with each of `runs` in order.
    func forEachRun(_ body: (Range<Int>, UInt32) -> Void) {
        guard !isEmpty else { return }
        guard !storage.runs.isEmpty else { return body(0..<count, storage.origin) }
        var position = Int(start)
        var index = runIndex(at: position)
        while position < Int(end) {
            let stop = min(storage.runs[index].end, Int(end))
            body(position - Int(start)..<stop - Int(start), storage.runs[index].origin)
            position = stop
            index += 1
        }
    }

    /// Calls `body` with the bytes. They must not leave it.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// The number of bytes and the first seven, or fewer: equal texts have equal keys.
    var searchKey: UInt64 {
        withBytes { bytes in
            var key = UInt64(truncatingIfNeeded: bytes.count & 0xFF)
            for index in 0..<min(bytes.count, Self.searchKeyBytes) {
                key |= UInt64(bytes[index]) << UInt64(8 * (index + 1))
            }
            return key
        }
    }

    private static var searchKeyBytes: Int { 7 }

    /// The index of the storage's run around the byte at `position` of the storage.
    func runIndex(at position: Int) -> Int {
        var low = 0
        var high = storage.runs.count - 1
        while low < high {
            let middle = (low + high) / 2
            if storage.runs[middle].end > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The same bytes with one origin. Shares them.
    package func attributed(to origin: UInt32) -> TemplateText {
        TemplateText(
            TextStorage(storage.bytes, origin: origin, isASCII: storage.isASCII), range,
            isMarked: isMarked)
    }

    /// A part, in bytes from the start of this text. Both ends must be between characters.
    package func slice(_ part: Range<Int>) -> TemplateText {
        TemplateText(
            storage, Int(start) + part.lowerBound..<Int(start) + part.upperBound,
            isMarked: isMarked)
    }

    /// The same text, not marked.
    var unmarked: TemplateText {
        var text = self
        text.isMarked = false
        return text
    }
}

/// Texts are equal by their bytes. Origins and marks do not count.
extension TemplateText {
    /// Both texts behind each other, not marked.
    package static func + (left: TemplateText, right: TemplateText) -> TemplateText {
        var builder = TextBuilder()
        builder.append(left)
        builder.append(right)
        return builder.text()
    }
}

extension TemplateText: Equatable, Hashable {
    package static func == (left: TemplateText, right: TemplateText) -> Bool {
        guard left.count == right.count else { return false }
        if left.storage === right.storage, left.start == right.start { return true }
        return left.withBytes { left in
            right.withBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else {
                    return true
                }
                return memcmp(first, second, left.count) == 0
            }
        }
    }

    package func hash(into hasher: inout Hasher) {
        utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension TemplateText: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}
