// The error type for the setup of a load test: attempted action, found value and allowed values.
//
// Thrown while reading flags and files, before anything is sent. Errors during a run are counted in
// the report instead.

/// A setting or a file that cannot be used.
package struct LoadTestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable reason.
    package enum Code: String, Sendable {
        /// The value of a flag cannot be read, or is outside its range.
        case settingInvalid = "setting_invalid"
        /// A file cannot be read, is too large, or has a wrong line.
        case fileInvalid = "file_invalid"
        /// Two reports cannot be compared.
        case reportInvalid = "report_invalid"
    }

    package let code: Code
    /// One sentence with the attempted action, the found value, the allowed values and the place.
    package let message: String

    package var description: String { message }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Makes "reading WHAT: found "TEXT", allowed: ALLOWED". Long texts are clipped.
    package static func setting(
        _ what: String, found: String, allowed: String
    ) -> LoadTestError {
        LoadTestError(
            .settingInvalid, "\(what): found \"\(clipped(found))\", allowed: \(allowed)")
    }

    static func file(_ name: String, line: Int, _ found: String, allowed: String) -> LoadTestError {
        LoadTestError(
            .fileInvalid,
            "reading \(name), line \(line): found \"\(clipped(found))\", allowed: \(allowed)")
    }

    /// At most 60 printable ASCII characters. Others become `?`.
    package static func clipped(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(60).map { scalar in
            (0x20..<0x7F).contains(scalar.value) ? Character(scalar) : "?"
        }
        return String(printable) + (text.unicodeScalars.count > 60 ? "..." : "")
    }
}
