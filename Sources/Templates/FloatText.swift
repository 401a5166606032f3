// Floats in decimal, as Python's `repr` writes them.
//
// The digits are the fewest that read back as the same float. Between 1e-4 and 1e16 there is no
// exponent, and always a point or an exponent.

enum FloatText {
    static func text(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        if number == 0 { return number.sign == .minus ? "-0.0" : "0.0" }
        let (digits, point) = decimal(number.magnitude)
        let sign = number < 0 ? "-" : ""
        if point > 16 || point < -3 { return sign + exponential(digits, point - 1) }
        if point <= 0 { return sign + "0." + zeros(-point) + digits }
        if point >= digits.utf8.count {
            return sign + digits + zeros(point - digits.utf8.count) + ".0"
        }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    private static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    private static func exponential(_ digits: String, _ exponent: Int) -> String {
        let fraction = digits.utf8.count > 1 ? "." + digits.dropFirst() : ""
        let size = exponent.magnitude
        return digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+")
            + (size < 10 ? "0\(size)" : "\(size)")
    }

    /// The shortest digits of a positive number, and the place of the point from their start. The
    /// standard library finds the digits.
    private static func decimal(_ number: Double) -> (digits: String, point: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var isNegative = false
        var isExponent = false
        for byte in number.description.utf8 {
            switch byte {
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"): isExponent = true
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default:
                if isExponent {
                    exponent = exponent * 10 + Int(byte - 0x30)
                } else {
                    digits.append(byte)
                }
            }
        }
        var place = (point ?? digits.count) + (isNegative ? -exponent : exponent)
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        place -= leading
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (String(decoding: digits, as: UTF8.self), place)
    }
}
