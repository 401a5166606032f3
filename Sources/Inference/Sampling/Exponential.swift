// The exponential of numbers that are not positive, with the same bits on every machine.
//
// The C library's `exp` may round differently from processor to processor; a token choice that
// hangs on the last bit would then not be reproducible.
// Guarantees: only additions, multiplications and one scaling by a power of two, in a fixed order;
// relative error below 1e-15 for x in -700 ... 0; exactly 1 at 0, exactly 0 below -700.

/// e^x for x <= 0.
///
/// With k = round(x / ln 2) and r = x - k ln 2 in two steps (|r| <= 0.3466), e^x = 2^k e^r,
/// and e^r is its Taylor polynomial of degree 13 in Horner's order.
package func exponential(_ x: Double) -> Double {
    guard x >= -700 else { return 0 }
    // Adding and taking off 1.5 * 2^52 rounds to an integer without a library call.
    let k = (x * 1.442_695_040_888_963_4 + 0x1.8p52) - 0x1.8p52
    // ln 2 in two parts; the first has 21 trailing zero bits, so k times it is exact.
    let r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33
    var sum = 1.0 / 6_227_020_800
    sum = sum * r + 1.0 / 479_001_600
    sum = sum * r + 1.0 / 39_916_800
    sum = sum * r + 1.0 / 3_628_800
    sum = sum * r + 1.0 / 362_880
    sum = sum * r + 1.0 / 40_320
    sum = sum * r + 1.0 / 5_040
    sum = sum * r + 1.0 / 720
    sum = sum * r + 1.0 / 120
    sum = sum * r + 1.0 / 24
    sum = sum * r + 1.0 / 6
    sum = sum * r + 1.0 / 2
    sum = sum * r + 1
    sum = sum * r + 1
    // k >= -1010, so 2^k is a normal number and its exponent field is k + 1023.
    return sum * Double(bitPattern: UInt64(bitPattern: Int64(k) + 1_023) << 52)
}
