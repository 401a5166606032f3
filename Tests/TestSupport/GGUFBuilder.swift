// Builds GGUF files byte by byte, right ones and wrong ones.
//
// A right file needs nothing but keys and tensors. For a wrong one every number that the writer
// would compute (counts, lengths, types, offsets) can be set to anything, so that a test states
// its one defect and nothing else differs. It shares no code with the parser: both were written
// from the format's text.

/// A GGUF file in the making. A value: copy it, break the copy.
package struct GGUFBuilder: Sendable {
    /// The first four bytes.
    package var magic: [UInt8] = Array("GGUF".utf8)
    /// The version field.
    package var version: UInt32 = 3
    /// Replaces the count of tensors in the header.
    package var claimedTensorCount: UInt64?
    /// Replaces the count of metadata entries in the header.
    package var claimedMetadataCount: UInt64?
    /// Layout of tensor data. Written into the file only by `set("general.alignment", …)`.
    package var alignment = 32
    /// Entries in file order; a key may be there twice.
    package var metadata: [Entry] = []
    /// Tensors in file order.
    package var tensors: [Tensor] = []

    /// Starts with an empty, valid file.
    package init() {}

    /// One metadata entry.
    package struct Entry: Sendable {
        /// The key's bytes.
        package var key: [UInt8]
        /// Replaces the key's length field.
        package var claimedKeySize: UInt64?
        /// The value.
        package var value: Value
    }

    /// A value with its type; `raw` and `claimedArray` can lie.
    package indirect enum Value: Sendable {
        case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32)
        case uint64(UInt64), int64(Int64), float32(Float), float64(Double), bool(Bool)
        case string(String)
        /// A string of any bytes.
        case bytes([UInt8])
        case strings([String]), uint32s([UInt32]), int32s([Int32]), float32s([Float])
        /// An array of values that all have `type`.
        case array(type: UInt32, [Value])
        /// An array header followed by these bytes.
        case claimedArray(type: UInt32, count: UInt64, payload: [UInt8])
        /// A type number followed by these bytes.
        case raw(type: UInt32, payload: [UInt8])
    }

    /// One tensor with its data.
    package struct Tensor: Sendable {
        /// The name's bytes.
        package var name: [UInt8]
        /// Replaces the name's length field.
        package var claimedNameSize: UInt64?
        /// ggml's order: row length first.
        package var dimensions: [UInt64]
        /// Replaces the number of dimensions.
        package var claimedDimensionCount: UInt32?
        /// ggml's type number.
        package var format: UInt32
        /// Replaces the offset computed from the tensors before.
        package var claimedOffset: UInt64?
        /// Stored bytes.
        package var data: [UInt8]

        /// A tensor whose data follows the one before.
        package init(_ name: String, _ dimensions: [Int], format: UInt32, data: [UInt8]) {
            self.name = Array(name.utf8)
            self.dimensions = dimensions.map { UInt64($0) }
            self.format = format
            self.data = data
        }
    }

    /// Replaces the value of `key`, or adds the entry.
    package mutating func set(_ key: String, _ value: Value) {
        let bytes = Array(key.utf8)
        if let index = metadata.firstIndex(where: { $0.key == bytes }) {
            metadata[index].value = value
        } else {
            add(key, value)
        }
    }

    /// Adds an entry, even if the key is there already.
    package mutating func add(_ key: String, _ value: Value) {
        metadata.append(Entry(key: Array(key.utf8), value: value))
    }

    /// Removes the entry with `key`.
    package mutating func remove(_ key: String) {
        metadata.removeAll { $0.key == Array(key.utf8) }
    }

    /// Changes the tensor with this name; does nothing if there is none.
    package mutating func change(_ name: String, _ body: (inout Tensor) -> Void) {
        guard let index = tensors.firstIndex(where: { $0.name == Array(name.utf8) }) else { return }
        body(&tensors[index])
    }

    /// Removes the tensor with this name.
    package mutating func removeTensor(_ name: String) {
        tensors.removeAll { $0.name == Array(name.utf8) }
    }

    /// The file's bytes.
    package func build() -> [UInt8] { layout().bytes }

    /// The bytes, with the places where one field ends and the next begins.
    package func layout() -> Layout {
        var writer = GGUFWriter()
        writer.put(magic)
        writer.number(version)
        writer.number(claimedTensorCount ?? UInt64(tensors.count))
        writer.number(claimedMetadataCount ?? UInt64(metadata.count))
        for entry in metadata {
            writer.number(entry.claimedKeySize ?? UInt64(entry.key.count))
            writer.put(entry.key)
            writer.number(entry.value.type)
            writer.payload(entry.value)
        }
        var offset: UInt64 = 0
        var offsets: [UInt64] = []
        for tensor in tensors {
            let place = tensor.claimedOffset ?? offset
            offsets.append(place)
            if tensor.claimedOffset == nil { offset = padded(offset + UInt64(tensor.data.count)) }
            writer.tensor(tensor, offset: place)
        }
        if !tensors.isEmpty { writer.pad(to: alignment) }
        let dataOffset = writer.bytes.count
        for (tensor, place) in zip(tensors, offsets) where tensor.claimedOffset == nil {
            writer.pad(upTo: dataOffset + Int(place))
            writer.put(tensor.data)
        }
        return Layout(
            bytes: writer.bytes, boundaries: writer.boundaries, dataOffset: dataOffset)
    }

    /// A built file and its structure.
    package struct Layout: Sendable {
        /// The whole file.
        package let bytes: [UInt8]
        /// Offsets behind each field, ascending.
        package let boundaries: [Int]
        /// First byte of tensor data.
        package let dataOffset: Int
    }

    private func padded(_ offset: UInt64) -> UInt64 {
        let step = UInt64(alignment)
        return (offset + step - 1) / step * step
    }
}
