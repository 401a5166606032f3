// Parses the tensor table of a GGUF file: names, shapes, formats and offsets, each checked before
// the next is read.
//
// Guarantees: every parsed tensor lies inside the data section, aligned and in whole blocks, and
// overlaps no other tensor.
// Gaps between tensors and bytes behind the last tensor are allowed, because the format does not
// forbid them.
// Does not: touch tensor data.

extension GGUFParser {
    struct Table {
        let tensors: [TensorInfo]
        let indexes: [String: Int]
        let dataOffset: Int
    }

    /// Least bytes of an entry: name length, one character, dimension count, one dimension,
    /// format, offset.
    static let tensorEntrySizeMin = 8 + 1 + 4 + 8 + 4 + 8

    /// A table entry, read before the start of the data section is known.
    private struct Entry {
        let name: String
        let dimensions: [Int]
        let format: TensorFormat
        let byteSize: Int
        /// Bytes from the start of the data section to the tensor.
        let relativeOffset: UInt64
        /// Byte offset of the entry in the file.
        let entryOffset: Int
    }

    mutating func tensors(count: Int, alignment: Int) throws(ModelFileError) -> Table {
        var entries: [Entry] = []
        var indexes: [String: Int] = [:]
        entries.reserveCapacity(count)
        indexes.reserveCapacity(count)
        for index in 0..<count {
            cursor.location.tensor = nil
            let entry = try self.entry(alignment: alignment)
            guard indexes.updateValue(index, forKey: entry.name) == nil else {
                throw cursor.error(
                    .tensorNameDuplicate, tried: "adding a tensor",
                    found: "the name a second time", allowed: "each tensor name once",
                    at: entry.entryOffset)
            }
            entries.append(entry)
        }
        cursor.location.tensor = nil
        let padded = (cursor.offset + alignment - 1) / alignment * alignment
        // A file without tensors may end right behind its table.
        let dataOffset = entries.isEmpty ? min(padded, file.size) : padded
        let tensors = try place(entries, dataOffset: dataOffset)
        try checkOverlaps(tensors, entries)
        return Table(tensors: tensors, indexes: indexes, dataOffset: dataOffset)
    }

    private mutating func entry(alignment: Int) throws(ModelFileError) -> Entry {
        let entryOffset = cursor.offset
        let name = try tensorName()
        cursor.location.tensor = name
        let dimensions = try self.dimensions()
        let format = try tensorFormat()
        let byteSize = try self.byteSize(of: format, dimensions)
        let offset = try cursor.read(UInt64.self, "a tensor's offset")
        guard offset % UInt64(alignment) == 0 else {
            throw cursor.error(
                .tensorOffsetUnaligned, tried: "reading a tensor's offset", found: "\(offset)",
                allowed: "a multiple of the alignment \(alignment)", at: cursor.offset - 8)
        }
        return Entry(
            name: name, dimensions: dimensions, format: format, byteSize: byteSize,
            relativeOffset: offset, entryOffset: entryOffset)
    }

