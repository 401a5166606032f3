// Spans of time as people write them: 250us, 50ms, 1.5s, 2m, 1h.
//
// Guarantees: exact. A span is a whole number of nanoseconds, and a text that is none, or is longer
// than 584 years, is refused. No text of more than 32 bytes is read. Signs, spaces, exponents and
// words are refused.

/// Reads spans of time. Pure.
package enum TimeText {
    /// A measure of time.
    package enum Unit: UInt64, CaseIterable, Sendable {
        case nanoseconds = 1
        case microseconds = 1_000
        case milliseconds = 1_000_000
        case seconds = 1_000_000_000
        case minutes = 60_000_000_000
        case hours = 3_600_000_000_000

        /// Letters behind a number.
        fileprivate var suffixes: [String] {
            switch self {
            case .nanoseconds: ["ns"]
            case .microseconds: ["us", "µs"]
            case .milliseconds: ["ms"]
            case .seconds: ["s"]
            case .minutes: ["m"]
            case .hours: ["h"]
            }
        }
    }

    /// Longest text that is read, in bytes.
    private static let sizeMax = 32

    /// Nanoseconds of `text`, or nil for a text that is no span.
    ///
    /// - Parameter bare: the unit of a number without one. Nil refuses such a number.
    package static func nanoseconds(_ text: String, bare: Unit?) -> UInt64? {
        guard text.utf8.count <= sizeMax else { return nil }
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let suffix = text[number.endIndex...]
        let named = Unit.allCases.first { $0.suffixes.contains(String(suffix)) }
        guard let unit = suffix.isEmpty ? bare : named else { return nil }
        return nanoseconds(number, of: unit)
    }

    /// A decimal number of units. The point may stand before or behind all digits.
    private static func nanoseconds(_ number: Substring, of unit: Unit) -> UInt64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts.joined()
        guard parts.count <= 2, let value = UInt128(digits) else { return nil }
        let (product, overflows) = value.multipliedReportingOverflow(by: UInt128(unit.rawValue))
        var scale: UInt128 = 1
        for _ in 0..<(parts.count == 2 ? parts[1].count : 0) { scale *= 10 }
        guard !overflows, product % scale == 0 else { return nil }
        return UInt64(exactly: product / scale)
    }
}
