// Numbers as people read them: fixed decimals, times with a fitting unit, grouped counts.
//
// Pure text without a locale: reports look the same on every machine. The second half reads numbers
// from flags.

import PlainText

/// Converts numbers to text, and text to numbers.
package enum NumberText {
    /// `value` with `decimals` digits after the point, rounded half up. Returns "-" when `value` is
    /// not finite.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        let scales: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
        let scale = scales[min(max(decimals, 0), 6)]
        let scaled = (abs(value) * scale).rounded()
        guard scaled.isFinite, scaled < 9e15 else { return "-" }
        let whole = UInt64(scaled) / UInt64(scale)
        let part = UInt64(scaled) % UInt64(scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let digits = String(part)
        let zeros = String(repeating: "0", count: min(decimals, 6) - digits.count)
        return "\(sign)\(whole).\(zeros)\(digits)"
    }

    /// Three to four significant digits: `0.0123`, `1.23`, `123.4`, `12345`.
    package static func short(_ value: Double) -> String {
        let size = abs(value)
        if size >= 1_000 || size == 0 { return fixed(value, 0) }
        if size >= 100 { return fixed(value, 1) }
        if size >= 1 { return fixed(value, 2) }
        return fixed(value, size >= 0.1 ? 3 : 4)
    }

    /// Milliseconds with a fitting unit: `12.3 us`, `4.56 ms`, `1.20 s`.
    package static func time(milliseconds: Double) -> String {
        if abs(milliseconds) >= 1_000 { return short(milliseconds / 1_000) + " s" }
        if abs(milliseconds) >= 1 || milliseconds == 0 { return short(milliseconds) + " ms" }
        return short(milliseconds * 1_000) + " us"
    }

    /// A share of 0 to 1 as a percentage.
    package static func percent(_ share: Double) -> String {
        let percent = share * 100
        return (percent > 0 && percent < 0.1 ? fixed(percent, 4) : fixed(percent, 2)) + "%"
    }

    /// A count with groups of thousands: `1,234,567`.
    package static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// Padded on the left to `width`.
    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Padded on the right to `width`.
    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    // MARK: - Reading

    /// Seconds of `10s`, `250ms`, `20us`, `5m`, `1h`, or a bare number of seconds.
    package static func seconds(_ text: String, _ what: String) throws(LoadTestError) -> Double {
        try seconds(text, what, bare: .seconds)
    }

    /// Seconds of a time with a unit. An objective must name its unit, because reports use
    /// milliseconds and a bare 20 would be three orders off.
    static func objective(_ text: String, _ what: String) throws(LoadTestError) -> Double {
        try seconds(text, what, bare: nil)
    }

    private static func seconds(
        _ text: String, _ what: String, bare: TimeText.Unit?
    ) throws(LoadTestError) -> Double {
        guard let nanoseconds = TimeText.nanoseconds(text, bare: bare) else {
            throw .setting(
                what, found: text, allowed: "a time such as 250ms, 10s, 5m (ns us ms s m h)")
        }
        return Double(nanoseconds) / 1e9
    }

    /// A share of 0 to 1: `12%` or `0.12`.
    package static func share(_ text: String, _ what: String) throws(LoadTestError) -> Double {
        let isPercent = text.hasSuffix("%")
        let value = plain(isPercent ? String(text.dropLast()) : text).map {
            isPercent ? $0 / 100 : $0
        }
        guard let value, (0...1).contains(value) else {
            throw .setting(what, found: text, allowed: "a share: 0% to 100%, or 0 to 1")
        }
        return value
    }

    /// A plain decimal number, finite and not negative. Signs, words and hexadecimal digits are
    /// refused.
    package static func plain(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.count <= 32,
            text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 || $0 == 101 }),
            let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    /// A number within `range`.
    package static func number(
        _ text: String, _ what: String, _ range: ClosedRange<Double>
    ) throws(LoadTestError) -> Double {
        guard let value = plain(text), range.contains(value) else {
            throw .setting(
                what, found: text,
                allowed: "a number from \(bound(range.lowerBound)) to "
                    + bound(range.upperBound))
        }
        return value
    }

    private static func bound(_ value: Double) -> String {
        value == value.rounded() ? fixed(value, 0) : Plot.label(value)
    }
}
