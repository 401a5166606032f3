// Parses header and metadata of a GGUF file. GGUFParser+Tensors.swift parses the tensor table.
//
// Order of checks: cheapest first. Every count and length is compared with the bytes left before
// any use.
// Guarantees: the guarantees of GGUFFile.swift.
// Does not: outlive `GGUFFile.init`.

struct GGUFParser {
    let file: ModelFile
    let limits: ParseLimits
    var cursor: ByteCursor

    struct Header {
        let version: UInt32
        let tensorCount: Int
        let metadataCount: Int
    }

    /// Least bytes of an entry: key length, one character, type, one byte of value.
    private static let metadataEntrySizeMin = 8 + 1 + 4 + 1

    init(_ file: ModelFile, limits: ParseLimits) {
        self.file = file
        self.limits = limits
        cursor = ByteCursor(file, offset: 0, end: file.size)
    }

    // MARK: Header

    mutating func header() throws(ModelFileError) -> Header {
        try checkMagic()
        let version = try checkVersion()
        let tensors = try count(
            "the tensor count", max: limits.tensorCountMax, entrySizeMin: Self.tensorEntrySizeMin,
            code: .tensorCountInvalid)
        let metadata = try count(
            "the metadata count", max: limits.metadataCountMax,
            entrySizeMin: Self.metadataEntrySizeMin, code: .metadataCountInvalid)
        return Header(version: version, tensorCount: tensors, metadataCount: metadata)
    }

    private mutating func checkMagic() throws(ModelFileError) {
        let head = try file.head(min(512, file.size))
        if head.starts(with: "GGUF".utf8) {
            _ = try cursor.take(4, "the magic")
            return
        }
        let foreign = ForeignContent.recognise(head)
        let isStart = head.count < 4 && "GGUF".utf8.starts(with: head)
        throw cursor.error(
            foreign?.code ?? (isStart ? .truncated : .notGGUF), tried: "reading the magic",
            found: foreign?.found ?? "\"\(printable(head.prefix(16)))\"",
            allowed: "\"GGUF\", then version 2 or 3")
    }

    private mutating func checkVersion() throws(ModelFileError) -> UInt32 {
        let version = try cursor.read(UInt32.self, "the version")
        switch version {
        case 2, 3: return version
        case 0x0100_0000...0x0F00_0000 where version & 0x00FF_FFFF == 0:
            throw cursor.error(
                .bigEndian, tried: "reading the version",
                found: "version \(version.byteSwapped) in big-endian byte order",
                allowed: "a little-endian file (convert it for this machine)", at: 4)
        default:
            throw cursor.error(
                .versionUnsupported, tried: "reading the version",
                found: version == 1
                    ? "GGUF version 1 (32-bit counts, obsolete)"
                    : "GGUF version \(version)",
                allowed: "GGUF version 2 or 3", at: 4)
        }
    }

    /// Reads a u64 count, bounded by the limit and by the room in the rest of the file.
    private mutating func count(
        _ what: StaticString, max limit: Int, entrySizeMin: Int, code: ModelFileError.Code
    ) throws(ModelFileError) -> Int {
        let claimed = try cursor.read(UInt64.self, what)
        let countMax = min(limit, cursor.remaining / entrySizeMin)
        guard claimed <= UInt64(countMax) else {
            throw cursor.error(
                code, tried: "reading \(what)", found: "\(claimed)",
                allowed: "at most \(countMax) in a file of this size", at: cursor.offset - 8)
        }
        return Int(claimed)
    }

    // MARK: Metadata

    mutating func metadata(count: Int) throws(ModelFileError) -> Metadata {
        // Header and metadata must end within the limit, so no more is read, however large the
        // file is.
        let end = min(file.size, limits.metadataSizeMax)
        var section = ByteCursor(file, offset: cursor.offset, end: max(end, cursor.offset))
        let walker = ArrayWalker(file: file, limits: limits, metadataEnd: section.end)
        var keys: [String] = []
        var entries: [String: Metadata.Entry] = [:]
        keys.reserveCapacity(count)
        entries.reserveCapacity(count)
        do throws(ModelFileError) {
            for _ in 0..<count {
                let offset = section.offset
                section.location.key = nil
                let key = try self.key(&section)
                section.location.key = key
                let value = try self.value(&section, walker)
                guard entries.updateValue(.init(value: value, offset: offset), forKey: key) == nil
                else {
                    throw section.error(
                        .keyDuplicate, tried: "adding a metadata key",
                        found: "the key a second time", allowed: "each key once", at: offset)
                }
                keys.append(key)
            }
        } catch {
            throw sectionError(error, section)
        }
        cursor = ByteCursor(file, offset: section.offset, end: file.size)
        return Metadata(keys: keys, entries: entries)
    }

