// Puts the fields of a GGUF file one behind the other and remembers where each ended.
//
// Little-endian throughout. Does not check anything: GGUFBuilder decides what is written.

struct GGUFWriter {
    private(set) var bytes: [UInt8] = []
    private(set) var boundaries: [Int] = []

    mutating func put(_ more: [UInt8]) {
        bytes += more
        boundaries.append(bytes.count)
    }

    mutating func number(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
        boundaries.append(bytes.count)
    }

    mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
        boundaries.append(bytes.count)
    }

    mutating func pad(upTo offset: Int) {
        if offset > bytes.count {
            bytes += [UInt8](repeating: 0, count: offset - bytes.count)
        }
    }

    mutating func tensor(_ tensor: GGUFBuilder.Tensor, offset: UInt64) {
        number(tensor.claimedNameSize ?? UInt64(tensor.name.count))
        put(tensor.name)
        number(tensor.claimedDimensionCount ?? UInt32(tensor.dimensions.count))
        for length in tensor.dimensions { number(length) }
        number(tensor.format)
        number(offset)
    }

    mutating func payload(_ value: GGUFBuilder.Value) {
        switch value {
        case .uint8(let value): number(value)
        case .int8(let value): number(value)
        case .uint16(let value): number(value)
        case .int16(let value): number(value)
        case .uint32(let value): number(value)
        case .int32(let value): number(value)
        case .uint64(let value): number(value)
        case .int64(let value): number(value)
        case .float32(let value): number(value.bitPattern)
        case .float64(let value): number(value.bitPattern)
        case .bool(let value): number(UInt8(value ? 1 : 0))
        case .string(let text): string(Array(text.utf8))
        case .bytes(let text): string(text)
        case .strings(let texts): array(8, texts.map { .string($0) })
        case .uint32s(let values): array(4, values.map { .uint32($0) })
        case .int32s(let values): array(5, values.map { .int32($0) })
        case .float32s(let values): array(6, values.map { .float32($0) })
        case .array(let type, let values): array(type, values)
        case .claimedArray(let type, let count, let payload):
            number(type)
            number(count)
            put(payload)
        case .raw(_, let payload): put(payload)
        }
    }

    private mutating func string(_ text: [UInt8]) {
        number(UInt64(text.count))
        put(text)
    }

    private mutating func array(_ type: UInt32, _ values: [GGUFBuilder.Value]) {
        number(type)
        number(UInt64(values.count))
        for value in values { payload(value) }
    }
}

extension GGUFBuilder.Value {
    /// The type number written before the value.
    var type: UInt32 {
        switch self {
        case .uint8: 0
        case .int8: 1
        case .uint16: 2
        case .int16: 3
        case .uint32: 4
        case .int32: 5
        case .float32: 6
        case .bool: 7
        case .string, .bytes: 8
        case .strings, .uint32s, .int32s, .float32s, .array, .claimedArray: 9
        case .uint64: 10
        case .int64: 11
        case .float64: 12
        case .raw(let type, _): type
        }
    }
}
