// Text with parts that stand out on a terminal.
//
// The styles are names. Console turns them into the terminal's codes, or into nothing.

/// A line of text in parts, each with a style.
package struct StyledText: Sendable, Equatable, ExpressibleByStringLiteral {
    /// The look of a part.
    package enum Style: Sendable {
        case plain
        case bold
        /// For words of warning: a mock, a refusal.
        case alarm
    }

    /// A part of the text.
    package struct Part: Sendable, Equatable {
        package let text: String
        package let style: Style
    }

    package private(set) var parts: [Part]

    package init(_ text: String, _ style: Style = .plain) {
        parts = [Part(text: text, style: style)]
    }

    package init(stringLiteral text: String) { self.init(text) }

    /// The text without its styles.
    package var plain: String { parts.map(\.text).joined() }

    package static func += (left: inout Self, right: Self) { left.parts += right.parts }

    package static func + (left: Self, right: Self) -> Self {
        var result = left
        result += right
        return result
    }
}
