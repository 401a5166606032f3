// A bounded reading position in the head of a file.
//
// Guarantees: every read is checked against `end` with overflow-safe arithmetic before a byte is
// touched. A read beyond `end` throws `truncated`, with the name of the value and the byte offset.
// The cursor loads more of the file's head when a read needs bytes that are not loaded yet.
// Does not: keep bytes (the file's head does), or know the format of the file.

struct ByteCursor {
    private let file: ModelFile
    /// The loaded part of the file's head.
    private var bytes: UnsafeRawBufferPointer
    /// First offset behind the readable bytes.
    let end: Int
    /// Next byte to read, counted from the start of the file.
    private(set) var offset: Int
    /// Location for errors. `error` fills in `offset`.
    var location: ModelFileError.Location

    init(_ file: ModelFile, offset: Int, end: Int) {
        precondition(end <= file.size && offset <= end, "cursor outside the file")
        self.file = file
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        self.offset = offset
        self.end = end
        location = .init(path: file.path)
    }

    var remaining: Int { end - offset }

    /// Reads a little-endian integer. `what` names the integer in error texts.
    mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ what: StaticString
    ) throws(ModelFileError) -> Number {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw truncated(what, needed: UInt64(size)) }
        try load(size)
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
        offset += size
        return Number(littleEndian: value)
    }

    /// Takes `size` bytes without a copy. Callers check the size, and `take` checks again.
    mutating func take(
        _ size: Int, _ what: StaticString
    ) throws(ModelFileError) -> UnsafeRawBufferPointer {
        guard size >= 0, size <= remaining else {
            throw truncated(what, needed: UInt64(max(size, 0)))
        }
        try load(size)
        defer { offset += size }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size])
    }

    /// Loads the next `size` bytes of the file if needed. They must lie before `end`.
    private mutating func load(_ size: Int) throws(ModelFileError) {
        guard offset + size > bytes.count else { return }
        bytes = try file.head(min(end, offset + max(size, 64 << 10)))
    }

    /// The error for a value of `needed` bytes that does not fit before `end`.
    func truncated(_ what: StaticString, needed: UInt64) -> ModelFileError {
        error(
            .truncated, tried: "reading \(what)", found: "\(remaining) bytes left",
            allowed: "\(needed) bytes or more")
    }

    /// An error at the current position, or at `offset` if given.
    func error(
        _ code: ModelFileError.Code, tried: String, found: String, allowed: String,
        at offset: Int? = nil
    ) -> ModelFileError {
        var place = location
        place.offset = offset ?? self.offset
        return ModelFileError(code, tried: tried, found: found, allowed: allowed, location: place)
    }
}
