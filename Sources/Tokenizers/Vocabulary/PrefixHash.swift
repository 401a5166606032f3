// Hashes of all parts of a text, in one pass over the text.
//
// Guarantees: the hash of a part of any length costs one modular multiplication. The base is
// random, so a file cannot choose collisions.
// Does not: prove equality. The caller compares the bytes behind equal hashes.

/// A polynomial hash modulo 2^61 - 1, with a base that no file can know. The hash of any part of a
/// text follows from the hashes of two prefixes.
struct PrefixHash: Sendable {
    private static let modulus: UInt64 = (1 << 61) - 1
    private let base = UInt64.random(in: 1 << 32..<modulus)
    /// `base` to the power of each length.
    private let powers: [UInt64]

    init(sizeMax: Int) {
        var powers: [UInt64] = [1]
        powers.reserveCapacity(sizeMax + 1)
        for _ in 0..<sizeMax { powers.append(Self.multiply(powers[powers.count - 1], base)) }
        self.powers = powers
    }

    /// The hash of a whole range.
    func value(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 { extend(0, bytes, range) }

    /// The hash of a text extended by more bytes.
    func extend(_ value: UInt64, _ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        bytes[range].reduce(value) { Self.add(Self.multiply($0, base), UInt64($1) + 1) }
    }

    /// The hashes of all prefixes of a text, from the empty prefix on.
    func prefixes(_ text: Slice<UnsafeBufferPointer<UInt8>>, into result: inout [UInt64]) {
        result.removeAll(keepingCapacity: true)
        result.append(0)
        var value: UInt64 = 0
        for byte in text {
            value = Self.add(Self.multiply(value, base), UInt64(byte) + 1)
            result.append(value)
        }
    }

    /// The hash of `count` bytes from `start` on, computed from the prefixes. `count` is at most
    /// `sizeMax`.
    @inline(__always)
    func value(_ prefixes: [UInt64], _ start: Int, _ count: Int) -> UInt64 {
        let front = Self.multiply(prefixes[start], powers[count])
        return Self.add(prefixes[start + count], Self.modulus - front)
    }

    @inline(__always)
    private static func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let sum = a + b
        return sum >= modulus ? sum - modulus : sum
    }

    @inline(__always)
    private static func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        let high = product.high << 3 | product.low >> 61
        return add(high, product.low & modulus)
    }
}
