// The tensors of a SafeTensors model: one file, or shards and their index.
//
// Guarantees: every tensor of the index is in its file, every tensor of the files is in the
// index, and no tensor is in two files.
// Does not: open files (`ModelFileSet` does).

/// The tensors of a SafeTensors model in one file or several. A value for any thread.
public struct SafeTensorsModel: TensorSource {
    private let combined: CombinedTensors<SafeTensorsFile>

    /// The parsed files: a single file, or the shards in the order of their names.
    public var parts: [SafeTensorsFile] { combined.parts }
    /// Tensors of the first file, then of the second, and so on.
    public var tensors: [TensorInfo] { combined.tensors }
    /// The files, in the order of `parts`.
    public var files: [ModelFile] { combined.files }

    /// The usual name of a shard index.
    public static let indexName = "model.safetensors.index.json"
    /// The usual name of an unsharded model.
    public static let fileName = "model.safetensors"

    /// Parses the weights of an open model: the header of each file. Any thread.
    ///
    /// - Throws: `partsInconsistent`, `tensorNameDuplicate`, or an error of `SafeTensorsFile.init`.
    public init(
        _ files: ModelFileSet, limits: ParseLimits = .default
    ) throws(ModelFileError) {
        var parts: [SafeTensorsFile] = []
        for file in files.weights { parts.append(try SafeTensorsFile(file, limits: limits)) }
        combined = try CombinedTensors(parts)
        try files.index?.check(combined)
    }

    /// The tensor with this name in any file, or nil.
    public func tensor(_ name: String) -> TensorInfo? { combined.tensor(name) }

    /// See `TensorSource`.
    public func part(of tensor: TensorInfo) -> TensorPart { combined.part(of: tensor) }
}