    /// Replaces an error that comes from our size limit, not from the file's end, by
    /// `metadataTooLarge`.
    private func sectionError(_ error: ModelFileError, _ section: ByteCursor) -> ModelFileError {
        let ranOut: Set<ModelFileError.Code> = [.truncated, .stringTooLong, .arrayTooLong]
        guard section.end < file.size, ranOut.contains(error.code) else { return error }
        return ModelFileError(
            .metadataTooLarge, tried: error.tried, found: error.found,
            allowed: "header and metadata of at most \(limits.metadataSizeMax) bytes together",
            location: error.location)
    }

    /// A key is 1 to 65535 bytes of printable ASCII without spaces (the format: "must be a valid
    /// ASCII string").
    private func key(_ section: inout ByteCursor) throws(ModelFileError) -> String {
        let start = section.offset
        let size = try section.read(UInt64.self, "the length of a metadata key")
        guard size > 0, size <= UInt64(limits.keySizeMax) else {
            throw section.error(
                .keyLengthInvalid, tried: "reading the length of a metadata key",
                found: "\(size) bytes", allowed: "1 to \(limits.keySizeMax) bytes", at: start)
        }
        let bytes = try section.take(Int(size), "a metadata key")
        if bytes.allSatisfy({ (0x21...0x7E).contains($0) }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        throw section.error(
            isValidUTF8(bytes) ? .keyCharacterInvalid : .keyNotUTF8,
            tried: "reading a metadata key", found: "\"\(printable(bytes))\"",
            allowed: "printable ASCII without spaces", at: start)
    }

    private func value(
        _ section: inout ByteCursor, _ walker: ArrayWalker
    ) throws(ModelFileError) -> MetadataValue {
        switch try section.readType("the type of a value") {
        case .uint8: return .uint8(try section.read(UInt8.self, "a value"))
        case .int8: return .int8(try section.read(Int8.self, "a value"))
        case .uint16: return .uint16(try section.read(UInt16.self, "a value"))
        case .int16: return .int16(try section.read(Int16.self, "a value"))
        case .uint32: return .uint32(try section.read(UInt32.self, "a value"))
        case .int32: return .int32(try section.read(Int32.self, "a value"))
        case .uint64: return .uint64(try section.read(UInt64.self, "a value"))
        case .int64: return .int64(try section.read(Int64.self, "a value"))
        case .float32:
            return .float32(Float(bitPattern: try section.read(UInt32.self, "a value")))
        case .float64:
            return .float64(Double(bitPattern: try section.read(UInt64.self, "a value")))
        case .bool:
            let byte = try section.read(UInt8.self, "a value")
            guard byte <= 1 else { throw section.boolError(byte, at: section.offset - 1) }
            return .bool(byte == 1)
        case .string:
            let start = section.offset
            let bytes = try section.takeString("a string value")
            guard isValidUTF8(bytes) else {
                throw section.error(
                    .stringNotUTF8, tried: "reading a string value",
                    found: "\"\(printable(bytes))\"", allowed: "well-formed UTF-8", at: start)
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        case .array:
            return .array(try walker.array(&section))
        }
    }

    /// `general.alignment`, or the format's default of 32.
    func alignment(from metadata: Metadata) throws(ModelFileError) -> Int {
        let key = "general.alignment"
        guard let value = metadata[key] else { return 32 }
        let range = UInt64(limits.alignmentMin)...UInt64(limits.alignmentMax)
        if case .uint32(let number) = value, number.nonzeroBitCount == 1,
            range.contains(UInt64(number))
        {
            return Int(number)
        }
        var location = cursor.location
        location.key = key
        location.offset = metadata.byteOffset(of: key)
        throw ModelFileError(
            .alignmentInvalid, tried: "reading the alignment of tensor data",
            found: value.asInteger.map { "\($0) (\(value.type))" }
                ?? "a value of type \(value.type)",
            allowed: "a uint32 power of two, \(range.lowerBound) to \(range.upperBound)",
            location: location)
    }
}
