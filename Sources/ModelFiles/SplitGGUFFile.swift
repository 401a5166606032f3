// A GGUF model in several files, `NAME-00001-of-0000N.gguf`, as one view.
//
// Facts (from llama.cpp's gguf-split): each part has `split.no` (from 0), `split.count` and
// `split.tensors.count` (tensors of all parts together); the first has the model's metadata, the
// others hold tensors only. Numbers in names count from 1 and have five digits.
//
// Guarantees: all parts are there, say the same about the whole and hold what they say; no tensor
// is in two of them. Any part's path opens the model.
// Does not: look at metadata of later parts beyond the split keys.

/// All parts of a split GGUF model. A value; any thread.
public struct SplitGGUFFile: GGUFSource {
    private let combined: CombinedTensors<GGUFFile>

    /// The parts, in order.
    public var parts: [GGUFFile] { combined.parts }
    /// The first part's metadata.
    public var metadata: Metadata { combined.parts[0].metadata }
    /// Tensors of the first part, then of the second, and so on.
    public var tensors: [TensorInfo] { combined.tensors }
    /// The parts' files, in order.
    public var files: [MappedFile] { combined.files }

    /// Whether a file says that it is one of several.
    public static func isPart(_ file: GGUFFile) -> Bool {
        (file.metadata["split.count"]?.asInteger ?? 0) > 1
    }

    /// Opens and parses all parts. Blocking; costs as much as opening each.
    ///
    /// - Parameter path: the path of any part.
    /// - Throws: `splitNameInvalid`, `splitKeyInvalid`, `partsInconsistent`, `tensorNameDuplicate`,
    ///   or what opening and parsing a part throws (`not_found` with the path of a missing one).
    public init(
        path: String, fileLimits: FileLimits = .default, limits: ParseLimits = .default
    ) throws(ModelFileError) {
        let name = try SplitName(path, partCountMax: limits.partCountMax)
        var parts: [GGUFFile] = []
        for index in 0..<name.count {
            let file = try MappedFile(path: name.path(index), limits: fileLimits)
            parts.append(try GGUFFile(file, limits: limits))
        }
        try self.init(parts)
    }

    /// Joins parts that were parsed before, given in order.
    ///
    /// - Throws: as `init(path:)`, but for the name.
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

    /// The stored bytes of a tensor of any part.
    public func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        combined.bytes(of: tensor)
    }
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

/// `NAME-00002-of-00005.gguf`, taken apart.
struct SplitName {
    private let prefix: String
    private let suffix: String
    let count: Int

    /// - Throws: `splitNameInvalid`.
    init(_ path: String, partCountMax: Int) throws(ModelFileError) {
        let parts = Self.parse(Array(path.utf8))
        guard let parts, (1...partCountMax).contains(parts.count),
            (1...parts.count).contains(parts.number)
        else {
            throw ModelFileError(
                .splitNameInvalid, tried: "reading the number of parts in the file's name",
                found: parts.map { "part \($0.number) of \($0.count)" } ?? "no such numbers",
                allowed: "NAME-00001-of-0000N.gguf, N at most \(partCountMax)",
                location: .init(path: path))
        }
        prefix = parts.prefix
        suffix = parts.suffix
        count = parts.count
    }

    /// The path of the part at `index`, counted from 0.
    func path(_ index: Int) -> String {
        prefix + Self.fiveDigits(index + 1) + "-of-" + Self.fiveDigits(count) + suffix
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }

    private typealias Parts = (prefix: String, number: Int, count: Int, suffix: String)

    ///     name-00001-of-00003.gguf
    ///          ^ 14 bytes, then the extension
    private static func parse(_ path: [UInt8]) -> Parts? {
        let suffixSize = 5
        let numbersSize = 14
        let start = path.count - suffixSize - numbersSize
        guard start >= 1, path[start - 1] == UInt8(ascii: "-"),
            path[start + numbersSize] == UInt8(ascii: "."),
            path[start + 5..<start + 9].elementsEqual("-of-".utf8),
            let number = number(path[start..<start + 5]),
            let count = self.number(path[start + 9..<start + 14])
        else { return nil }
        return (
            String(decoding: path[..<start], as: UTF8.self), number, count,
            String(decoding: path[(start + numbersSize)...], as: UTF8.self)
        )
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
