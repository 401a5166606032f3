// Parses an open SafeTensors file into a checked tensor table, or refuses the file with an error.
//
// Layout (facts from the safetensors format description, numbers little-endian):
//
//   0      u64 size of the header
//   8      header: a JSON object, name -> {"dtype", "shape", "data_offsets": [first, behind last]},
//          and perhaps "__metadata__": an object of texts. Spaces may follow the object.
//   8 + n  tensor data. Offsets count from here. Tensors cover all bytes up to the file's end.
//
// Guarantees: for any bytes, parsing gives a `SafeTensorsFile` or throws a `ModelFileError`. All
// tensors of a parsed file lie inside the file, have the size of their shape and type, and neither
// overlap nor leave a hole. The header's size is compared with the limit and with the file's size
// before the header is read.
// Does not: accept tensors without values or with more than four dimensions (no supported model
// has any), interpret names, or read tensor data.

/// A parsed SafeTensors file. A value for any thread.
public struct SafeTensorsFile: TensorSource {
    /// The file itself.
    public let file: ModelFile
    /// Tensors in the order of their data.
    public let tensors: [TensorInfo]
    /// The texts of `__metadata__`, in file order.
    public let texts: [(key: String, value: String)]
    /// First byte of tensor data.
    public let dataOffset: Int
    private let indexes: [String: Int]

    /// `file` alone.
    public var files: [ModelFile] { [file] }

    /// Parses `file`. Any thread. Reads the header, never tensor data. Allocates in proportion to
    /// the header, within `limits`. Throws a `parse` layer error.
    ///
    /// `TensorInfo.dimensions` is in ggml's order: the last length of `shape` comes first.
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
