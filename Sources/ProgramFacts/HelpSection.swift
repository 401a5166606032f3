// Sections of --help beside the parser's own: exit statuses and variables.
//
// Guarantees: two columns like those of the options, less than 80 columns wide. scripts/man-pages
// reads the same lines.

/// A titled list of terms and meanings.
package struct HelpSection {
    private static let indent = 2
    private static let column = 26
    private static let width = 78

    private let title: String
    private let rows: [(term: String, meaning: String)]

    package init(_ title: String, _ rows: [(String, String)]) {
        self.title = title
        self.rows = rows.map { (term: $0.0, meaning: $0.1) }
    }

    /// Exit statuses and their meanings.
    package static func statuses(_ rows: [(Int32, String)]) -> HelpSection {
        HelpSection("EXIT STATUS", rows.map { ("\($0.0)", $0.1) })
    }

    /// Environment variables: name, meaning, default.
    package static func variables(_ rows: [(String, String, String)]) -> HelpSection {
        HelpSection("ENVIRONMENT", rows.map { ($0.0, "\($0.1) (default: \($0.2))") })
    }

    /// The section's lines.
    package var text: String {
        ([title + ":"] + rows.flatMap(Self.lines)).joined(separator: "\n")
    }

    private static func lines(term: String, meaning: String) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent) + term
        if line.count >= column {
            lines.append(line)
            line = ""
        }
        line += String(repeating: " ", count: column - line.count)
        var isEmpty = true
        for word in meaning.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: column)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}

/// Variables that several programs read.
package enum SharedVariable {
    /// The server's address, for programs that ask one.
    package static func server(default address: String) -> (String, String, String) {
        ("ASSAY_SERVER", "address of the server, when --server is not given", address)
    }

    /// The client's token, for programs that ask a server.
    package static let tokenFile = (
        "ASSAY_TOKEN_FILE", "file with the token to show, when --token-file is not given", "none"
    )

    /// Colour on a terminal.
    package static let noColour = (
        "NO_COLOR", "anything switches colours off, as does TERM=dumb", "colours on a terminal"
    )

    /// Kernels in use.
    package static let instructionSet = (
        "ASSAY_INSTRUCTION_SET", "instruction set to compute with: one that --version lists",
        "the widest"
    )
}
