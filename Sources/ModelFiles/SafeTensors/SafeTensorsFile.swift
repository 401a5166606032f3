// One SafeTensors file: a mapped file becomes a checked tensor table, or a typed refusal.
//
// Layout (facts from the safetensors format description; numbers little-endian):
//
//   0      u64 size of the header
//   8      header: a JSON object, name -> {"dtype", "shape", "data_offsets": [first, behind last]},
//          and perhaps "__metadata__": texts; spaces may follow it
//   8 + n  data; offsets count from here; tensors cover it from the first byte to the last
//
// Guarantees: whatever the bytes are, the outcome is a file all of whose tensors lie inside it,
// have the size that shape and type need, overlap nothing and leave no hole, or a `ModelFileError`.
// The header's size is compared with limit and file before it is read.
// Does not: accept tensors without values or with more than four dimensions, which no supported
// model has; interpret names; read tensor data.

/// A parsed SafeTensors file. A value; any thread.
public struct SafeTensorsFile: TensorSource {
    /// Keeps the mapping alive.
    public let file: MappedFile
    /// In the order of their data.
    public let tensors: [TensorInfo]
    /// The texts of `__metadata__`, in file order.
    public let texts: [(key: String, value: String)]
    /// First byte of tensor data.
    public let dataOffset: Int
    private let indexes: [String: Int]

    /// The one file.
    public var files: [MappedFile] { [file] }

    /// Parses `file`. Any thread; reads the header, never tensor data; allocates in proportion to
    /// the header, within `limits`. Throws a `parse` layer error.
    ///
    /// Dimensions are handed out in ggml's order: the last of `shape` comes first.
    public init(_ file: MappedFile, limits: ParseLimits = .default) throws(ModelFileError) {
        let header = try SafeTensorsHeader(file, limits: limits)
        self.file = file
        tensors = header.tensors
        texts = header.texts
        dataOffset = header.dataOffset
        indexes = Dictionary(
            uniqueKeysWithValues: tensors.enumerated().map { ($0.element.name, $0.offset) })
    }

    /// The tensor with this name, or nil. One dictionary access.
    public func tensor(_ name: String) -> TensorInfo? { indexes[name].map { tensors[$0] } }

    /// The stored bytes of a tensor of this file. Valid while `file` is alive.
    public func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        let range = tensor.byteOffset..<tensor.byteOffset + tensor.byteSize
        precondition(range.upperBound <= file.bytes.count, "tensor \(tensor.name) of another file")
        return UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }
}
