// The one error of a load test's setup: what was tried, found and allowed.
//
// Thrown while reading flags and files, before anything is sent. What goes wrong during a run is
// counted in its report instead.

/// A setting, or a file, that cannot be used.
package struct LoadTestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable reason.
    package enum Code: String, Sendable {
        /// A flag's value cannot be read, or is outside its range.
        case settingInvalid = "setting_invalid"
        /// A file cannot be read, is too large, or a line of it is wrong.
        case fileInvalid = "file_invalid"
        /// Two reports cannot be compared.
        case reportInvalid = "report_invalid"
    }

    package let code: Code
    /// One sentence: tried, found, allowed, where.
    package let message: String

    package var description: String { message }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// "reading WHAT: found "TEXT", allowed: ALLOWED"; long texts are clipped.
    package static func setting(
        _ what: String, found: String, allowed: String
    ) -> LoadTestError {
        LoadTestError(
            .settingInvalid, "reading \(what): found \"\(clipped(found))\", allowed: \(allowed)")
    }

    static func file(_ name: String, line: Int, _ found: String, allowed: String) -> LoadTestError {
        LoadTestError(
            .fileInvalid,
            "reading \(name), line \(line): found \"\(clipped(found))\", allowed: \(allowed)")
    }

    /// At most 60 printable ASCII characters; others become `?`.
    package static func clipped(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(60).map { scalar in
            (0x20..<0x7F).contains(scalar.value) ? Character(scalar) : "?"
        }
        return String(printable) + (text.unicodeScalars.count > 60 ? "..." : "")
    }
}
