// Conversations -> prompt text, in the form a model was trained on.
//
// Templates are Jinja programs; this is no interpreter for them. The common ones are recognised by
// what only they contain and rendered from a table of forms (ChatTemplate+Forms.swift); any other
// is refused by its hash, because a prompt in the wrong form looks like a bad model.
//
// Guarantees: the text that the template gives for plain messages, without the begin token at its
// very start (the tokenizer adds that one); a conversation that the template raises an error for is
// refused; where the caller's texts stand is part of the result, so that control tokens written in
// them can be kept from being read as such.
// Does not: render tools, images, or templates that change with the day beyond the `date` given.

import ModelFiles

/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable { case system, user, assistant }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var content: String

    /// A turn from its parts.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

/// A rendered conversation.
public struct ChatPrompt: Sendable, Equatable {
    /// To be encoded with special tokens recognised and the begin token added.
    public var text: [UInt8] = []
    /// Where in `text` the caller's own words stand, ascending; the rest is the template's.
    public var contentRanges: [Range<Int>] = []

    /// A rendered conversation from its parts; the ranges lie in the text.
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

/// A recognised chat template. A value; any thread.
public struct ChatTemplate: Sendable {
    /// The form's name, such as `chatml` or `llama3`.
    public var name: String { form.name }

    let form: Form
    /// What the template says when the conversation does not start with a system message.
    let defaultSystem: String?
    let takesSystem: Bool
    /// The caller's texts up to `</think>` are left out of assistant turns.
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

    /// Renders a conversation. Any thread; allocates the text.
    ///
    /// - Parameters:
    ///   - addsGenerationPrompt: end with the opening of the assistant's turn.
    ///   - begin: the written form of the vocabulary's begin token.
    ///   - end: the written form of its end token.
    ///   - date: for templates that tell the model the day, in their form.
    /// - Throws: `chatMessageInvalid` naming the message.
    public func render(
        _ messages: [ChatMessage], addsGenerationPrompt: Bool = true, begin: String = "<s>",
        end: String = "</s>", date: String = "26 Jul 2024"
    ) throws(TokenizerError) -> ChatPrompt {
        try check(messages)
        var renderer = Renderer(template: self, words: [begin, end, date])
        renderer.render(messages)
        if addsGenerationPrompt { renderer.write(form.generation) }
        return renderer.prompt
    }

    // MARK: Checks

    private func check(_ messages: [ChatMessage]) throws(TokenizerError) {
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

    /// Line ends written as escapes and as characters count as equal: both occur.
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

    /// The literal text between the opening and closing of a system turn, if it is spelled out.
    func literal(_ opening: (before: String, behind: String)) -> String? {
        let before = Array(opening.before.utf8)
        let behind = Array(opening.behind.utf8)
        let signs = Array("'\"{}+".utf8)
        var offset = 0
        while let found = find(before, from: offset) {
            let start = found + before.count
            // Each byte is looked at once: an opening inside would end at the same place.
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

    /// FNV-1a, 64 bits: names a template in a message; it protects nothing.
    var hash: String {
        let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return String(value, radix: 16)
    }
}
