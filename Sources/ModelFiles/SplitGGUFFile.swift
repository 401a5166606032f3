// Joins the parts of a split GGUF model, `NAME-00001-of-0000N.gguf`.
//
// Facts (from llama.cpp's gguf-split): each part has `split.no` (from 0), `split.count` and
// `split.tensors.count` (tensors of all parts together). The first part has the model's metadata,
// later parts hold tensors only. Numbers in names count from 1 and have five digits.
//
// Guarantees: all parts are present and agree on both counts, the parts hold as many tensors as
// `split.tensors.count`, and no tensor is in two parts.
// Does not: open files (`ModelFileSet` does, by any part's path), or look at metadata of later
// parts beyond the split keys.

/// All parts of a split GGUF model. A value for any thread.
public struct SplitGGUFFile: GGUFSource {
    private let combined: CombinedTensors<GGUFFile>

    /// The parts, in order.
    public var parts: [GGUFFile] { combined.parts }
    /// The first part's metadata.
    public var metadata: Metadata { combined.parts[0].metadata }
    /// Tensors of the first part, then of the second, and so on.
    public var tensors: [TensorInfo] { combined.tensors }
    /// The parts' files, in order.
    public var files: [ModelFile] { combined.files }

    /// True when the metadata of a file has a `split.count` above 1.
    public static func isPart(_ file: GGUFFile) -> Bool {
        (file.metadata["split.count"]?.asInteger ?? 0) > 1
    }

    /// Joins parsed parts, given in order.
    ///
    /// - Throws: `splitKeyInvalid`, `partsInconsistent`, `tensorNameDuplicate`.
    public init(_ parts: [GGUFFile]) throws(ModelFileError) {
        var totals: Int?
        for (index, part) in parts.enumerated() {
            let keys = SplitKeys(part)
            try keys.require("split.no", index, "the position of the part")
            try keys.require("split.count", parts.count, "the number of parts")
            let total = try keys.read("split.tensors.count")
            if let totals {
                try keys.require("split.tensors.count", totals, "what the first part says")
            }
            totals = totals ?? total
        }
        combined = try CombinedTensors(parts)
        guard let first = parts.first else { preconditionFailure("a model without parts") }
        guard combined.tensors.count == totals else {
            throw ModelFileError(
                .partsInconsistent, tried: "counting the tensors of all parts",
                found: "\(combined.tensors.count)",
                allowed: "\(totals ?? 0), which is what the parts say",
                location: .init(path: first.file.path, key: "split.tensors.count"))
        }
    }

    /// The tensor with this name in any part, or nil.
    public func tensor(_ name: String) -> TensorInfo? { combined.tensor(name) }

    /// See `TensorSource`.
    public func part(of tensor: TensorInfo) -> TensorPart { combined.part(of: tensor) }
}

/// Reads the `split.…` keys of one part.
private struct SplitKeys {
    let part: GGUFFile

    init(_ part: GGUFFile) { self.part = part }

    func read(_ key: String) throws(ModelFileError) -> Int {
        let value = part.metadata[key]
        guard let number = value?.asInteger.flatMap({ Int(exactly: $0) }), number >= 0 else {
            throw ModelFileError(
                .splitKeyInvalid, tried: "reading what a part says about the whole",
                found: value.map { "a value of type \($0.type)" } ?? "no such key",
                allowed: "an integer of 0 or more", location: location(key))
        }
        return number
    }

    func require(_ key: String, _ expected: Int, _ meaning: String) throws(ModelFileError) {
        let number = try read(key)
        guard number == expected else {
            throw ModelFileError(
                .partsInconsistent, tried: "comparing the parts of a model", found: "\(number)",
                allowed: "\(expected), \(meaning)", location: location(key))
        }
    }

    private func location(_ key: String) -> ModelFileError.Location {
        .init(path: part.file.path, offset: part.metadata.byteOffset(of: key), key: key)
    }
}
