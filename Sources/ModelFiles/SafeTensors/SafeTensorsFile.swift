// One SafeTensors file: an open file becomes a checked tensor table, or a typed refusal.
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
    /// The file itself.
    public let file: ModelFile
    /// In the order of their data.
    public let tensors: [TensorInfo]
    /// The texts of `__metadata__`, in file order.
    public let texts: [(key: String, value: String)]
    /// First byte of tensor data.
    public let dataOffset: Int
    private let indexes: [String: Int]

    /// The one file.
    public var files: [ModelFile] { [file] }

    /// Parses `file`. Any thread; reads the header, never tensor data; allocates in proportion to
    /// the header, within `limits`. Throws a `parse` layer error.
    ///
    /// Dimensions are handed out in ggml's order: the last of `shape` comes first.
    public init(_ file: ModelFile, limits: ParseLimits = .default) throws(ModelFileError) {
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

    /// See `TensorSource`.
    public func part(of tensor: TensorInfo) -> TensorPart { TensorPart(file, tensor, dataOffset) }
}
