// The opening and closing tokens of a text, from tokenizer_config.json or from the post-processor.
//
// Guarantees: a named token must be in the vocabulary. Where both
// name a token, tokenizer_config.json takes precedence over the post-processor's template.
// Does not: know the end-of-turn tokens of generation_config.json. `Vocabulary` identifies the end
// tokens by text.

import ModelFiles

struct TokenizerRoles {
    let root: JSONValue
    let settings: JSONValue?

    func fill(_ definition: inout TokenizerDefinition) throws(TokenizerError) {
        let template = try self.template()
        let begin = name("bos_token") ?? template.begin
        let end = name("eos_token") ?? template.end
        let roles: [(TokenizerDefinition.SpecialToken, String?)] = [
            (.begin, begin), (.end, end),
            (.unknown, name("unk_token") ?? root["model"]?["unk_token"]?.asString),
        ]
        for (role, text) in roles {
            guard let text else { continue }
            definition.specialTokens[role] = try id(text, definition.tokens)
        }
        definition.addsBeginToken =
            settings?["add_bos_token"]?.asBool ?? (template.begin != nil)
        definition.addsEndToken = settings?["add_eos_token"]?.asBool ?? (template.end != nil)
    }

    /// A token's text: a string, or an object with `content`.
    private func name(_ key: String) -> String? {
        let value = settings?[key]
        return value?.asString ?? value?["content"]?.asString
    }

    private func id(_ text: String, _ tokens: TextList) throws(TokenizerError) -> Int {
        let bytes = Array(text.utf8)
        for id in (0..<tokens.count).reversed() where tokens[id].elementsEqual(bytes) { return id }
        throw TokenizerError(
            .specialTokenInvalid, tried: "looking up a special token", found: quoted(bytes),
            allowed: "a token of the vocabulary", location: "tokenizer_config.json")
    }

    /// The tokens that the post-processor puts around a text.
    private func template() throws(TokenizerError) -> (begin: String?, end: String?) {
        let steps = try TokenizerJSONReader(root).steps("post_processor", "processors")
        var result: (begin: String?, end: String?) = (nil, nil)
        for step in steps {
            switch step.type {
            case "ByteLevel": continue
            case "TemplateProcessing":
                var isBehind = false
                for entry in step.value["single"].map({ Array($0.elements) }) ?? [] {
                    if entry["Sequence"] != nil {
                        isBehind = true
                    } else if let token = entry["SpecialToken"]?["id"]?.asString {
                        let isFirst = isBehind ? result.end == nil : result.begin == nil
                        guard isFirst else {
                            throw TokenizerError.unsupported(
                                "two tokens on one side of the text", "one", step.place)
                        }
                        if isBehind { result.end = token } else { result.begin = token }
                    }
                }
            default:
                throw TokenizerError.unsupported(
                    "the step \"\(printable(step.type))\"", "ByteLevel or TemplateProcessing",
                    step.place)
            }
        }
        return result
    }
}
