// The checks behind `SafeTensorsFile`: header size, JSON, entries and places of tensors.
//
// Guarantees: the guarantees of SafeTensorsFile.swift. An error about a tensor has its name and the
// byte offset in the file.
// Does not: outlive the call.

struct SafeTensorsHeader {
    private(set) var tensors: [TensorInfo] = []
    private(set) var texts: [(key: String, value: String)] = []
    let dataOffset: Int
    private let file: ModelFile
    private let limits: ParseLimits

    /// Bytes in front of the header.
    private static let prefixSize = 8

    init(_ file: ModelFile, limits: ParseLimits) throws(ModelFileError) {
        self.file = file
        self.limits = limits
        let size = try Self.headerSize(file, limits)
        dataOffset = Self.prefixSize + size
        let text = Array(try file.head(dataOffset)[Self.prefixSize...])
        guard text.first == UInt8(ascii: "{") else {
            throw Self.foreign(file, found: "\"\(printable(text.prefix(16)))\" for a header")
        }
        var jsonLimits = JSONLimits()
        jsonLimits.sizeMax = limits.metadataSizeMax
        jsonLimits.depthMax = 8
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(text, limits: jsonLimits).root
        } catch {
            throw ModelFileError(json: error, path: file.path, base: Self.prefixSize)
        }
        guard root.count <= limits.tensorCountMax else {
            throw ModelFileError(
                .tensorCountInvalid, tried: "counting the header's entries",
                found: "\(root.count)", allowed: "at most \(limits.tensorCountMax)",
                location: .init(path: file.path))
        }
        for (key, value) in root.members {
            if key.elementsEqual("__metadata__".utf8) {
                try readTexts(value)
            } else {
                tensors.append(try tensor(key, value))
            }
        }
        tensors.sort { ($0.byteOffset, $0.byteSize) < ($1.byteOffset, $1.byteSize) }
        try checkPlaces()
    }

    // MARK: The header as a whole

    private static func headerSize(
        _ file: ModelFile, _ limits: ParseLimits
    ) throws(ModelFileError) -> Int {
        guard file.format == .safetensors else {
            throw ModelFileError(
                .notSafeTensors, tried: "choosing a parser for the file",
                found: file.format.map { "the extension .\($0.rawValue)" } ?? "another extension",
                allowed: ".safetensors",
                location: .init(path: file.path))
        }
        var cursor = ByteCursor(file, offset: 0, end: file.size)
        let head = try file.head(min(512, file.size))
        if head.starts(with: "GGUF".utf8) { throw foreign(file, found: "a GGUF file") }
        if let content = ForeignContent.recognise(head), !content.isSafeTensors {
            throw foreign(file, found: content.found, code: content.code)
        }
        let size = try cursor.read(UInt64.self, "the size of the header")
        let sizeMax = min(limits.metadataSizeMax, cursor.remaining)
        guard size >= 2, size <= UInt64(sizeMax) else {
            throw cursor.error(
                .headerSizeInvalid, tried: "reading the size of the header", found: "\(size)",
                allowed: "2 to \(sizeMax), by the limit and the file's size", at: 0)
        }
        return Int(size)
    }

    private static func foreign(
        _ file: ModelFile, found: String, code: ModelFileError.Code = .notSafeTensors
    ) -> ModelFileError {
        ModelFileError(
            code == .notGGUF ? .notSafeTensors : code, tried: "reading the header", found: found,
            allowed: "a u64 size and a JSON object", location: .init(path: file.path, offset: 0))
    }

    private mutating func readTexts(_ value: JSONValue) throws(ModelFileError) {
        guard value.isObject else { throw structure(value, nil, "an object of texts") }
        for (key, value) in value.members {
            guard let text = value.asString else { throw structure(value, nil, "a string") }
            texts.append((String(decoding: key, as: UTF8.self), text))
        }
    }

    // MARK: One tensor

    private func tensor(
        _ key: ArraySlice<UInt8>, _ value: JSONValue
    ) throws(ModelFileError) -> TensorInfo {
        let name = try self.name(key, value)
        var dtype: JSONValue?
        var shape: JSONValue?
        var range: JSONValue?
        for (key, value) in value.members {
            switch String(decoding: key, as: UTF8.self) {
            case "dtype": dtype = value
            case "shape": shape = value
            case "data_offsets": range = value
            default: throw structure(value, name, "only dtype, shape and data_offsets")
            }
        }
        guard let dtype, let shape, let range else {
            throw structure(value, name, "an object with dtype, shape and data_offsets")
        }
        let format = try self.format(dtype, name)
        let dimensions = try self.dimensions(shape, name)
        let (first, end) = try self.range(range, name)
        try checkSize(end - first, format, dimensions, shape, name)
        return TensorInfo(
            name: name, dimensions: dimensions, format: format, byteOffset: dataOffset + first,
            byteSize: end - first)
    }

    private func name(
        _ key: ArraySlice<UInt8>, _ value: JSONValue
    ) throws(ModelFileError) -> String {
        guard key.count > 0, key.count <= limits.safeTensorsNameSizeMax else {
            throw error(
                .tensorNameLengthInvalid, value, nil, tried: "reading a tensor name",
                found: "\(key.count) bytes", allowed: "1 to \(limits.safeTensorsNameSizeMax) bytes")
        }
        guard key.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw error(
                .tensorNameCharacterInvalid, value, nil, tried: "reading a tensor name",
                found: "\"\(printable(key))\"", allowed: "no control characters")
        }
        return String(decoding: key, as: UTF8.self)
    }

    private func format(_ value: JSONValue, _ name: String) throws(ModelFileError) -> TensorFormat {
        guard let text = value.asString else { throw structure(value, name, "a string as dtype") }
        if let format = TensorFormat.safeTensors(text) { return format }
        throw error(
            .tensorDtypeUnknown, value, name, tried: "reading a tensor's dtype",
            found: "\"\(printable(text, countMax: 40))\"",
            allowed: TensorFormat.safeTensorsNames.joined(separator: ", "))
    }

    /// Reads the shape in ggml's order. A shape without dimensions is a single value, `[1]`.
    private func dimensions(_ shape: JSONValue, _ name: String) throws(ModelFileError) -> [Int] {
        guard shape.isArray else { throw structure(shape, name, "an array as shape") }
        guard shape.count <= limits.dimensionCountMax else {
            throw error(
                .tensorDimensionCountInvalid, shape, name, tried: "reading a tensor's shape",
                found: "\(shape.count) dimensions", allowed: "0 to \(limits.dimensionCountMax)")
        }
        var dimensions: [Int] = []
        for element in shape.elements {
            guard let length = element.asInteger, length >= 0 else {
                throw structure(element, name, "integers of 0 or more in a shape")
            }
            guard length > 0 else {
                throw error(
                    .tensorDimensionZero, element, name, tried: "reading a tensor's shape",
                    found: "0", allowed: "1 or more")
            }
            dimensions.append(length)
        }
        return dimensions.isEmpty ? [1] : dimensions.reversed()
    }

    /// Reads `[first, behind last]`, a range inside the tensor data.
    private func range(
        _ value: JSONValue, _ name: String
    ) throws(ModelFileError) -> (first: Int, end: Int) {
        let numbers = value.elements.map(\.asInteger)
        guard value.isArray, numbers.count == 2, let first = numbers[0], let end = numbers[1],
            first >= 0, end >= first
        else { throw structure(value, name, "two ascending integers of 0 or more as data_offsets") }
        guard end <= file.size - dataOffset else {
            throw error(
                .tensorOutsideFile, value, name, tried: "placing a tensor",
                found: "bytes \(first) to \(end) in \(file.size - dataOffset) of data",
                allowed: "data that ends inside the file (is the download complete?)")
        }
        return (first, end)
    }

    private func checkSize(
        _ size: Int, _ format: TensorFormat, _ dimensions: [Int], _ shape: JSONValue, _ name: String
    ) throws(ModelFileError) {
        var needed = format.bytesPerBlock
        for length in dimensions {
            let product = needed.multipliedReportingOverflow(by: length)
            guard !product.overflow else {
                throw error(
                    .tensorSizeOverflow, shape, name, tried: "computing a tensor's size",
                    found: "dimensions \(dimensions)", allowed: "a size that fits in 63 bits")
            }
            needed = product.partialValue
        }
        guard needed == size else {
            throw error(
                .tensorSizeMismatch, shape, name, tried: "comparing a tensor's shape and bytes",
                found: "\(size) bytes",
                allowed: "\(needed) bytes, for \(dimensions) values of \(format)")
        }
    }

    // MARK: All tensors together

    /// Checks that the tensors lie side by side from the first byte of data to the last.
    private func checkPlaces() throws(ModelFileError) {
        var end = dataOffset
        var last = "the header"
        for tensor in tensors {
            if tensor.byteOffset != end {
                let isOverlap = tensor.byteOffset < end
                throw ModelFileError(
                    isOverlap ? .tensorOverlap : .tensorGap, tried: "placing tensors side by side",
                    found: "data at byte \(tensor.byteOffset)",
                    allowed: "byte \(end), where \(last) ends",
                    location: .init(
                        path: file.path, offset: tensor.byteOffset, tensor: tensor.name))
            }
            end = tensor.byteOffset + tensor.byteSize
            last = "tensor \"\(printable(tensor.name))\""
        }
        guard end == file.size else {
            throw ModelFileError(
                .tensorGap, tried: "comparing the tensors with the file's size",
                found: "\(file.size - end) bytes behind \(last)",
                allowed: "data that belongs to tensors",
                location: .init(path: file.path, offset: end))
        }
    }

    // MARK: Errors

    private func structure(
        _ value: JSONValue, _ name: String?, _ allowed: String
    ) -> ModelFileError {
        error(
            .jsonStructureInvalid, value, name, tried: "reading the header",
            found: value.typeName, allowed: allowed)
    }

    private func error(
        _ code: ModelFileError.Code, _ value: JSONValue, _ name: String?, tried: String,
        found: String, allowed: String
    ) -> ModelFileError {
        ModelFileError(
            code, tried: tried, found: found, allowed: allowed,
            location: .init(
                path: file.path, offset: Self.prefixSize + value.byteOffset,
                tensor: name.map { printable($0) }))
    }
}
