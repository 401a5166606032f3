// Styles on terminals that have them.
//
// Guarantees: codes go to a terminal only, never with `NO_COLOR` (https://no-color.org) or
// `TERM=dumb`. Text inside a style is escaped like any other text.

import Glibc
import PlainText

/// What a descriptor can show besides text.
package struct TerminalAbility: Equatable {
    /// True for a terminal on which the cursor can be moved.
    package let canRewrite: Bool
    /// True where colours are wanted.
    package let hasColour: Bool

    /// - Parameter variable: the value of a variable of the environment.
    package init(isTerminal: Bool, variable: (String) -> String?) {
        let kind = variable("TERM") ?? ""
        canRewrite = isTerminal && !kind.isEmpty && kind != "dumb"
        hasColour = canRewrite && (variable("NO_COLOR") ?? "").isEmpty
    }

    static func of(_ descriptor: Int32) -> TerminalAbility {
        TerminalAbility(isTerminal: isatty(descriptor) == 1) { name in
            getenv(name).map { String(cString: $0) }
        }
    }
}

extension StyledText {
    /// The text with the codes of its styles, or without. `write` makes foreign text safe.
    package func text(hasColour: Bool, _ write: (String) -> String) -> String {
        parts.map { part in
            let text = write(part.text)
            guard hasColour, !text.isEmpty else { return text }
            return switch part.style {
            case .plain: text
            case .bold: "\u{1B}[1m\(text)\u{1B}[0m"
            case .alarm: "\u{1B}[1;31m\(text)\u{1B}[0m"
            }
        }.joined()
    }
}
