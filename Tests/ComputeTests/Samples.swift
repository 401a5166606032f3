// Random inputs for the kernel tests: file blocks of each format, rows of floats, back ends.
//
// Guarantees: the same seed gives the same bytes. Scales and values are finite and of ordinary
// size unless a test asks for something else.

import CKernels
import Compute
import ComputeTestSupport
import TestSupport

/// A matrix in file form, with its values as the reference dequantiser sees them.
struct SampleMatrix {
    let format: WeightFormat
    let rows: Int
    let columns: Int
    var bytes: [UInt8]

    init(_ format: WeightFormat, rows: Int, columns: Int, seed: UInt64) {
        (self.format, self.rows, self.columns) = (format, rows, columns)
        var random = SeededGenerator(seed: seed)
        let blocks = rows * columns / format.valuesPerBlock
        bytes = (0..<blocks).flatMap { _ in Self.block(format, &random) }
        if format.trailerSize > 0 {
            let scale = Self.bytes(of: Self.scale(&random).bitPattern)
            bytes += scale + [UInt8](repeating: 0, count: format.trailerSize - scale.count)
        }
    }

    /// Between 1/256 and 1/4, so that sums stay of ordinary size.
    private static func scale(_ random: inout SeededGenerator) -> Float {
        0.00390625 + 0.25 * abs(random.uniform())
    }

    /// Any byte may stand in the quants; every half of a block is an ordinary scale.
    private static func block(_ format: WeightFormat, _ random: inout SeededGenerator) -> [UInt8] {
        switch format {
        case .f32: return bytes(of: random.uniform().bitPattern)
        case .f16: return bytes(of: Float16(random.uniform()).bitPattern)
        case .bf16: return bytes(of: UInt16(random.uniform().bitPattern >> 16))
        default:
            var block = (0..<format.bytesPerBlock).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            for offset in format.f16Offsets {
                let half = bytes(of: Float16(scale(&random)).bitPattern)
                block.replaceSubrange(offset..<offset + 2, with: half)
            }
            return block
        }
    }

    private static func bytes(of value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// Row after row.
    var values: [Float] { dequantised(bytes, format: format, count: rows * columns) }

    func packed(by backend: CPUBackend) throws -> WeightMatrix {
        try bytes.withUnsafeBytes {
            try backend.makeMatrix($0, format: format, rows: rows, columns: columns)
        }
    }
}

extension WeightFormat {
    /// Where the f16 fields of a block stand.
    var f16Offsets: [Int] {
        guard let row = kn_format_find(rawValue)?.pointee else { return [] }
        return [Int(row.f16_offset.0), Int(row.f16_offset.1)].prefix(Int(row.f16_count)) + []
    }

    /// `count` columns, or the next number that rows of this format can have whatever their count.
    func columns(atLeast count: Int) -> Int {
        let multiple = max(columnMultiple, valuesPerBlock)
        return (count + multiple - 1) / multiple * multiple
    }

    /// The ways in which a product with this format may round its input.
    var roundings: [InputRounding] { InputRounding.allCases.filter(accepts) }

    /// Every format together with each of its roundings.
    static var products: [(WeightFormat, InputRounding)] {
        allCases.flatMap { format in format.roundings.map { (format, $0) } }
    }
}

func dequantised(_ bytes: [UInt8], format: WeightFormat, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, used in
        let values = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        bytes.withUnsafeBytes { format.dequantise($0, into: values) }
        used = count
    }
}

func randomFloats(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in random.uniform() * scale }
}

extension CPUQueue {
    func makeBuffer(count: Int) throws -> FloatBuffer { try backend.makeBuffer(count: count) }

    func buffer(_ values: [Float]) throws -> FloatBuffer {
        let buffer = try makeBuffer(count: values.count)
        values.withUnsafeBufferPointer { write($0, to: buffer, at: 0) }
        return buffer
    }

    func values(_ buffer: FloatBuffer) -> [Float] {
        withValues(of: buffer, in: 0..<buffer.count) { Array($0) }
    }

    /// `tokens` rows times one matrix.
    func product(
        _ matrix: WeightMatrix, _ input: [Float], tokens: Int, bias: [Float]? = nil,
        start: [Float]? = nil, rounding: InputRounding? = nil
    ) throws -> [Float] {
        let output = try start.map(buffer) ?? makeBuffer(count: tokens * matrix.rows)
        let product = MatrixProduct(
            matrix, bias: try bias.map(buffer), into: output.rows(of: matrix.rows),
            accumulates: start != nil, rounding: rounding)
        let rows = try buffer(input).rows(of: matrix.columns)
        matmul([product], input: rows, rows: tokens)
        try finish()
        return values(output)
    }
}

/// Bits, with every NaN alike: payloads are not part of the contract.
func bits(_ values: [Float]) -> [UInt32] {
    values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
}

/// One back end per instruction set of this machine; one thread, because the comparison is about
/// kernels.
func allBackends(threads: Int = 1) throws -> [CPUBackend] {
    try InstructionSet.available().map {
        try SharedBackends.get(threads: threads, instructionSet: $0)
    }
}

/// A queue on each back end of `allBackends`.
func allQueues(threads: Int = 1) throws -> [CPUQueue] {
    try allBackends(threads: threads).map { CPUQueue($0) }
}

/// A queue on a back end of one thread.
func oneQueue() throws -> CPUQueue { CPUQueue(try SharedBackends.get()) }

/// The kernel tables of this machine, scalar first.
var allTables: [UnsafePointer<kn_ops>] {
    [KN_SCALAR, KN_AVX2, KN_AVX512].compactMap { kn_ops_for($0) }
}

extension kn_ops {
    var title: String { String(cString: name) }
}
