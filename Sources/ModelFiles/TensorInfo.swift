// A checked entry of a file's tensor table.
//
// Guarantees: in an entry from the parse layer, name, dimensions and format are valid, and
// `byteOffset ..< byteOffset + byteSize` lies inside the file and overlaps no other tensor.
// Does not: hold or check the tensor's values.

/// Name, shape, format and place of one tensor.
public struct TensorInfo: Sendable, Equatable {
    /// Name of the tensor, unique in the file. 1 to 64 bytes in GGUF, 1 to 256 in SafeTensors.
    public let name: String
    /// Lengths in ggml's order: `[0]` is the length of a row (columns). One to four entries,
    /// each >= 1.
    public let dimensions: [Int]
    /// Storage format of the values.
    public let format: TensorFormat
    /// Offset of the first byte from the start of the file.
    public let byteOffset: Int
    /// Bytes of all blocks, and of the trailer in formats with a trailer.
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
