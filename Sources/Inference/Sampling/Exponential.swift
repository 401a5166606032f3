// The exponential of numbers up to 0 and the logarithm of numbers from 1 on, with the same bits on
// every machine.
//
// The C library's `exp` and `log` may round differently from processor to processor. A reported
// log-probability would then not be reproducible.
// Guarantees: only the four basic operations and scaling by a power of two, in a fixed order. The
// exponential's relative error is below 2e-7 for x in -87 ... 0, its result exactly 1 at 0 and
// exactly 0 below -87.

/// e^x for sixteen x <= 0.
///
/// With k = round(x / ln 2) and r = x - k ln 2 in two steps (|r| <= 0.3466), e^x = 2^k e^r,
/// and e^r is its Taylor polynomial of degree 7 in Horner's order.
@inline(__always)
func exponential(_ x: SIMD16<Float>) -> SIMD16<Float> {
    // Adding and taking off 1.5 * 2^23 rounds to an integer. Results for NaN and -infinity are
    // arbitrary here, and are replaced at the end.
    let magic = SIMD16<Float>(repeating: 0x1.8p23)
    let shifted = x * 0x1.715476p0 + magic
    let k = shifted - magic
    // ln 2 in two parts. The first has 15 trailing zero bits, so k times it is exact.
    let r = (x - k * 0x1.62ep-1) - k * 0x1.0bfbe8p-15
    var sum = SIMD16<Float>(repeating: 1.0 / 5_040)
    sum = sum * r + 1.0 / 720
    sum = sum * r + 1.0 / 120
    sum = sum * r + 1.0 / 24
    sum = sum * r + 1.0 / 6
    sum = sum * r + 0.5
    sum = sum * r + 1
    sum = sum * r + 1
    // The low bits of `shifted` are k in two's complement. Moved into the exponent field, the bits
    // multiply by 2^k. k >= -126 and the sum is above 0.7, so the product is zero or more.
    let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
    let bits = unsafeBitCast(sum, to: SIMD16<Int32>.self) &+ exponent
    // All ones where x is in range.
    let inRange = unsafeBitCast(x .>= -87, to: SIMD16<Int32>.self)
    return unsafeBitCast(bits & inRange, to: SIMD16<Float>.self)
}

/// ln x for finite x >= 1, with a relative error below 1e-15, and exactly 0 at 1.
///
/// With x = 2^k m, m in 0.7071 ... 1.4142 and s = (m - 1) / (m + 1), ln x = k ln 2 + 2 atanh s, and
/// atanh s is its series up to s^23 (|s| <= 0.1716) in Horner's order.
func naturalLogarithm(_ x: Double) -> Double {
    var k = Double(x.exponent)
    var m = x.significand
    if m > 1.414_213_562_373_095_1 {
        m *= 0.5
        k += 1
    }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for odd in stride(from: 23.0, through: 1, by: -2) { sum = sum * square + 1 / odd }
    return k * 0x1.62e42fefa39efp-1 + 2 * s * sum
}
