// Joins texts and keeps the origin of each byte.

/// A text under construction.
struct TextBuilder {
    private(set) var bytes: [UInt8] = []
    private var runs: [TextStorage.Run] = []
    private var isASCII = true

    var count: Int { bytes.count }

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func append(_ text: TemplateText) {
        guard !text.isEmpty else { return }
        let start = bytes.count
        text.withBytes { bytes.append(contentsOf: $0) }
        isASCII = isASCII && text.storage.isASCII
        text.forEachRun { extend($1, to: start + $0.upperBound) }
    }

    /// Appends words of the template: ASCII.
    mutating func append(_ word: StaticString, origin: UInt32 = 0) {
        word.withUTF8Buffer { bytes.append(contentsOf: $0) }
        extend(origin)
    }

    mutating func append(_ word: String, origin: UInt32 = 0) {
        bytes.append(contentsOf: word.utf8)
        isASCII = isASCII && word.utf8.allSatisfy { $0 < 0x80 }
        extend(origin)
    }

    mutating func append(byte: UInt8, origin: UInt32) {
        bytes.append(byte)
        isASCII = isASCII && byte < 0x80
        extend(origin)
    }

    mutating func append(scalar value: UInt32, origin: UInt32) {
        if value < 0x80 { return append(byte: UInt8(value), origin: origin) }
        guard let scalar = Unicode.Scalar(value), let units = UTF8.encode(scalar) else { return }
        bytes.append(contentsOf: units)
        isASCII = false
        extend(origin)
    }

    /// Gives the bytes behind the last run to `origin`.
    private mutating func extend(_ origin: UInt32) { extend(origin, to: bytes.count) }

    private mutating func extend(_ origin: UInt32, to end: Int) {
        let last = runs.count - 1
        guard last >= 0 else {
            if end > 0 { runs.append(TextStorage.Run(end: end, origin: origin)) }
            return
        }
        guard end > runs[last].end else { return }
        if runs[last].origin == origin {
            runs[last].end = end
        } else {
            runs.append(TextStorage.Run(end: end, origin: origin))
        }
    }

    /// The text. Does not copy.
    func text(isMarked: Bool = false) -> TemplateText {
        guard !bytes.isEmpty else {
            return TemplateText(TextStorage.empty, 0..<0, isMarked: isMarked)
        }
        return TemplateText(
            TextStorage(bytes, runs: runs, isASCII: isASCII), 0..<bytes.count, isMarked: isMarked)
    }
}
