// Many short byte strings in one allocation.
//
// Guarantees: a list has two arrays, whatever the count, and an entry is a range, never an object.
// A vocabulary of 150,000 texts costs two allocations to build and none to read.
//
//   bytes    h e l l o w o r l d
//   offsets  0         5         10      entry i = bytes[offsets[i] ..< offsets[i + 1]]
//
// Does not: check content. Entries may be empty, equal, and invalid UTF-8.

/// An append-only list of byte strings.
public struct TextList: Sendable, Equatable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var offsets: [UInt32] = [0]

    /// An empty list.
    public init() {}

    /// A list of the UTF-8 of the given strings.
    public init(_ texts: some Sequence<String>) {
        for text in texts { append(text.utf8) }
    }

    /// Number of entries.
    public var count: Int { offsets.count - 1 }
    /// Bytes of all entries together.
    public var byteCount: Int { bytes.count }

    /// Makes room for `count` entries of `byteCount` bytes, so that appending them does not move
    /// the list.
    public mutating func reserve(count: Int, byteCount: Int) {
        offsets.reserveCapacity(count + 1)
        bytes.reserveCapacity(byteCount)
    }

    /// Appends one entry. All entries together must stay below 4 GiB (readers bound the list far
    /// below).
    public mutating func append(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
        precondition(bytes.count <= Int(UInt32.max), "text list of \(bytes.count) bytes")
        offsets.append(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// The bytes of entry `index`.
    public subscript(index: Int) -> ArraySlice<UInt8> {
        bytes[range(index)]
    }

    /// The range of entry `index` in `bytes`.
    package func range(_ index: Int) -> Range<Int> {
        Int(offsets[index])..<Int(offsets[index + 1])
    }

    /// Size of entry `index` in bytes.
    package func size(_ index: Int) -> Int {
        Int(offsets[index + 1]) - Int(offsets[index])
    }
}
