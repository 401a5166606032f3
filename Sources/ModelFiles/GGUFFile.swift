// The `parse` layer for GGUF: turns an open file into checked metadata and a checked tensor table,
// or refuses the file with an error.
//
// Layout of GGUF versions 2 and 3 (facts from ggml's docs/gguf.md, all numbers little-endian):
//
//   0   "GGUF"                      magic
//   4   u32 version                 2 or 3
//   8   u64 tensor count
//   16  u64 metadata count
//   24  metadata entries            string key, u32 type, value
//   …   tensor entries              string name, u32 n, n x u64 dimension, u32 format, u64 offset
//   …   zero padding to the alignment, then tensor data (tensor offsets count from here)
//
// Guarantees: for any bytes, parsing gives a `GGUFFile` or throws a `ModelFileError`. All tensors
// of a `GGUFFile` lie inside the file without overlap. Every length is checked against the file
// before memory is allocated for the length.
// Does not: interpret metadata, read tensor data, or support version 1 and big-endian files
// (refused by name).

/// A parsed GGUF file: metadata and tensor table. A value for any thread.
public struct GGUFFile: Sendable {
    /// The file itself.
    public let file: ModelFile
    /// 2 or 3.
    public let version: UInt32
    /// Alignment of tensor data in bytes.
    public let alignment: Int
    /// Keys and values in file order.
    public let metadata: Metadata
    /// Tensors in file order.
    public let tensors: [TensorInfo]
    /// First byte of the data section. Equals the file's size if the file has neither tensors nor
    /// padding.
    public let dataOffset: Int
    private let tensorIndexes: [String: Int]

    /// Parses `file`. Any thread. Reads header, metadata and tensor table, never tensor data.
    /// Allocates in proportion to the number of entries, within `limits`. Throws a `parse` layer
    /// error.
    public init(
        _ file: ModelFile, limits: ParseLimits = .default
    ) throws(ModelFileError) {
        guard file.format == .gguf else {
            throw ModelFileError(
                .notGGUF, tried: "choosing a parser for the file", found: "another extension",
                allowed: ".gguf", location: .init(path: file.path))
        }
        var parser = GGUFParser(file, limits: limits)
        let header = try parser.header()
        let metadata = try parser.metadata(count: header.metadataCount)
        let alignment = try parser.alignment(from: metadata)
        let table = try parser.tensors(count: header.tensorCount, alignment: alignment)
        self.file = file
        self.version = header.version
        self.alignment = alignment
        self.metadata = metadata
        self.tensors = table.tensors
        self.dataOffset = table.dataOffset
        self.tensorIndexes = table.indexes
    }

    /// The tensor with this name, or nil. One dictionary access.
    public func tensor(_ name: String) -> TensorInfo? {
        tensorIndexes[name].map { tensors[$0] }
    }

    /// See `TensorSource`.
    public func part(of tensor: TensorInfo) -> TensorPart { TensorPart(file, tensor, dataOffset) }
}
