// Random blocks of the weight formats in the benchmark's files.
//
// Guarantees: a quantiser could have written every block (no digit outside its base, finite
// scales), and the scale keeps a product as large as its input. The layouts are in ggml's
// ggml-common.h.

/// A weight format, by ggml's number.
enum BlockFormat: UInt32 {
    case float32 = 0
    case q40 = 2
    case q50 = 6
    case q80 = 8
    case q4K = 12
    case q6K = 14
    case tq10 = 34
    case tq20 = 35

    /// Values in a block.
    var valueCount: Int {
        switch self {
        case .float32: 1
        case .q40, .q50, .q80: 32
        case .q4K, .q6K, .tq10, .tq20: 256
        }
    }

    /// Bytes of a block.
    var size: Int {
        switch self {
        case .float32: 4
        case .q40: 18
        case .q50: 22
        case .q80: 34
        case .q4K: 144
        case .q6K: 210
        case .tq10: 54
        case .tq20: 66
        }
    }

    /// Offset of the half-precision scale.
    private var scaleOffset: Int {
        switch self {
        case .float32, .q40, .q50, .q80, .q4K: 0
        case .q6K: 208
        case .tq10: 52
        case .tq20: 64
        }
    }

    /// Standard deviation of a block's values at scale 1, its digits being uniform.
    private var deviation: Float {
        switch self {
        case .float32: 1
        case .q40: 4.6
        case .q50: 9.2
        case .q80: 73.6
        // 6-bit scale times 4-bit digit, less 7.5 times the 6-bit minimum.
        case .q4K: 258
        // 8-bit scale times 6-bit digit.
        case .q6K: 1367
        case .tq10, .tq20: 0.82
        }
    }

    /// The scale for a matrix of `columns`: a sum grows with the root of the number of columns.
    func scale(columns: Int) -> Float { 1 / (deviation * Float(columns).squareRoot()) }

    /// Fills a block of `size` bytes.
    func fill(_ block: inout [UInt8], scale: Float, _ random: inout SplitMix) {
        precondition(block.count == size && self != .float32)
        switch self {
        case .tq10: Self.fillPowersOfThree(&block, &random)
        case .tq20: Self.fillTernary(&block, &random)
        default: Self.fillBytes(&block, &random)
        }
        if self == .q80 {
            for index in 2..<size where block[index] == 0x80 { block[index] = 0x81 }
        }
        Self.put(Float16(scale), &block, at: scaleOffset)
        if self == .q4K { Self.put(Float16(7.5 * scale), &block, at: 2) }
    }

    private static func put(_ value: Float16, _ block: inout [UInt8], at offset: Int) {
        block[offset] = UInt8(truncatingIfNeeded: value.bitPattern)
        block[offset + 1] = UInt8(truncatingIfNeeded: value.bitPattern >> 8)
    }

    private static func fillBytes(_ block: inout [UInt8], _ random: inout SplitMix) {
        var bits: UInt64 = 0
        for index in block.indices {
            if index % 8 == 0 { bits = random.next() }
            block[index] = UInt8(truncatingIfNeeded: bits)
            bits >>= 8
        }
    }

    /// TQ2_0: four digits of two bits a byte, none of them 3.
    private static func fillTernary(_ block: inout [UInt8], _ random: inout SplitMix) {
        for index in 0..<64 {
            let digits = random.next(below: 81)
            block[index] = UInt8(
                digits % 3 | digits / 3 % 3 << 2 | digits / 9 % 3 << 4 | digits / 27 << 6)
        }
    }

    /// TQ1_0: 48 bytes of five digits in base 3, then four bytes of four digits, each number
    /// stretched from 0..<243 to a byte, as the format has it.
    private static func fillPowersOfThree(_ block: inout [UInt8], _ random: inout SplitMix) {
        for index in 0..<52 {
            let number = index < 48 ? random.next(below: 243) : 3 * random.next(below: 81)
            block[index] = UInt8((number * 256 + 242) / 243)
        }
    }
}
