// A reading position in the head of a file that cannot leave its bounds.
//
// Guarantees: every read is checked against `end` with overflow-safe arithmetic before a byte is
// touched; a read beyond it is a typed `truncated` error that says what was being read and where.
// Bytes that have not been read from the file yet are read then.
// Does not: keep bytes, the file's head does; does not know the format it walks through.

struct ByteCursor {
    private let file: ModelFile
    /// What has been read of the file.
    private var bytes: UnsafeRawBufferPointer
    /// First offset that may not be read.
    let end: Int
    /// Next byte to read, counted from the start of the file.
    private(set) var offset: Int
    /// Where errors say they happened; `offset` is filled in.
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

    /// Reads one little-endian integer. `what` names it for the error text.
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

    /// Takes `size` bytes without copying. The size must already be known to be sane, but is
    /// checked again.
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

    /// Sees to it that the next `size` bytes, which lie before the end, have been read.
    private mutating func load(_ size: Int) throws(ModelFileError) {
        guard offset + size > bytes.count else { return }
        bytes = try file.head(min(end, offset + max(size, 64 << 10)))
    }

    /// The error for `needed` bytes that are not there.
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
