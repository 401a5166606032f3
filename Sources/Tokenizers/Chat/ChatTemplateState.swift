// The chat template in a model's files, recognised or not.
//
// Guarantees: a model with an unknown template still loads. The reason is kept for requests that
// ask for a conversation.
// Does not: render. `ChatTemplate` does.

import ModelFiles

/// The chat template of a model. A value for any thread.
public enum ChatTemplateState: Sendable {
    /// The files hold no template.
    case absent
    /// A known template, ready to render.
    case recognised(ChatTemplate)
    /// An unknown template, with the reason of the refusal.
    case unsupported(TokenizerError)

    /// Recognises the text of a template, with nil for no template. Looks for substrings only.
    public init(_ text: String?) {
        guard let text else {
            self = .absent
            return
        }
        do throws(TokenizerError) {
            self = .recognised(try ChatTemplate(recognising: text))
        } catch {
            self = .unsupported(error)
        }
    }

    /// Reads the key `tokenizer.chat_template` of a GGUF file.
    public init(_ metadata: Metadata) {
        let key = "tokenizer.chat_template"
        guard let value = metadata[key], value.asString == nil else {
            self.init(metadata[key]?.asString)
            return
        }
        self = .unsupported(
            TokenizerError(
                .keyType, tried: "reading the chat template",
                found: "a value of type \(value.type)", allowed: "string", location: key))
    }

    /// Reads the template beside a tokenizer.json: `file`, a file of its own, else `chat_template`
    /// of tokenizer_config.json, a text or a list of named texts.
    package init(file: String?, configuration: JSONValue?) {
        let key = "chat_template"
        guard file == nil, let value = configuration?[key], !value.isNull else {
            self.init(file)
            return
        }
        let named = value.elements.first { $0["name"]?.asString == "default" }
        guard let text = value.asString ?? named?["template"]?.asString else {
            self = .unsupported(
                TokenizerError(
                    .keyType, tried: "reading the chat template", found: value.typeName,
                    allowed: "a string, or a list with one named default", location: key))
            return
        }
        self.init(text)
    }

    /// The template, if known.
    public var template: ChatTemplate? {
        if case .recognised(let template) = self { template } else { nil }
    }

    /// The reason against the template, if unusable.
    public var error: TokenizerError? {
        if case .unsupported(let error) = self { error } else { nil }
    }
}
