// A metadata array: a checked view on the head of the file, without a copy of the elements.
//
// Vocabularies and merge lists have hundreds of thousands of strings. `ArrayWalker` walks an array
// once and checks that every length stays inside the array. Later reads rely on the check.
// Guarantees: the head lives as long as the view and never changes. Iteration allocates nothing per
// element.
// Does not: promise UTF-8 for elements, because token pieces are byte strings. Readers decide.

/// A validated array inside the head of the file.
public struct MetadataArray: Sendable {
    /// Type of all elements.
    public let elementType: MetadataType
    /// Number of elements.
    public let count: Int
    /// First byte of the first element, counted from the start of the file.
    public let byteOffset: Int
    /// Bytes of all elements.
    public let byteSize: Int
    private let file: ModelFile

    package init(
        elementType: MetadataType, count: Int, byteOffset: Int, byteSize: Int, file: ModelFile
    ) {
        self.elementType = elementType
        self.count = count
        self.byteOffset = byteOffset
        self.byteSize = byteSize
        self.file = file
    }

    /// Calls `body` with the bytes of each string in order, or never if elements are not strings.
    /// The bytes are only valid during the call. Any thread. Allocates nothing. Rethrows the
    /// error of `body`.
    public func forEachString<Failure: Error>(
        _ body: (_ index: Int, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        guard elementType == .string else { return }
        let view = bytes
        var offset = 0
        for index in 0..<count {
            guard offset <= view.count - 8 else { return }
            let claimed = view.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
            let size = Int(min(UInt64(littleEndian: claimed), UInt64(view.count - offset)))
            try body(index, UnsafeRawBufferPointer(rebasing: view[offset..<offset + size]))
            offset += size
        }
    }

    /// The strings, with ill-formed UTF-8 repaired, or nil if elements are not strings. Allocates
    /// every string, so only small arrays like tags fit. Use `forEachString` for vocabularies.
    public func strings() -> [String]? {
        guard elementType == .string else { return nil }
        var result: [String] = []
        result.reserveCapacity(count)
        forEachString { _, bytes in result.append(String(decoding: bytes, as: UTF8.self)) }
        return result
    }

    /// All elements as `Float`, or nil if elements are not float32 or float64. One allocation.
    public func floats() -> [Float]? {
        switch elementType {
        case .float32: map(UInt32.self) { Float(bitPattern: $0) }
        case .float64: map(UInt64.self) { Float(Double(bitPattern: $0)) }
        default: nil
        }
    }

    /// All elements as integers, or nil if elements are not integers or a value exceeds `Int64`.
    /// One allocation, two for uint64.
    public func integers() -> [Int64]? {
        switch elementType {
        case .uint8: map(UInt8.self) { Int64($0) }
        case .int8: map(Int8.self) { Int64($0) }
        case .uint16: map(UInt16.self) { Int64($0) }
        case .int16: map(Int16.self) { Int64($0) }
        case .uint32: map(UInt32.self) { Int64($0) }
        case .int32: map(Int32.self) { Int64($0) }
        case .int64: map(Int64.self) { $0 }
        case .uint64:
            map(UInt64.self) { $0 }.contains { $0 > UInt64(Int64.max) }
                ? nil : map(UInt64.self) { Int64($0) }
        default: nil
        }
    }

    /// All elements as booleans, or nil if elements are not booleans. One allocation.
    public func bools() -> [Bool]? {
        elementType == .bool ? map(UInt8.self) { $0 != 0 } : nil
    }

    /// The inner arrays, or nil if elements are not arrays.
    public func arrays() -> [MetadataArray]? {
        guard elementType == .array else { return nil }
        let walker = ArrayWalker(file: file, limits: .default, metadataEnd: byteOffset + byteSize)
        return try? walker.elements(of: self)
    }

    /// The raw bytes of all elements, as stored. Valid while the array or the file is alive.
    public var bytes: UnsafeRawBufferPointer {
        file.readHead(byteOffset..<byteOffset + byteSize)
    }

    private func map<Stored: FixedWidthInteger & BitwiseCopyable, Element>(
        _ stored: Stored.Type, _ convert: (Stored) -> Element
    ) -> [Element] {
        let view = bytes
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                let offset = index * MemoryLayout<Stored>.size
                let raw = view.loadUnaligned(fromByteOffset: offset, as: Stored.self)
                buffer.initializeElement(at: index, to: convert(Stored(littleEndian: raw)))
            }
            initialized = count
        }
    }
}
