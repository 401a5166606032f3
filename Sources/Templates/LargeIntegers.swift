// Integers outside 64 bits. They come with conversations, and keep all digits.
//
// Guarantees: a sign, `abs`, comparisons, slices, and all that passes a value on give what the
// reference gives. Any other calculation with one, or to one, ends with `template_limit`.
// Does not: calculate with them.

extension Evaluator {
    func largeInteger() -> TemplateError {
        TemplateError(.limit, "an integer outside 64 bits in a calculation")
    }
}

/// The order of two values.
enum Order {
    case less, same, greater
    /// No order: one is no number.
    case none

    var reversed: Order {
        switch self {
        case .less: .greater
        case .greater: .less
        default: self
        }
    }
}

/// Decimal digits of integers outside 64 bits, with `-` in front of negative ones.
extension TemplateText {
    /// True for the digits of a negative number.
    var isNegativeNumber: Bool { utf8.first == UInt8(ascii: "-") }

    /// The number with the other sign.
    var negatedNumber: TemplateValue {
        let digits = isNegativeNumber ? slice(1..<count) : TemplateText("-") + self
        return Int(digits.string).map { .integer($0) } ?? .largeInteger(digits)
    }

    /// The order of two numbers by their digits. Neither has leading zeros.
    func order(to other: TemplateText) -> Order {
        guard isNegativeNumber == other.isNegativeNumber else {
            return isNegativeNumber ? .less : .greater
        }
        let isLess =
            count == other.count ? utf8.lexicographicallyPrecedes(other.utf8) : count < other.count
        let order: Order = self == other ? .same : isLess ? .less : .greater
        return isNegativeNumber ? order.reversed : order
    }

    /// The order of a number outside 64 bits and a float, or nil where the digits of the nearest
    /// float do not decide.
    func order(to float: Double) -> Order? {
        if float.isNaN { return Order.none }
        if float.isInfinite { return float > 0 ? .less : .greater }
        guard let nearest = NumberReading.float(self), nearest != float else { return nil }
        return nearest < float ? .less : .greater
    }
}
