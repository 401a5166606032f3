// JSON output with fields in a fixed order, for people to read and scripts to grep.
//
// Guarantees: a single line of valid JSON for any content of strings. Numbers round-trip.

import PlainText

/// A JSON value on its way to text.
package indirect enum JSONText {
    case null
    case bool(Bool)
    case integer(Int)
    case unsigned(UInt64)
    case number(Double)
    /// A number in the digits of another JSON text.
    case digits(String)
    /// Written with three decimals at most.
    case rounded(Double)
    case float(Float)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    /// The value on one line.
    package var text: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to result: inout String) {
        switch self {
        case .null: result += "null"
        case .bool(let value): result += value ? "true" : "false"
        case .integer(let value): result += "\(value)"
        case .unsigned(let value): result += "\(value)"
        case .digits(let value): result += value
        // JSON has neither infinity nor NaN.
        case .number(let value): result += value.isFinite ? "\(value)" : "null"
        case .rounded(let value):
            result += value.isFinite ? "\((value * 1000).rounded() / 1000)" : "null"
        case .float(let value): result += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.quote(value, to: &result)
        case .array(let values):
            result += "["
            for (index, value) in values.enumerated() {
                if index > 0 { result += "," }
                value.write(to: &result)
            }
            result += "]"
        case .object(let fields):
            result += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { result += "," }
                Self.quote(field.0, to: &result)
                result += ":"
                field.1.write(to: &result)
            }
            result += "}"
        }
    }

    private static func quote(_ value: String, to result: inout String) {
        result += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where steers(scalar):
                for unit in scalar.utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}
