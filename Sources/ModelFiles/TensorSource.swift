// What inference needs of a model's files, whatever they are: names, shapes, formats and bytes.
//
// One GGUF file, a split one, one SafeTensors file and a sharded model all answer to it, so the
// layers above read any of them through one small interface.
// Guarantees: tensors have unique names and valid ranges; bytes stay mapped while the source is
// alive.
// Does not: carry configuration (GGUF metadata, config.json) or translate names between formats.

/// Checked tensors of a model, over one or more mapped files. A value; any thread.
public protocol TensorSource: Sendable {
    /// Every tensor: in file order, files in the order of their parts.
    var tensors: [TensorInfo] { get }
    /// The mapped files, in order.
    var files: [MappedFile] { get }
    /// The tensor with this name, or nil. One dictionary access.
    func tensor(_ name: String) -> TensorInfo?
    /// The stored bytes of a tensor of this source. Valid while the source is alive; nothing is
    /// copied or read.
    func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer
}

/// A source that has GGUF metadata: one file or all parts of a split one.
public protocol GGUFSource: TensorSource {
    /// Keys and values; of a split model those of the first part.
    var metadata: Metadata { get }
}

extension TensorSource {
    /// Confirms of each file that it is the one that was opened; see `MappedFile.checkUnchanged`.
    public func checkUnchanged() throws(ModelFileError) {
        for file in files { try file.checkUnchanged() }
    }

    /// Bytes of all files together.
    public var fileSize: Int { files.reduce(0) { $0 + $1.bytes.count } }
}

extension GGUFFile: GGUFSource {
    /// The one file.
    public var files: [MappedFile] { [file] }
}

/// The tensors of several sources under one roof.
struct CombinedTensors<Part: TensorSource>: Sendable {
    let parts: [Part]
    let tensors: [TensorInfo]
    /// Name -> index in `tensors`, and which part holds it.
    private let places: [String: (tensor: Int, part: Int)]

    /// - Throws: `tensorNameDuplicate` for a name in two parts.
    init(_ parts: [Part]) throws(ModelFileError) {
        var tensors: [TensorInfo] = []
        var places: [String: (tensor: Int, part: Int)] = [:]
        for (index, part) in parts.enumerated() {
            for tensor in part.tensors {
                let place = (tensor: tensors.count, part: index)
                if let other = places.updateValue(place, forKey: tensor.name) {
                    throw ModelFileError(
                        .tensorNameDuplicate, tried: "joining the parts of a model",
                        found: "the tensor in \"\(printable(parts[other.part].files[0].path))\" "
                            + "too",
                        allowed: "each tensor in one part",
                        location: .init(path: part.files[0].path, tensor: tensor.name))
                }
                tensors.append(tensor)
            }
        }
        self.parts = parts
        self.tensors = tensors
        self.places = places
    }

    var files: [MappedFile] { parts.flatMap(\.files) }

    func tensor(_ name: String) -> TensorInfo? { places[name].map { tensors[$0.tensor] } }

    /// The part that holds a tensor of this name.
    func part(_ name: String) -> Part? { places[name].map { parts[$0.part] } }

    func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        guard let part = part(tensor.name) else {
            preconditionFailure("tensor \(tensor.name) of another model")
        }
        return part.bytes(of: tensor)
    }
}
