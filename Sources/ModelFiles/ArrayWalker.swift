// Walks a metadata array once and checks all lengths in the array, for later reads as
// `MetadataArray`.
//
// An array is `u32 element type, u64 count, elements`. A string is `u64 size, bytes`. Arrays may
// nest.
// Guarantees: a claimed count is compared with the bytes left before any further step. Nesting is
// bounded. Work is linear in the bytes walked, and elements of fixed size are not even touched,
// except booleans.
// Does not: allocate per element, or require strings inside arrays to be UTF-8, because token
// pieces are byte strings.

struct ArrayWalker {
    let file: ModelFile
    let limits: ParseLimits
    /// First offset behind the section where arrays may lie.
    let metadataEnd: Int

    /// Reads an array's header and walks the elements. Leaves the cursor behind the array.
    func array(
        _ cursor: inout ByteCursor, depth: Int = 1
    ) throws(ModelFileError) -> MetadataArray {
        guard depth <= limits.arrayDepthMax else {
            throw cursor.error(
                .arrayTooDeep, tried: "entering an array", found: "an array at depth \(depth)",
                allowed: "at most \(limits.arrayDepthMax) levels")
        }
        let type = try cursor.readType("an array's element type")
        let countOffset = cursor.offset
        let claimed = try cursor.read(UInt64.self, "an array's element count")
        let countMax = cursor.remaining / type.sizeMin
        guard claimed <= UInt64(countMax) else {
            throw cursor.error(
                .arrayTooLong, tried: "reading an array of \(type)",
                found: "\(claimed) elements claimed",
                allowed: "at most \(countMax), which is what the bytes left can hold",
                at: countOffset)
        }
        let start = cursor.offset
        let count = Int(claimed)
        try walk(&cursor, type: type, count: count, depth: depth)
        return MetadataArray(
            elementType: type, count: count, byteOffset: start, byteSize: cursor.offset - start,
            file: file)
    }

    /// The arrays inside an already walked array.
    func elements(of outer: MetadataArray) throws(ModelFileError) -> [MetadataArray] {
        var cursor = ByteCursor(file, offset: outer.byteOffset, end: metadataEnd)
        var result: [MetadataArray] = []
        result.reserveCapacity(outer.count)
        for _ in 0..<outer.count { result.append(try array(&cursor)) }
        return result
    }

    private func walk(
        _ cursor: inout ByteCursor, type: MetadataType, count: Int, depth: Int
    ) throws(ModelFileError) {
        switch type {
        case .string:
            for _ in 0..<count { _ = try cursor.takeString("a string of an array") }
        case .array:
            for _ in 0..<count { _ = try array(&cursor, depth: depth + 1) }
        case .bool:
            let values = try cursor.take(count, "an array of booleans")
            if let index = values.firstIndex(where: { $0 > 1 }) {
                throw cursor.boolError(values[index], at: cursor.offset - count + index)
            }
        default:
            // No overflow: count <= remaining / size.
            _ = try cursor.take(count * type.sizeMin, "an array's elements")
        }
    }
}

extension ByteCursor {
    /// Reads a value type.
    mutating func readType(_ what: StaticString) throws(ModelFileError) -> MetadataType {
        let number = try read(UInt32.self, what)
        guard let type = MetadataType(rawValue: number) else {
            throw error(
                .valueTypeUnknown, tried: "reading \(what)", found: "type \(number)",
                allowed: "0 (uint8) to 12 (float64)", at: offset - 4)
        }
        return type
    }

    /// Takes `u64 size, bytes`. The size is compared with the bytes left before any use.
    mutating func takeString(_ what: StaticString) throws(ModelFileError) -> UnsafeRawBufferPointer
    {
        let start = offset
        let size = try read(UInt64.self, what)
        guard size <= UInt64(remaining) else {
            throw error(
                .stringTooLong, tried: "reading \(what)", found: "\(size) bytes claimed",
                allowed: "at most the \(remaining) bytes left", at: start)
        }
        return try take(Int(size), what)
    }

    func boolError(_ byte: UInt8, at offset: Int) -> ModelFileError {
        error(
            .boolInvalid, tried: "reading a boolean", found: "byte \(byte)", allowed: "0 or 1",
            at: offset)
    }
}
