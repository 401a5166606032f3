// Writes a GGUF v3 file front to back through one small buffer, whatever its size.
//
// The order is the file's order: header, metadata, tensor table, tensor data; counts and shapes
// are therefore given up front. Guarantees: memory is the buffer alone; tensor data is aligned to
// 32 bytes; a failed write is an error with errno, and the partial file is the caller's to remove.
// Not here: reading, checking, or producing deliberately broken files.

import Glibc

/// A failed system call while writing a model file.
package struct ModelWritingError: Error, CustomStringConvertible {
    /// The call, the path and the system's sentence.
    package let description: String

    init(_ call: String, _ path: String) {
        description = "\(call) \(path): \(String(cString: strerror(errno)))"
    }
}

/// A streaming writer of one file. Not thread-safe.
final class GGUFFileWriter {
    static let alignment = 32
    private static let bufferSize = 1 << 20

    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var offset = 0

    init(path: String, tensorCount: Int, keyCount: Int) throws(ModelWritingError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ModelWritingError("creating", path) }
        buffer.reserveCapacity(Self.bufferSize + 4096)
        try put(Array("GGUF".utf8))
        try number(UInt32(3))
        try number(UInt64(tensorCount))
        try number(UInt64(keyCount))
    }

    deinit { close(descriptor) }

    // MARK: Metadata; the numbers are the format's value types

    func key(_ name: String, _ value: UInt32) throws(ModelWritingError) {
        try string(name)
        try number(UInt32(4))
        try number(value)
    }

    func key(_ name: String, _ value: Float) throws(ModelWritingError) {
        try string(name)
        try number(UInt32(6))
        try number(value.bitPattern)
    }

    func key(_ name: String, _ value: String) throws(ModelWritingError) {
        try string(name)
        try number(UInt32(8))
        try string(value)
    }

    func key(_ name: String, _ values: [String]) throws(ModelWritingError) {
        try arrayHeader(name, elementType: 8, count: values.count)
        for value in values { try string(value) }
    }

    func key(_ name: String, _ values: [Float]) throws(ModelWritingError) {
        try arrayHeader(name, elementType: 6, count: values.count)
        for value in values { try number(value.bitPattern) }
    }

    func key(_ name: String, _ values: [Int32]) throws(ModelWritingError) {
        try arrayHeader(name, elementType: 5, count: values.count)
        for value in values { try number(UInt32(bitPattern: value)) }
    }

    private func arrayHeader(
        _ name: String, elementType: UInt32, count: Int
    ) throws(ModelWritingError) {
        try string(name)
        try number(UInt32(9))
        try number(elementType)
        try number(UInt64(count))
    }

    // MARK: Tensors

    /// One row of the tensor table. `dataOffset` counts from the start of the data section.
    func tensor(
        _ name: String, dimensions: [Int], format: UInt32, dataOffset: Int
    ) throws(ModelWritingError) {
        try string(name)
        try number(UInt32(dimensions.count))
        for dimension in dimensions { try number(UInt64(dimension)) }
        try number(format)
        try number(UInt64(dataOffset))
    }

    /// Zeros up to the next aligned offset.
    func pad() throws(ModelWritingError) {
        let rest = offset % Self.alignment
        if rest > 0 { try put([UInt8](repeating: 0, count: Self.alignment - rest)) }
    }

    // MARK: Bytes

    func number<Number: FixedWidthInteger>(_ value: Number) throws(ModelWritingError) {
        withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
        offset += MemoryLayout<Number>.size
        try drainIfFull()
    }

    func string(_ text: String) throws(ModelWritingError) {
        let bytes = Array(text.utf8)
        try number(UInt64(bytes.count))
        try put(bytes)
    }

    func put(_ bytes: [UInt8]) throws(ModelWritingError) {
        buffer.append(contentsOf: bytes)
        offset += bytes.count
        try drainIfFull()
    }

    private func drainIfFull() throws(ModelWritingError) {
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Writes what is buffered. Call once at the end.
    func flush() throws(ModelWritingError) {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw ModelWritingError("writing", path) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
