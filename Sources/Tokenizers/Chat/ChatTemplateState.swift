// What a model's files have to say about conversations.
//
// Guarantees: a template that is not known costs nobody the model: the reason is kept, and the one
// request that asks for a conversation gets it.
// Does not: render; `ChatTemplate` does.

import ModelFiles

/// The chat template of a model. A value; any thread.
public enum ChatTemplateState: Sendable {
    /// The files hold none.
    case absent
    /// A known one, ready to render.
    case recognised(ChatTemplate)
    /// One that is not known, and why.
    case unsupported(TokenizerError)

    /// Recognises the text of a template; nil stands for none. Looks for substrings only.
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

    /// The key `tokenizer.chat_template` of a GGUF file.
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

    /// What stands beside a tokenizer.json: a file of its own, else `chat_template` of
    /// tokenizer_config.json, which is a text or a list of named ones.
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

    /// The template, if there is one that is known.
    public var template: ChatTemplate? {
        if case .recognised(let template) = self { template } else { nil }
    }

    /// Why there is a template that cannot be used.
    public var error: TokenizerError? {
        if case .unsupported(let error) = self { error } else { nil }
    }
}