    private mutating func tensorName() throws(ModelFileError) -> String {
        let start = cursor.offset
        let size = try cursor.read(UInt64.self, "the length of a tensor name")
        guard size > 0, size <= UInt64(limits.tensorNameSizeMax) else {
            throw cursor.error(
                .tensorNameLengthInvalid, tried: "reading the length of a tensor name",
                found: "\(size) bytes", allowed: "1 to \(limits.tensorNameSizeMax) bytes", at: start
            )
        }
        let bytes = try cursor.take(Int(size), "a tensor name")
        guard isValidUTF8(bytes) else {
            throw cursor.error(
                .tensorNameNotUTF8, tried: "reading a tensor name",
                found: "\"\(printable(bytes))\"", allowed: "well-formed UTF-8", at: start)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw cursor.error(
                .tensorNameCharacterInvalid, tried: "reading a tensor name",
                found: "\"\(printable(bytes))\"", allowed: "no control characters", at: start)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func dimensions() throws(ModelFileError) -> [Int] {
        let count = try cursor.read(UInt32.self, "a tensor's dimension count")
        guard count >= 1, count <= UInt32(limits.dimensionCountMax) else {
            throw cursor.error(
                .tensorDimensionCountInvalid, tried: "reading a tensor's dimension count",
                found: "\(count)", allowed: "1 to \(limits.dimensionCountMax)",
                at: cursor.offset - 4)
        }
        var dimensions: [Int] = []
        dimensions.reserveCapacity(Int(count))
        for _ in 0..<count {
            let length = try cursor.read(UInt64.self, "a tensor's dimension")
            guard length > 0 else {
                throw cursor.error(
                    .tensorDimensionZero, tried: "reading a tensor's dimension", found: "0",
                    allowed: "1 or more", at: cursor.offset - 8)
            }
            guard let length = Int(exactly: length) else {
                throw overflow("the dimension \(length)", at: cursor.offset - 8)
            }
            dimensions.append(length)
        }
        return dimensions
    }

    private mutating func tensorFormat() throws(ModelFileError) -> TensorFormat {
        let id = try cursor.read(UInt32.self, "a tensor's format")
        if let format = TensorFormat.known(id) { return format }
        let removed = TensorFormat.removedName(id)
        throw cursor.error(
            removed == nil ? .tensorTypeUnknown : .tensorTypeRemoved,
            tried: "reading a tensor's format",
            found: removed.map { "\($0) (\(id)), which ggml has removed" } ?? "number \(id)",
            allowed: "a known ggml type, for example F32, F16, BF16, Q8_0 or Q4_0",
            at: cursor.offset - 4)
    }

    /// Bytes of all blocks and the trailer. Throws if rows are not whole blocks or the number of
    /// bytes does not fit in an `Int`.
    private func byteSize(
        of format: TensorFormat, _ dimensions: [Int]
    ) throws(ModelFileError) -> Int {
        var values = 1
        for length in dimensions {
            let product = values.multipliedReportingOverflow(by: length)
            guard !product.overflow else {
                throw overflow("dimensions \(dimensions)", at: cursor.offset - 4)
            }
            values = product.partialValue
        }
        let run = format.blocksSpanRows ? values : dimensions[0]
        guard run % format.valuesPerBlock == 0 else {
            throw cursor.error(
                .tensorRowNotWholeBlocks, tried: "dividing a tensor into blocks of \(format)",
                found: "\(format.blocksSpanRows ? "a tensor" : "rows") of \(run) values",
                allowed: "a multiple of \(format.valuesPerBlock)", at: cursor.offset - 4)
        }
        let blocks = (values / format.valuesPerBlock)
            .multipliedReportingOverflow(by: format.bytesPerBlock)
        let size = blocks.partialValue.addingReportingOverflow(format.trailerSize)
        guard !blocks.overflow, !size.overflow else {
            throw overflow("dimensions \(dimensions)", at: cursor.offset - 4)
        }
        return size.partialValue
    }

    private func overflow(_ found: String, at offset: Int) -> ModelFileError {
        cursor.error(
            .tensorSizeOverflow, tried: "computing a tensor's size", found: found,
            allowed: "a size that fits in 63 bits", at: offset)
    }

    /// Turns relative offsets into file offsets. Each tensor must end inside the file.
    private func place(
        _ entries: [Entry], dataOffset: Int
    ) throws(ModelFileError) -> [TensorInfo] {
        var tensors: [TensorInfo] = []
        tensors.reserveCapacity(entries.count)
        let fileSize = UInt64(file.size)
        for entry in entries {
            let start = UInt64(dataOffset).addingReportingOverflow(entry.relativeOffset)
            let end = start.partialValue.addingReportingOverflow(UInt64(entry.byteSize))
            guard !start.overflow, !end.overflow, end.partialValue <= fileSize else {
                var error = cursor
                error.location.tensor = entry.name
                throw error.error(
                    .tensorOutsideFile, tried: "placing a tensor of \(entry.byteSize) bytes",
                    found: "offset \(entry.relativeOffset) in a data section of "
                        + "\(max(0, file.size - dataOffset)) bytes",
                    allowed: "data that ends inside the file (is the download complete?)",
                    at: entry.entryOffset)
            }
            tensors.append(
                TensorInfo(
                    name: entry.name, dimensions: entry.dimensions, format: entry.format,
                    byteOffset: Int(start.partialValue), byteSize: entry.byteSize))
        }
        return tensors
    }

    private func checkOverlaps(
        _ tensors: [TensorInfo], _ entries: [Entry]
    ) throws(ModelFileError) {
        let order = tensors.indices.sorted {
            (tensors[$0].byteOffset, $0) < (tensors[$1].byteOffset, $1)
        }
        for (index, next) in zip(order, order.dropFirst()) {
            let first = tensors[index]
            let second = tensors[next]
            guard first.byteOffset + first.byteSize > second.byteOffset else { continue }
            var error = cursor
            error.location.tensor = second.name
            throw error.error(
                .tensorOverlap, tried: "placing tensors side by side",
                found: "data at byte \(second.byteOffset), inside tensor "
                    + "\"\(printable(first.name))\", which ends at byte "
                    + "\(first.byteOffset + first.byteSize)",
                allowed: "tensors that do not overlap", at: entries[next].entryOffset)
        }
    }
}
