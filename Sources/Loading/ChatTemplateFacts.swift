// What the report says about a model's chat template.

import Conversations
import PlainText

/// A chat template: its text, and what probe conversations have shown. A value for any thread.
public struct ChatTemplateFacts: Sendable, Equatable {
    /// File or key that holds the text.
    public let source: String
    /// SHA-256 of the text.
    public let digest: [UInt8]
    /// Bytes of the text.
    public let size: Int
    /// Variables of a caller that the template reads, sorted.
    public let variables: [String]
    /// Forms in which it gets messages.
    public let forms: MessageForms
    /// What arrives of a conversation.
    public let abilities: ChatTemplateAbilities
    /// Reasoning before an answer.
    public let thinking: ChatTemplateAbilities.Thinking

    package init(_ template: ChatTemplate) {
        source = template.source.place
        digest = sha256(template.source.text)
        size = template.source.text.count
        variables = template.variables
        forms = template.forms
        abilities = template.abilities
        thinking = template.thinking
    }

    /// `takes system, tools, results; …`, for a line of the table.
    var summary: String {
        if let failure = abilities.failure { return "\(source), fails: \(failure.message)" }
        let taken = [
            ("system", abilities.takesSystem), ("tools", abilities.takesTools),
            ("calls", abilities.writesCalls), ("results", abilities.takesToolResults),
        ].filter(\.1).map(\.0)
        let thoughts = thinking == .none ? "" : ", thinking \(thinking.rawValue)"
        return "\(source), takes " + (["user", "assistant"] + taken).joined(separator: ", ")
            + thoughts
    }

    var json: JSONText {
        .object([
            ("source", .string(source)),
            ("sha256", .string(hexText(digest))),
            ("bytes", .integer(size)),
            ("variables", .array(variables.map { .string($0) })),
            ("takes_system", .bool(abilities.takesSystem)),
            ("takes_tools", .bool(abilities.takesTools)),
            ("takes_tool_results", .bool(abilities.takesToolResults)),
            ("tool_arguments", forms.arguments.map { .string($0.rawValue) } ?? .null),
            ("tool_calls_max", abilities.callCountMax.map { .integer($0) } ?? .null),
            ("empty_content", .string(forms.emptyContent.rawValue)),
            ("content", .array(forms.content.map { .string($0.rawValue) })),
            ("thinking", .string(thinking.rawValue)),
            ("reads_time", .bool(abilities.readsTime)),
            ("failure", abilities.failure.map { .string($0.description) } ?? .null),
        ])
    }
}
