// The conversation of a request, with the fields that stand beside the messages, of any kind.
//
// Guarantees: after `check` no variable stands twice or in the place of the server's own, and no
// message has two contents.
// Not here: whether JSON texts are JSON, and rendering. Both take time and run on other threads.

import Wire

/// A conversation for a chat template.
package struct Conversation: Sendable, Equatable {
    /// The turns, at least one.
    package var messages: [ChatMessage]
    /// JSON text of a list of tools, or nil for no tools.
    package var tools: String?
    /// Further variables of the template.
    package var variables: [TemplateVariable]
    /// True when the template's opening of an answer comes behind the messages.
    package var addsGenerationPrompt: Bool
    /// True when the last message stays open.
    package var continuesFinalMessage: Bool

    fileprivate init(_ messages: [ChatMessage], _ request: some TemplateRequest) {
        self.messages = messages
        tools = request.tools
        variables = request.templateVariables
        continuesFinalMessage = request.continueFinalMessage
        addsGenerationPrompt = request.addGenerationPrompt && !continuesFinalMessage
    }

    /// Bytes of the texts, and some for each record. The cost of rendering grows with the size.
    package var size: Int {
        messages.reduce(tools?.utf8.count ?? 0) { $0 + $1.size }
            + variables.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// Names of variables that only the server gives to a template.
    package static let reservedNames: Set<String> = [
        "messages", "tools", "add_generation_prompt", "continue_final_message", "bos_token",
        "eos_token", "unk_token", "pad_token", "raise_exception", "strftime_now",
    ]

    /// Throws `field_conflict` for a variable that stands twice or has a reserved name, and for a
    /// message with a text and a JSON text as content.
    package func check() throws(ServiceError) {
        var names: Set<String> = []
        for (index, variable) in variables.enumerated() {
            let isReserved = Self.reservedNames.contains(variable.name)
            guard isReserved || !names.insert(variable.name).inserted else { continue }
            let found = isReserved ? "a name of the server's own variables" : "a name given before"
            throw ServiceError(
                .invalidArgument, .init(WireError.Code.fieldConflict.name),
                "reading template variable \(index): found \(found), allowed: other names, each "
                    + "once", field: "template_variables.name")
        }
        for (index, message) in messages.enumerated()
        where message.contentJson != nil && !message.content.isEmpty {
            throw ServiceError(
                .invalidArgument, .init(WireError.Code.fieldConflict.name),
                "reading message \(index): found content and content_json, allowed: content_json "
                    + "beside an empty content", field: "messages.content_json")
        }
    }
}

extension ChatMessage {
    /// Bytes of the texts, and some for the record.
    fileprivate var size: Int {
        let calls = toolCalls.reduce(0) { $0 + 64 + $1.name.utf8.count + $1.arguments.utf8.count }
        return 64 + content.utf8.count + (contentJson?.utf8.count ?? 0)
            + (reasoningContent?.utf8.count ?? 0) + calls
    }
}

/// A request with fields for a chat template.
package protocol TemplateRequest: ModelAddressing {
    var tools: String? { get }
    var templateVariables: [TemplateVariable] { get }
    var addGenerationPrompt: Bool { get }
    var continueFinalMessage: Bool { get }
    var templateTime: UInt64? { get }
    /// The turns, or nil for a request with another prompt.
    var turns: [ChatMessage]? { get }
}

extension TemplateRequest {
    /// The conversation, or nil for a request with another prompt.
    package var conversation: Conversation? { turns.map { Conversation($0, self) } }
}

extension GenerateRequest: TemplateRequest {
    package var turns: [ChatMessage]? { prompt.turns }
}
extension LogitsRequest: TemplateRequest {
    package var turns: [ChatMessage]? { prompt.turns }
}
extension ScoreRequest: TemplateRequest {
    package var turns: [ChatMessage]? { prompt.turns }
}
extension RenderRequest: TemplateRequest {
    package var turns: [ChatMessage]? { messages }
}

extension Prompt {
    fileprivate var turns: [ChatMessage]? {
        if case .messages(let messages) = self { messages } else { nil }
    }
}

extension EmbedRequest {
    /// The request as a connection of `revision` means it: under revision 2 an absent pooling is
    /// `mean`, later the model's own.
    package func read(in revision: UInt64) -> EmbedRequest {
        guard revision < 3 else { return self }
        var result = self
        result.pooling = pooling ?? .mean
        return result
    }
}
