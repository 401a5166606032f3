// Builds SafeTensors files byte by byte, right ones and wrong ones.
//
// Each part of an entry is JSON text as it will stand in the header, so that a test can write any
// nonsense there and nothing else differs. It shares no code with the parser.

/// A SafeTensors file in the making. A value: copy it, break the copy.
package struct SafeTensorsBuilder: Sendable {
    /// Entries in header order; a name may be there twice.
    package var entries: [Entry] = []
    /// JSON text in front of the first entry, with its comma.
    package var prefix = #""__metadata__":{"format":"pt"},"#
    /// Replaces the whole header.
    package var header: String?
    /// Bytes behind the header's text, still part of it.
    package var padding: [UInt8] = []
    /// Replaces the size of the header.
    package var claimedHeaderSize: UInt64?
    /// Tensor data.
    package var data: [UInt8] = []

    /// Starts with an empty file.
    package init() {}

    /// One tensor, in JSON text.
    package struct Entry: Sendable {
        /// Without quotation marks.
        package var name: String
        /// A name, with quotation marks.
        package var dtype: String
        /// An array.
        package var shape: String
        /// An array of two.
        package var offsets: String
        /// More members, with a leading comma.
        package var more = ""
        /// Replaces the value as a whole.
        package var value: String?
    }

    /// Adds a tensor behind the ones before.
    package mutating func add(_ name: String, _ dtype: String, _ shape: [Int], data bytes: [UInt8])
    {
        entries.append(
            Entry(
                name: name, dtype: "\"\(dtype)\"", shape: "\(shape)",
                offsets: "[\(data.count),\(data.count + bytes.count)]"))
        data += bytes
    }

    /// The file's bytes.
    package func build() -> [UInt8] {
        let members = entries.map { entry in
            let value =
                entry.value
                ?? #"{"dtype":\#(entry.dtype),"shape":\#(entry.shape),"#
                + #""data_offsets":\#(entry.offsets)\#(entry.more)}"#
            return "\"\(entry.name)\":" + value
        }
        let text = Array((header ?? "{" + prefix + members.joined(separator: ",") + "}").utf8)
        let size = claimedHeaderSize ?? UInt64(text.count + padding.count)
        return withUnsafeBytes(of: size.littleEndian) { Array($0) } + text + padding + data
    }

    /// Two tensors: `a`, BF16 [2, 3], and `b`, F32 [4].
    package static let smallest: SafeTensorsBuilder = {
        var builder = SafeTensorsBuilder()
        builder.add("a", "BF16", [2, 3], data: (0..<12).map { UInt8($0) })
        builder.add("b", "F32", [4], data: (0..<16).map { UInt8($0) })
        return builder
    }()
}
