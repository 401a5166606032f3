// The key-value section of a model file, in file order.
//
// Guarantees: keys are unique, printable ASCII and non-empty. Lookup is a dictionary access.
// Does not: interpret keys. The compatibility layer does.

/// Checked metadata of one file. A value for any thread, cheap to copy.
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

    /// Number of entries.
    public var count: Int { keys.count }

    /// The value stored under `key`, or nil.
    public subscript(key: String) -> MetadataValue? { entries[key]?.value }

    /// Byte offset of the entry in the file for error texts, or nil for an absent key.
    public func byteOffset(of key: String) -> Int? { entries[key]?.offset }
}
