// The error of reading or rendering a chat template.
//
// Guarantees: a stable code, the line of the template, and a sentence about constructs and names of
// the template. Words of a conversation never enter a sentence, except by `raise_exception`, where
// the template chooses the words.

/// The refusal of a template, or the failure of a rendering. A value for any thread.
package struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// At load: the text is no template.
        case invalid = "template_invalid"
        /// At load: a construct outside the supported language, or past a bound of the source.
        case unsupported = "template_unsupported"
        /// While rendering: `raise_exception` was called. `message` holds exactly its text.
        case raised = "template_raised"
        /// While rendering: a bound of `TemplateLimits` was passed.
        case limit = "template_limit"
        /// While rendering: an operation on an undefined value.
        case undefined = "template_undefined"
        /// While rendering: any other failure.
        case error = "template_error"

        /// True for the two codes that come before any rendering.
        package var isLoading: Bool { self == .invalid || self == .unsupported }
    }

    package let code: Code
    /// The sentence, without the line.
    package let message: String
    /// The line of the template from 1, or 0 where no line is known.
    package internal(set) var line: Int

    package init(_ code: Code, _ message: String, line: Int = 0) {
        self.code = code
        self.message = message
        self.line = line
    }

    /// Line and message.
    package var sentence: String { line > 0 ? "line \(line): \(message)" : message }

    /// Code, line and message.
    package var description: String { "\(code.rawValue): \(sentence)" }
}
