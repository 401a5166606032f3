// The two functions of the C library that plots need.

import Glibc

extension Double {
    /// The logarithm to base 10.
    static func logarithm(_ value: Double) -> Double { log10(value) }

    /// 10 to the power of `exponent`.
    static func power(of exponent: Int) -> Double { pow(10, Double(exponent)) }
}
