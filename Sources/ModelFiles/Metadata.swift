// The key-value section of a model file, in file order.
//
// Guarantees: keys are unique, printable ASCII and non-empty; lookup is one dictionary access.
// Does not: interpret keys; the compatibility layer does.

/// Checked metadata of one file. A value; cheap to copy, any thread.
public struct Metadata: Sendable {
    /// Keys in file order.
    public let keys: [String]
    private let entries: [String: Entry]

    package struct Entry: Sendable {
        let value: MetadataValue
        /// Byte offset of the entry (its key's length field) from the start of the file.
        let offset: Int
    }

    package init(keys: [String], entries: [String: Entry]) {
        self.keys = keys
        self.entries = entries
    }

    /// Entries.
    public var count: Int { keys.count }

    /// The value stored under `key`, or nil.
    public subscript(key: String) -> MetadataValue? { entries[key]?.value }

    /// Where the entry starts in the file, for error texts; nil for an absent key.
    public func byteOffset(of key: String) -> Int? { entries[key]?.offset }
}
