// JSON output with fields in a fixed order: what a person reads and a script greps.
//
// Guarantees: one line, valid JSON whatever the strings hold; numbers round-trip.

indirect enum JSONValue {
    case null
    case bool(Bool)
    case unsigned(UInt64)
    case number(Double)
    case float(Float)
    case string(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    static func string(_ value: String?) -> JSONValue {
        if let value { .string(value) } else { .null }
    }

    static func tokens(_ tokens: [UInt32]) -> JSONValue {
        .array(tokens.map { .unsigned(UInt64($0)) })
    }

    /// Microseconds as milliseconds with three decimals.
    static func milliseconds(_ microseconds: UInt64) -> JSONValue {
        .number(Double(microseconds) / 1000)
    }

    /// The value on one line.
    var text: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to result: inout String) {
        switch self {
        case .null: result += "null"
        case .bool(let value): result += value ? "true" : "false"
        case .unsigned(let value): result += "\(value)"
        // JSON has neither infinity nor NaN.
        case .number(let value): result += value.isFinite ? "\(value)" : "null"
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
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}
