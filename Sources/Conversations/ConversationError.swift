// Refusals of conversations, for the caller.

import Templates

/// A conversation that is not rendered. A value for any thread.
public struct ConversationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable reason. The raw values are the names on the wire.
    public enum Code: String, Sendable, CaseIterable {
        /// Names, parts or values that are not what they have to be.
        case invalid = "chat_message_invalid"
        /// A text that is no JSON, or too deep.
        case json = "json_invalid"
        /// Nothing of a message, tool or call arrives in the rendered text.
        case notRendered = "message_not_rendered"
        /// The template refuses the conversation. The message holds the template's own words.
        case raised = "template_raised"
        /// Rendering takes more steps, bytes or depth than allowed.
        case limit = "template_limit"
        /// The template uses a value that is not there.
        case undefined = "template_undefined"
        /// The template fails in another way.
        case failed = "template_error"
    }

    /// The stable reason.
    public let code: Code
    /// What was tried, found and allowed, or the template's own words.
    public let message: String
    /// Field of the request.
    public let field: String

    init(_ code: Code, _ message: String, field: String = "messages") {
        self.code = code
        self.message = message
        self.field = field
    }

    static func invalid(
        _ tried: String, _ found: String, _ allowed: String, _ field: String = "messages"
    ) -> ConversationError {
        ConversationError(.invalid, "\(tried): found \(found), allowed: \(allowed)", field: field)
    }

    /// The failure of a rendering.
    init(_ error: TemplateError) {
        let code: Code =
            switch error.code {
            case .raised: .raised
            case .limit: .limit
            case .undefined: .undefined
            case .error, .invalid, .unsupported: .failed
            }
        let place = error.line > 0 ? "line \(error.line) of the chat template: " : ""
        self.init(code, code == .raised ? error.message : place + error.message)
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
