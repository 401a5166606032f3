// Dates and times for `strftime_now`, with English names.

enum Strftime {
    /// The letters behind `%`, or behind `%-` for numbers without leading zeros.
    static let codes: [Character] = [
        "Y", "m", "d", "B", "b", "A", "a", "H", "M", "S", "y", "j", "p", "I",
    ]

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let days = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]

    /// The first code that is not supported, or nil.
    static func unsupportedCode(_ format: TemplateText) -> String? {
        var rest = Substring(format.string)
        while let percent = rest.firstIndex(of: "%") {
            var end = rest.index(after: percent)
            if end < rest.endIndex, rest[end] == "-" { end = rest.index(after: end) }
            guard end < rest.endIndex, codes.contains(rest[end]) else {
                return String(rest[percent...].prefix(3))
            }
            rest = rest[rest.index(after: end)...]
        }
        return nil
    }

    /// `format` must hold supported codes only.
    static func text(_ format: TemplateText, _ time: TemplateTime) -> TemplateText {
        var builder = TextBuilder()
        var state: [UInt8] = []
        for (byte, origin) in format.bytesWithOrigins {
            if state.isEmpty, byte != UInt8(ascii: "%") {
                builder.append(byte: byte, origin: origin)
                continue
            }
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "-"), state.count < 2 {
                state.append(byte)
                continue
            }
            builder.append(field(byte, isPadded: state.count == 1, time))
            state = []
        }
        return builder.text()
    }

    private static func field(_ code: UInt8, isPadded: Bool, _ time: TemplateTime) -> String {
        func number(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            guard isPadded, digits.utf8.count < width else { return digits }
            return String(repeating: "0", count: width - digits.utf8.count) + digits
        }
        switch Character(Unicode.Scalar(code)) {
        case "Y": return String(time.year)
        case "y": return number(time.year % 100, 2)
        case "m": return number(time.month, 2)
        case "d": return number(time.day, 2)
        case "j": return number(time.dayOfYear, 3)
        case "B": return months[time.month - 1]
        case "b": return String(months[time.month - 1].prefix(3))
        case "A": return days[time.weekday]
        case "a": return String(days[time.weekday].prefix(3))
        case "H": return number(time.hour, 2)
        case "I": return number((time.hour + 11) % 12 + 1, 2)
        case "M": return number(time.minute, 2)
        case "S": return number(time.second, 2)
        case "p": return time.hour < 12 ? "AM" : "PM"
        default: preconditionFailure("the time code \(code) was not checked")
        }
    }
}
