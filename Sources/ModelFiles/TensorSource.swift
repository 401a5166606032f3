// The interface to the tensors of a model for the layers above: names, shapes, formats and bytes.
//
// GGUF files, split GGUF models, SafeTensors files and sharded models all conform to
// `TensorSource`.
// Guarantees: tensors have unique names and valid ranges.
// Does not: carry configuration (GGUF metadata, config.json) or translate names between formats.

/// Checked tensors of a model, in one or more files. A value for any thread.
public protocol TensorSource: Sendable {
    /// Every tensor in file order. Files are in the order of their parts.
    var tensors: [TensorInfo] { get }
    /// The files, in the order of their parts.
    var files: [ModelFile] { get }
    /// The tensor with this name, or nil. One dictionary access.
    func tensor(_ name: String) -> TensorInfo?
    /// The file and byte range of a tensor of this source.
    func part(of tensor: TensorInfo) -> TensorPart
}

/// The file and byte range of a tensor. A value for any thread.
public struct TensorPart: Sendable {
    /// The file with the bytes of the tensor.
    public let file: ModelFile
    /// Byte range of the tensor in the file.
    public let range: Range<Int>
    /// First byte of the file's tensor data.
    public let dataOffset: Int

    init(_ file: ModelFile, _ tensor: TensorInfo, _ dataOffset: Int) {
        range = tensor.byteOffset..<tensor.byteOffset + tensor.byteSize
        precondition(range.upperBound <= file.size, "tensor \(tensor.name) of another file")
        self.file = file
        self.dataOffset = dataOffset
    }

    /// Compares the bytes of two tensors, a mebibyte at a time. Blocking.
    package func hasSameBytes(as other: TensorPart) throws(ModelFileError) -> Bool {
        guard range.count == other.range.count else { return false }
        var pieces = ([UInt8](), [UInt8]())
        for start in stride(from: 0, to: range.count, by: 1 << 20) {
            let count = min(1 << 20, range.count - start)
            try read(start, count, into: &pieces.0)
            try other.read(start, count, into: &pieces.1)
            guard pieces.0 == pieces.1 else { return false }
        }
        return true
    }

    fileprivate func read(
        _ start: Int, _ count: Int, into bytes: inout [UInt8]
    ) throws(ModelFileError) {
        bytes = [UInt8](repeating: 0, count: count)
        var failure: ModelFileError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(ModelFileError) {
                try file.fill(buffer, from: range.lowerBound + start)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

/// A source with GGUF metadata: a GGUF file or all parts of a split model.
public protocol GGUFSource: TensorSource {
    /// Keys and values of the file, or of a split model's first part.
    var metadata: Metadata { get }
}

extension TensorSource {
    /// Checks that no file changed since opening. See `ModelFile.checkUnchanged`.
    public func checkUnchanged() throws(ModelFileError) {
        for file in files { try file.checkUnchanged() }
    }

    /// Bytes of all files together.
    public var fileSize: Int { files.reduce(0) { $0 + $1.size } }

    /// Reads the stored bytes of a tensor of this source. Blocking. Allocates the array.
    public func bytes(of tensor: TensorInfo) throws(ModelFileError) -> [UInt8] {
        let part = part(of: tensor)
        var bytes: [UInt8] = []
        try part.read(0, part.range.count, into: &bytes)
        return bytes
    }
}

extension GGUFFile: GGUFSource {
    /// `file` alone.
    public var files: [ModelFile] { [file] }
}

/// The tensors of several sources, joined.
struct CombinedTensors<Part: TensorSource>: Sendable {
    let parts: [Part]
    let tensors: [TensorInfo]
    /// Index in `tensors` and index of the part, by tensor name.
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

    var files: [ModelFile] { parts.flatMap(\.files) }

    func tensor(_ name: String) -> TensorInfo? { places[name].map { tensors[$0.tensor] } }

    /// The part with the tensor `name`, or nil.
    func part(_ name: String) -> Part? { places[name].map { parts[$0.part] } }

    func part(of tensor: TensorInfo) -> TensorPart {
        guard let part = part(tensor.name) else {
            preconditionFailure("tensor \(tensor.name) of another model")
        }
        return part.part(of: tensor)
    }
}
