// Where chat templates stand in a model's files.
//
//     GGUF      tokenizer.chat_template, tokenizer.chat_template.NAME
//     folder    chat_template.jinja and additional_chat_templates/NAME.jinja, else
//               chat_template.json, else chat_template of tokenizer_config.json: a text or a list
//               of named texts
//
// Guarantees: the text is the file's, not changed.
// Does not: read the language. `ChatTemplate` does.

import ModelFiles

/// A template's text and its place. A value for any thread.
public struct ChatTemplateSource: Sendable, Equatable {
    /// File or key, such as `tokenizer.chat_template`.
    public let place: String
    /// UTF-8, as stored.
    public let text: [UInt8]

    /// A source from its parts.
    public init(place: String, text: [UInt8]) {
        self.place = place
        self.text = text
    }
}

/// All templates of a model by name. A value for any thread.
public struct ChatTemplateSources: Sendable, Equatable {
    /// The template without a name, or named `default`.
    public private(set) var standard: ChatTemplateSource?
    /// The template named `tool_use`, for conversations with tools.
    public private(set) var toolUse: ChatTemplateSource?

    /// No templates.
    public init() {}

    /// A single template.
    public init(_ source: ChatTemplateSource) { standard = source }

    mutating func add(_ name: String, _ source: ChatTemplateSource) {
        switch name {
        case "default": standard = standard ?? source
        case "tool_use": toolUse = toolUse ?? source
        default: return  // No request uses a template of another name.
        }
    }

    private static let key = "tokenizer.chat_template"

    /// Reads the keys of a GGUF file.
    ///
    /// - Throws: `key_type` for a key of another type.
    public init(_ metadata: Metadata) throws(TemplateSourceError) {
        for key in metadata.keys where key == Self.key || key.hasPrefix(Self.key + ".") {
            guard let value = metadata[key] else { continue }
            guard let text = value.asString else {
                throw TemplateSourceError(place: key, found: "a value of type \(value.type)")
            }
            let name = key == Self.key ? "default" : String(key.dropFirst(Self.key.count + 1))
            add(name, ChatTemplateSource(place: key, text: Array(text.utf8)))
        }
    }

    /// Reads the texts beside a tokenizer.json.
    ///
    /// - Parameters:
    ///   - file: the text of chat_template.jinja.
    ///   - additional: the texts in additional_chat_templates by name. These and `file` go before
    ///     all others, and a text named `default` goes before `file`, as in the reference.
    ///   - document: the root of chat_template.json.
    ///   - configuration: the root of tokenizer_config.json.
    /// - Throws: `key_type` for a value of another type.
    package init(
        file: String?, additional: [(name: String, text: String)] = [], document: JSONValue?,
        configuration: JSONValue?
    ) throws(TemplateSourceError) {
        guard file == nil, additional.isEmpty else {
            for (name, text) in additional {
                let place = "additional_chat_templates/\(printable(name)).jinja"
                add(name, ChatTemplateSource(place: place, text: Array(text.utf8)))
            }
            if let file {
                add(
                    "default",
                    ChatTemplateSource(place: "chat_template.jinja", text: Array(file.utf8)))
            }
            return
        }
        for (name, root) in [
            ("chat_template.json", document), ("tokenizer_config.json", configuration),
        ] {
            guard let value = root?["chat_template"], !value.isNull else { continue }
            try add(value, of: name)
            return
        }
    }

    private mutating func add(
        _ value: JSONValue, of file: String
    ) throws(TemplateSourceError) {
        let place = "\(file): chat_template"
        if let text = value.asBytes {
            standard = ChatTemplateSource(place: place, text: Array(text))
            return
        }
        guard value.isArray else {
            throw TemplateSourceError(place: place, found: value.typeName)
        }
        for element in value.elements {
            guard let name = element["name"]?.asString, let text = element["template"]?.asBytes
            else { throw TemplateSourceError(place: place, found: "a template without a name") }
            add(
                name,
                ChatTemplateSource(place: "\(place) \"\(printable(name))\"", text: Array(text)))
        }
    }
}

/// A template that is no text. A value for any thread.
public struct TemplateSourceError: Error, Sendable, Equatable {
    /// File or key.
    public let place: String
    /// What is there.
    public let found: String
    /// What may be there.
    public var allowed: String { "a text, or a list of named texts" }
}
