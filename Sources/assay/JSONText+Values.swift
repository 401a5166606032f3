// Values of the command line's JSON output. JSONText in Loading writes them.

import Loading

extension JSONText {
    static func string(_ value: String?) -> JSONText {
        if let value { .string(value) } else { .null }
    }

    static func tokens(_ tokens: [UInt32]) -> JSONText {
        .array(tokens.map { .unsigned(UInt64($0)) })
    }

    /// Microseconds as milliseconds with three decimals.
    static func milliseconds(_ microseconds: UInt64) -> JSONText {
        .number(Double(microseconds) / 1000)
    }
}
