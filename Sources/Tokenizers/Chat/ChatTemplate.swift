// Conversations -> prompt text, in the form that a model was trained on.
//
// Templates are Jinja programs, and ChatTemplate is no interpreter. Common templates are recognised
// by substrings that only they contain, and rendered from a table of forms
// (ChatTemplate+Forms.swift). Any other template is refused by its hash, because a prompt in the
// wrong form looks like a bad model.
//
// Guarantees:
// - The text is the template's text for plain messages, without the begin token at the very start
//   (the tokenizer adds the begin token).
// - A conversation for which the template raises an error is refused.
// - The result holds the ranges of the caller's texts, so that control tokens written in the
//   caller's texts can be kept from being read as control tokens.
// Does not: render tools, images, or templates that change with the day beyond the `date` given.

import ModelFiles

/// One turn of a conversation.
public struct TemplateMessage: Sendable, Equatable {
    /// The speaker of a turn.
    public enum Role: String, Sendable, CaseIterable { case system, user, assistant }

    /// The speaker.
    public var role: Role
    /// The words of the turn.
    public var content: String

    /// A turn from its parts.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

/// A rendered conversation.
public struct ChatPrompt: Sendable, Equatable {
    /// The text to encode with special tokens recognised and the begin token added.
    public var text: [UInt8] = []
    /// Ranges of the caller's own words in `text`, ascending. The template wrote the rest.
    public var contentRanges: [Range<Int>] = []

    /// A rendered conversation from its parts. The ranges lie in the text.
    public init(text: [UInt8] = [], contentRanges: [Range<Int>] = []) {
        self.text = text
        self.contentRanges = contentRanges
    }

    mutating func append(_ text: String) { self.text.append(contentsOf: text.utf8) }

    mutating func append(content: Substring) {
        let start = text.count
        text.append(contentsOf: content.utf8)
        if text.count > start { contentRanges.append(start..<text.count) }
    }
}

/// A recognised chat template. A value for any thread.
public struct ChatTemplate: Sendable {
    /// The form's name, such as `chatml` or `llama3`.
    public var name: String { form.name }

    let form: Form
    /// The system text of a conversation that does not start with a system message.
    let defaultSystem: String?
    let takesSystem: Bool
    /// True when assistant turns leave out the caller's text up to `</think>`.
    let dropsThoughts: Bool

    /// The names of all known forms.
    public static var supportedNames: [String] { Form.all.map(\.name) }

    /// Recognises the text of `tokenizer.chat_template` (or `chat_template` of
    /// tokenizer_config.json). Looks for substrings only.
    ///
    /// - Throws: `chatTemplateUnsupported` with the text's size, hash and beginning.
    public init(recognising text: String) throws(TokenizerError) {
        let source = TemplateText(text)
        let found = Form.all.first { form in
            form.markers.allSatisfy(source.contains)
                && !form.exclusions.contains(where: source.contains)
        }
        guard let found else {
            throw TokenizerError(
                .chatTemplateUnsupported, tried: "recognising the chat template",
                found: "a template of \(text.utf8.count) bytes with hash \(source.hash), "
                    + "which begins with \(quoted(text.utf8))",
                allowed: Self.supportedNames.joined(separator: ", "),
                location: "tokenizer.chat_template")
        }
        form = found
        defaultSystem = found.defaultSystem ?? found.systemOpening.flatMap(source.literal)
        takesSystem =
            found.systemMarkers.isEmpty || found.systemMarkers.contains(where: source.contains)
        dropsThoughts = source.contains("</think>")
    }

    /// Renders a conversation. Any thread. Allocates the text.
    ///
    /// - Parameters:
    ///   - addsGenerationPrompt: end with the opening of the assistant's turn.
    ///   - begin: the written form of the vocabulary's begin token.
    ///   - end: the written form of the vocabulary's end token.
    ///   - date: the day in the template's form, for templates that tell the model the day.
    /// - Throws: `chatMessageInvalid` naming the message.
    public func render(
        _ messages: [TemplateMessage], addsGenerationPrompt: Bool = true, begin: String = "<s>",
        end: String = "</s>", date: String = "26 Jul 2024"
    ) throws(TokenizerError) -> ChatPrompt {
        try check(messages)
        var renderer = Renderer(template: self, words: [begin, end, date])
        renderer.render(messages)
        if addsGenerationPrompt { renderer.write(form.generation) }
        return renderer.prompt
    }

    // MARK: Checks

    private func check(_ messages: [TemplateMessage]) throws(TokenizerError) {
        guard !messages.isEmpty else { throw invalid("no messages", "at least one") }
        let place = form.system
        for (index, message) in messages.enumerated() where message.role == .system {
            guard place != .refused, takesSystem else {
                throw invalid("a system message", "user and assistant messages")
            }
            guard index == 0 || place == .turn && defaultSystem == nil else {
                throw invalid("a system message at position \(index)", "one in front")
            }
        }
        let rest = messages.first?.role == .system ? messages[1...] : messages[...]
        if place != .turn, rest.isEmpty { throw invalid("no user message", "at least one") }
        if place == .beforeLastUser, messages.first?.role == .system, rest.last?.role != .user {
            throw invalid("an assistant message at the end", "a user message")
        }
        guard form.alternates else { return }
        for (index, message) in rest.enumerated()
        where (message.role == .user) != index.isMultiple(of: 2) {
            throw invalid(
                "\(message.role.rawValue) at position \(messages.count - rest.count + index)",
                "user and assistant in turn, the user first")
        }
    }

    private func invalid(_ found: String, _ allowed: String) -> TokenizerError {
        TokenizerError(
            .chatMessageInvalid, tried: "rendering a conversation as \(name)", found: found,
            allowed: allowed)
    }
}

/// The text of a template while it is being recognised.
private struct TemplateText {
    private let bytes: [UInt8]

    /// Reads a line end written as an escape like a line end as a character, because both occur.
    init(_ text: String) {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in text.utf8 {
            if isEscape, byte == UInt8(ascii: "n") {
                bytes[bytes.count - 1] = 0x0A
                isEscape = false
            } else {
                bytes.append(byte)
                isEscape = byte == UInt8(ascii: "\\") && !isEscape
            }
        }
        self.bytes = bytes
    }

    func contains(_ marker: String) -> Bool { find(Array(marker.utf8), from: 0) != nil }

    private func find(_ marker: [UInt8], from start: Int) -> Int? {
        guard let first = marker.first, bytes.count >= marker.count else { return nil }
        var offset = start
        while offset + marker.count <= bytes.count {
            if bytes[offset] == first, bytes[offset...].starts(with: marker) { return offset }
            offset += 1
        }
        return nil
    }

    /// The literal text between the opening and closing of a system turn, if spelled out.
    func literal(_ opening: (before: String, behind: String)) -> String? {
        let before = Array(opening.before.utf8)
        let behind = Array(opening.behind.utf8)
        let signs = Array("'\"{}+".utf8)
        var offset = 0
        while let found = find(before, from: offset) {
            let start = found + before.count
            // Each byte is looked at once, because an opening inside would end at the same place.
            offset = start
            while offset < bytes.count, !signs.contains(bytes[offset]) {
                if bytes[offset...].starts(with: behind) {
                    if offset == start { break }
                    return String(decoding: bytes[start..<offset], as: UTF8.self)
                }
                offset += 1
            }
        }
        return nil
    }

    /// FNV-1a, 64 bits. The hash names a template in a message and protects nothing.
    var hash: String {
        let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return String(value, radix: 16)
    }
}
