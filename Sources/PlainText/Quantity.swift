// Numbers as people read them: sizes, counts, times and fixed decimals.
//
// Guarantees: no locale, so that output looks the same on every machine. A rounded number never
// shows a unit too small for it (`1000 kB`).

/// Converts numbers to text.
package enum Quantity {
    /// Bytes with three digits and a decimal unit: `999 B`, `1.05 MB`, `13.4 GB`.
    package static func bytes(_ size: UInt64) -> String {
        scaled(Double(size), ["B", "kB", "MB", "GB", "TB"], digits: threeDigits)
    }

    /// A count with two digits or more: `512`, `2.1 M`, `135 M`, `7.2 B` (thousand million).
    package static func count(_ count: UInt64) -> String {
        scaled(Double(count), ["", "k", "M", "B", "T"]) { value in
            fixed(value, value < 9.95 && value != value.rounded() ? 1 : 0)
        }
    }

    /// A time with three digits: `0.144 ms`, `37.4 ms`, `1.20 s`.
    package static func time(milliseconds: Double) -> String {
        milliseconds >= 999.5
            ? threeDigits(milliseconds / 1000) + " s" : threeDigits(milliseconds) + " ms"
    }

    /// A time of whole microseconds, as `time(milliseconds:)`.
    package static func time(microseconds: UInt64) -> String {
        time(milliseconds: Double(microseconds) / 1000)
    }

    /// A number with `decimals` digits after the point, rounded half up, for people to compare.
    package static func fixed(_ value: some BinaryFloatingPoint, _ decimals: Int) -> String {
        let value = Double(value)
        guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
        let scale = (0..<decimals).reduce(1) { product, _ in product * 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let part = "\(scaled % scale)"
        return "\(sign)\(scaled / scale)."
            + String(repeating: "0", count: decimals - part.count) + part
    }

    /// Three digits that count, with at most four decimals. Zero is `0`.
    private static func threeDigits(_ value: Double) -> String {
        let bounds = [(0.09995, 4), (0.9995, 3), (9.995, 2), (99.95, 1)]
        let decimals = bounds.first { value < $0.0 }?.1 ?? 0
        return value < 0.000_05 ? "0" : fixed(value, decimals)
    }

    /// `value` in the first unit that shows fewer than four digits before the point.
    private static func scaled(
        _ value: Double, _ units: [String], digits: (Double) -> String
    ) -> String {
        var (value, unit) = (value, 0)
        while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        let isWhole = unit == 0
        return (isWhole ? fixed(value, 0) : digits(value))
            + (units[unit].isEmpty ? "" : " " + units[unit])
    }
}
