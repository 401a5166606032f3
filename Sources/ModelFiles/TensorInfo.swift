// One checked entry of a file's tensor table.
//
// Guarantees: when the parse layer hands one out, name, dimensions and format are valid and
// byteOffset ..< byteOffset + byteSize lies inside the file and overlaps no other tensor.
// Does not: hold or check the values themselves.

/// Name, shape, format and place of one tensor.
public struct TensorInfo: Sendable, Equatable {
    /// 1 to 64 bytes, unique in its file.
    public let name: String
    /// Lengths in ggml's order: `[0]` is the length of a row (columns). One to four entries,
    /// each >= 1.
    public let dimensions: [Int]
    /// How the values are stored.
    public let format: TensorFormat
    /// First byte, counted from the start of the file.
    public let byteOffset: Int
    /// Bytes of all blocks, and of the trailer if the format has one.
    public let byteSize: Int

    package init(
        name: String, dimensions: [Int], format: TensorFormat, byteOffset: Int, byteSize: Int
    ) {
        self.name = name
        self.dimensions = dimensions
        self.format = format
        self.byteOffset = byteOffset
        self.byteSize = byteSize
    }

    /// Values in a row.
    public var columns: Int { dimensions[0] }
    /// Rows: the product of all dimensions but the first.
    public var rows: Int { dimensions.dropFirst().reduce(1, *) }
    /// Values in the tensor.
    public var valueCount: Int { dimensions.reduce(1, *) }
}
