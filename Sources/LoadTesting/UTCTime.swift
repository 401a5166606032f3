// Dates as ISO 8601 in UTC, the same on every machine.

import Glibc

/// Converts a date to text.
enum UTCTime {
    /// `2026-11-30T17:52:13Z` for seconds since 1970.
    static func text(_ seconds: Double) -> String {
        var whole = time_t(Swift.min(Swift.max(seconds, 0), 253_402_300_799))
        var parts = tm()
        gmtime_r(&whole, &parts)
        var bytes = [CChar](repeating: 0, count: 32)
        let count = strftime(&bytes, bytes.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
