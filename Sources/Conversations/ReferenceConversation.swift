// What the reference (transformers 5) hands to a template, and what becomes of the text when the
// last message is to be continued.
//
// Guarantees: no further change. Origins stay. A second time changes nothing.
// Does not: check whether a template wrote a message. `ChatTemplate` does.

import Templates

/// Messages, tools and switches of a rendering as the reference takes them. A value for any
/// thread.
package struct ReferenceConversation: Sendable {
    private(set) var messages: [TemplateValue]
    /// None where no tools are passed.
    package var tools = TemplateValue.none
    package var addGenerationPrompt = false
    /// True to cut the text behind the content of the last message.
    package var continueFinalMessage = false
    /// Special tokens and further variables.
    package var variables: [(String, TemplateValue)] = []

    /// Messages as a caller has them.
    package init(messages: [TemplateValue]) { self.init(seen: messages.map(\.seen)) }

    /// Messages as a template has to see them.
    init(seen messages: [TemplateValue]) { self.messages = messages }

    /// Sets messages as a caller has them.
    package mutating func setMessages(_ messages: [TemplateValue]) {
        self.messages = messages.map(\.seen)
    }

    /// Origin of the words that mark the place to cut. No caller has so many texts.
    static let cutOrigin = UInt32.max
    /// The white space at the end shows whether a template trims the content.
    private static let cutMark = TemplateText("CONTINUE_FINAL_MESSAGE_TAG ", origin: cutOrigin)

    /// Renders with `template`. Variables called `messages`, `tools` or `add_generation_prompt` do
    /// not count, and `documents` is none unless it is among the variables.
    ///
    /// - Throws: what rendering throws, and `template_error` where the last message cannot be
    ///   continued.
    package func render(
        _ template: Template, now: TemplateTime?
    ) throws(TemplateError) -> Rendering {
        var seen = messages
        var final: TemplateText?
        if continueFinalMessage { final = try Self.mark(&seen, template.facts.keys) }
        let rendering = try template.render(
            variables: [("documents", .none)] + variables + [
                ("messages", .list(seen)), ("tools", tools),
                ("add_generation_prompt", .boolean(addGenerationPrompt)),
            ], now: now)
        guard let final else { return rendering }
        return Rendering(
            text: try Self.cut(rendering.text, behind: final), steps: rendering.steps,
            usedTime: rendering.usedTime)
    }

    // MARK: Continuing

    /// Marks the end of the last message, and returns its text.
    private static func mark(
        _ messages: inout [TemplateValue], _ keys: [String]
    ) throws(TemplateError) -> TemplateText {
        guard case .dictionary(let message)? = messages.last, let content = message["content"]
        else { throw TemplateError(.error, "the last message has no content to continue") }
        guard keys.contains("content") else {
            throw TemplateError(.error, "the template does not read the content to continue")
        }
        let (final, marked) = try marked(content)
        var builder = DictionaryBuilder(message)
        builder.set("content", marked)
        messages[messages.count - 1] = .dictionary(builder.dictionary)
        return final
    }

    private static func marked(
        _ content: TemplateValue
    ) throws(TemplateError) -> (TemplateText, TemplateValue) {
        if case .text(let text) = content { return (text, .text(text + cutMark)) }
        if case .list(let parts) = content {
            for index in parts.indices.reversed() {
                guard case .dictionary(let part) = parts[index],
                    case .text(let text)? = part["text"]
                else { continue }
                var builder = DictionaryBuilder(part)
                builder.set("text", .text(text + cutMark))
                var parts = parts.items
                parts[index] = .dictionary(builder.dictionary)
                return (text, .list(parts))
            }
        }
        throw TemplateError(.error, "the last message has no text to continue")
    }

    private static func cut(
        _ text: TemplateText, behind final: TemplateText
    ) throws(TemplateError) -> TemplateText {
        let word = cutMark.strippedOfSpace(.both)
        let marks = text.runs.filter { $0.origin == cutOrigin }
        let isWhole = { (range: Range<Int>) in text.slice(range).hasPrefix(word) }
        guard text.firstOffset(of: final.strippedOfSpace(.both), from: 0) != nil,
            let last = marks.last(where: { isWhole($0.range) })
        else {
            throw TemplateError(
                .error, "the template does not write the last message as it is, to continue it")
        }
        let kept = text.slice(0..<last.range.lowerBound)
        return last.range.count >= cutMark.count ? kept : kept.strippedOfSpace(.right)
    }
}

/// The reference's changes to a message.
extension TemplateValue {
    /// The message without keys of value null, with reasoning under two names.
    var seen: TemplateValue {
        guard case .dictionary(let members) = self else { return self }
        var builder = DictionaryBuilder(capacity: members.count)
        for (key, value) in zip(members.keys, members.values) {
            if case .text(let key) = key, !value.isNone { builder.set(key, value) }
        }
        return TemplateValue.dictionary(builder.dictionary).namingReasoning
    }

    /// The message with its reasoning as `thinking` and as `reasoning_content`.
    var namingReasoning: TemplateValue {
        guard case .dictionary(let members) = self else { return self }
        let found = MessageKey.reasoning.lazy.compactMap { members[$0] }
        guard let reasoning = found.first(where: { !$0.isNone }) else { return self }
        var builder = DictionaryBuilder(capacity: members.count + 2)
        builder.set(MessageKey.thinking, reasoning)
        for (key, value) in zip(members.keys, members.values) {
            if case .text(let key) = key { builder.set(key, value) }
        }
        builder.set(MessageKey.reasoningContent, reasoning)
        return .dictionary(builder.dictionary)
    }
}
