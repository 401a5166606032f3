// Conversations -> prompt text, by the model's own template.
//
// Guarantees:
// - The text is what the reference implementation renders: the template sees the messages, tools,
//   documents (none), add_generation_prompt, the texts of the model's special tokens and the
//   caller's variables, and nothing else.
// - Every word of the caller is marked in the result, whatever the template did with it, so that
//   no word of a caller becomes a control token.
// - No system, user or tool text, tool or call is left out in silence.
// Does not: tokenize.

import Templates
import Tokenizers

/// A checked chat template with the forms in which it wants messages. Safe to share between
/// threads.
public struct ChatTemplate: Sendable {
    /// Where the text was found.
    public let source: ChatTemplateSource
    /// Forms found by probe conversations.
    public let forms: MessageForms
    /// What the template is able to do.
    public let abilities: ChatTemplateAbilities
    let template: Template
    /// The special tokens as variables of the template.
    private let specialVariables: [(String, TemplateValue)]
    /// Names and texts of the model's special tokens.
    package let specialTokens: [SpecialTokenText]

    /// Asks a checked template by probe conversations. Takes milliseconds.
    init(_ checked: CheckedTemplate, specialTokens: [SpecialTokenText]) {
        specialVariables = specialTokens.map(\.variable)
        let probe = TemplateProbe(checked.template, specialVariables)
        source = checked.source
        template = checked.template
        self.specialTokens = specialTokens
        forms = probe.forms
        abilities = probe.abilities
    }

    /// Renders a conversation. Any thread.
    ///
    /// - Parameter seconds: the time that the template may ask for, since 1970 in UTC.
    /// - Throws: the template's or the conversation's refusal.
    package func render(
        _ conversation: ChatConversation, at seconds: UInt64
    ) throws(ConversationError) -> RenderedConversation {
        let marked = try MarkedConversation(conversation, forms)
        let rendering = try Self.render(
            template, marked, conversation, specialVariables, at: seconds)
        try Self.check(rendering.text, marked, conversation)
        var end = rendering.text.count
        if conversation.continuesFinalMessage {
            let last = MarkedConversation.Use.content(conversation.messages.count - 1)
            guard let found = marked.end(of: last, in: rendering.text) else {
                throw .notRendered("the text of the last message")
            }
            end = found
        }
        return RenderedConversation(
            prompt: ChatPrompt(rendering.text, upTo: end), usesTime: rendering.usedTime)
    }

    /// Renders without looking for what is missing.
    static func render(
        _ template: Template, _ marked: MarkedConversation, _ conversation: ChatConversation,
        _ specialVariables: [(String, TemplateValue)], at seconds: UInt64
    ) throws(ConversationError) -> Rendering {
        guard !conversation.messages.isEmpty else {
            throw .invalid("rendering a conversation", "no messages", "at least one")
        }
        guard !(conversation.addsGenerationPrompt && conversation.continuesFinalMessage) else {
            throw .invalid(
                "rendering a conversation",
                "both add_generation_prompt and continue_final_message", "one of them",
                "continue_final_message")
        }
        // A message to be continued is cut by its origin, not by a mark that the template sees.
        var reference = ReferenceConversation(seen: marked.messages)
        reference.tools = marked.tools
        reference.addGenerationPrompt = conversation.addsGenerationPrompt
        reference.variables = specialVariables + marked.variables
        do throws(TemplateError) {
            return try reference.render(
                template, now: TemplateTime(secondsSince1970: Int(clamping: seconds)))
        } catch {
            throw ConversationError(error)
        }
    }

    // MARK: - Missing words

    /// Refuses a text that lacks what must not be lost.
    private static func check(
        _ text: TemplateText, _ marked: MarkedConversation, _ conversation: ChatConversation
    ) throws(ConversationError) {
        let found = text.visibleUses(marked.uses)
        for (index, message) in conversation.messages.enumerated() {
            if !found.contains(.content(index)), message.mustArrive {
                throw .notRendered("the \(message.role.rawValue) text of message \(index)")
            }
            for call in message.toolCalls.indices
            where !found.contains(.callName(message: index, call: call))
                && !found.contains(.callArguments(message: index, call: call))
            {
                throw .notRendered("call \(call) of message \(index)")
            }
        }
        for index in (conversation.tools ?? []).indices where !found.contains(.tool(index)) {
            throw .notRendered("tool \(index)", field: "tools")
        }
    }
}

/// A rendered conversation. A value for any thread.
public struct RenderedConversation: Sendable {
    /// Text and ranges of the caller's words.
    public let prompt: ChatPrompt
    /// True if the template asked for the time.
    public let usesTime: Bool
}

/// Name and text of a special token, such as `bos_token` and `<s>`.
public struct SpecialTokenText: Sendable, Equatable {
    /// The variable.
    public let name: String
    /// Its value.
    public let text: String

    /// A pair.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    var variable: (String, TemplateValue) { (name, .text(text)) }
}

extension ConversationMessage {
    /// True for a turn whose text must not be left out: past thoughts of the assistant may be.
    fileprivate var mustArrive: Bool {
        guard role != .assistant else { return false }
        switch content {
        case .text(let text): return !text.allSatisfy(\.isWhitespace)
        case .json(.list(let parts)):
            return parts.contains { part in
                guard case .text(let text)? = part[key: "text"] else { return false }
                return text.isVisible(0..<text.count)
            }
        case .absent, .json: return false
        }
    }
}

extension TemplateText {
    /// The uses, by origin, of bytes that are no white space.
    fileprivate func visibleUses(
        _ uses: [MarkedConversation.Use]
    ) -> Set<MarkedConversation.Use> {
        var found: Set<MarkedConversation.Use> = []
        var seen = [Bool](repeating: false, count: uses.count + 1)
        seen[0] = true
        for run in runs where !seen[Int(run.origin)] && isVisible(run.range) {
            seen[Int(run.origin)] = true
            found.insert(uses[Int(run.origin) - 1])
        }
        return found
    }

    /// True if a byte of the range is no white space.
    func isVisible(_ range: Range<Int>) -> Bool {
        slice(range).utf8.contains { $0 > 0x20 }
    }
}

extension ChatPrompt {
    /// The text up to `end`, with the ranges of all words that are not the template's.
    init(_ text: TemplateText, upTo end: Int) {
        var ranges: [Range<Int>] = []
        for run in text.runs where run.origin > 0 {
            let range = run.range.clamped(to: 0..<end)
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else if !range.isEmpty {
                ranges.append(range)
            }
        }
        self.init(text: Array(text.utf8.prefix(end)), contentRanges: ranges)
    }
}

extension ConversationError {
    fileprivate static func notRendered(
        _ what: String, field: String = "messages"
    ) -> ConversationError {
        ConversationError(
            .notRendered,
            "rendering a conversation: found nothing of \(what) in the rendered text, which means "
                + "that the model's chat template leaves it out; send a conversation without it",
            field: field)
    }
}
