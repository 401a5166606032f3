// The wall clock that a caller hands to a rendering.
//
// Guarantees: nothing here reads a clock. Fields are in range, and the day exists in its month
// (proleptic Gregorian calendar).

/// A local date and time of day without zone. A value for any thread.
package struct TemplateTime: Sendable, Equatable {
    /// 1...9999.
    package let year: Int
    /// 1...12.
    package let month: Int
    /// 1...31.
    package let day: Int
    /// 0...23.
    package let hour: Int
    /// 0...59.
    package let minute: Int
    /// 0...59.
    package let second: Int

    /// Returns nil for a date or time that does not exist.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second), day >= 1,
            day <= Self.dayCount(year: year, month: month)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS`, or returns nil.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":")
        else { return nil }
        var numbers: [Int] = []
        for range in [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19] {
            var number = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + Int(byte - 0x30)
            }
            numbers.append(number)
        }
        self.init(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3],
            minute: numbers[4], second: numbers[5])
    }

    /// The time `seconds` after 1970-01-01T00:00:00, or nil outside the years 1 to 9999.
    package init?(secondsSince1970 seconds: Int) {
        let daySeconds = 86_400
        var rest = seconds % daySeconds
        var days = seconds / daySeconds
        if rest < 0 { (rest, days) = (rest + daySeconds, days - 1) }
        // Days since 0000-03-01, so that a leap day ends its year.
        let (shifted, overflow) = days.addingReportingOverflow(719_468)
        guard !overflow, shifted >= 0, shifted < 3_660_000 else { return nil }
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, hour: rest / 3600,
            minute: rest / 60 % 60, second: rest % 60)
    }

    /// The day of the year from 1.
    var dayOfYear: Int {
        (1..<month).reduce(day) { $0 + Self.dayCount(year: year, month: $1) }
    }

    /// The day of the week from Monday, 0...6.
    var weekday: Int {
        let past = year - 1
        return (past * 365 + past / 4 - past / 100 + past / 400 + dayOfYear - 1) % 7
    }

    private static func dayCount(year: Int, month: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        if month == 2 { return isLeap ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}
