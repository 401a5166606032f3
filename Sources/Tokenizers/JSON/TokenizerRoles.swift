// The tokens around a text and the roles of tokens, from the post-processor and from
// tokenizer_config.json.
//
// Guarantees: the ids around a text are those that the post-processor names. A flag of
// tokenizer_config.json takes its side away (`add_bos_token`, `add_eos_token` false), or adds the
// token of that role where the post-processor adds none. A named token must be in the vocabulary.
// Does not: know the end-of-turn tokens of generation_config.json. `Vocabulary` identifies the end
// tokens by text.

import ModelFiles

struct TokenizerRoles {
    let root: JSONValue
    let settings: JSONValue?

    func fill(_ definition: inout TokenizerDefinition) throws(TokenizerError) {
        let template = try AddedAround(root, count: definition.tokens.count)
        let roles: [(TokenizerDefinition.SpecialToken, String?)] = [
            (.begin, name("bos_token")), (.end, name("eos_token")),
            (.unknown, name("unk_token") ?? root["model"]?["unk_token"]?.asString),
        ]
        for (role, text) in roles {
            guard let text else { continue }
            definition.specialTokens[role] = try id(text, definition.tokens)
        }
        let begin = definition.specialTokens[.begin] ?? template.prefix.first.map { Int($0) }
        let end = definition.specialTokens[.end] ?? template.suffix.last.map { Int($0) }
        definition.specialTokens[.begin] = begin
        definition.specialTokens[.end] = end
        definition.pipeline?.prefix = ids(template.prefix, "add_bos_token", begin)
        definition.pipeline?.suffix = ids(template.suffix, "add_eos_token", end)
        definition.addsBeginToken = definition.pipeline?.prefix.isEmpty == false
        definition.addsEndToken = definition.pipeline?.suffix.isEmpty == false
    }

    /// The ids on one side of a text.
    private func ids(_ named: [Int32], _ flag: String, _ role: Int?) -> [Int32] {
        switch settings?[flag]?.asBool {
        case nil: named
        case false?: []
        case true?: named.isEmpty ? role.map { [Int32($0)] } ?? [] : named
        }
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
}

/// The ids that `post_processor` puts around a single text.
private struct AddedAround {
    private(set) var prefix: [Int32] = []
    private(set) var suffix: [Int32] = []
    private let count: Int

    init(_ root: JSONValue, count: Int) throws(TokenizerError) {
        self.count = count
        for step in try TokenizerSteps(root, .postProcessor).flat() {
            // The library takes what the first step adds for texts of their own.
            if step.type != "ByteLevel", !prefix.isEmpty || !suffix.isEmpty {
                throw step.unsupported("a second step that adds tokens", "one")
            }
            switch step.type {
            // Only moves the offsets of pieces.
            case "ByteLevel": continue
            case "BertProcessing", "RobertaProcessing":
                prefix = [try id(step.value["cls"], 1, step)]
                suffix = [try id(step.value["sep"], 1, step)]
            case "TemplateProcessing": try wrap(step)
            default: throw step.unknown
            }
        }
    }

    /// An id in a list of text and id.
    private func id(
        _ value: JSONValue?, _ index: Int, _ step: TokenizerStep
    ) throws(TokenizerError) -> Int32 {
        let elements = value.map { Array($0.elements) } ?? []
        guard index < elements.count else {
            throw .structure(value ?? step.value, "a text and an id", step.place.rawValue)
        }
        return try checked(elements[index], step)
    }

    private func checked(
        _ value: JSONValue, _ step: TokenizerStep
    ) throws(TokenizerError) -> Int32 {
        guard let id = value.asInteger, (0..<count).contains(id) else {
            throw TokenizerError(
                .specialTokenInvalid, tried: "reading the tokens around a text",
                found: value.asInteger.map { "id \($0)" } ?? value.typeName,
                allowed: "0 to \(count - 1)", location: step.place.rawValue)
        }
        return Int32(id)
    }

    /// Puts the tokens of `single` around the text.
    private mutating func wrap(_ step: TokenizerStep) throws(TokenizerError) {
        guard let single = step.value["single"], single.isArray else {
            throw .structure(step.value, "a list \"single\"", step.place.rawValue)
        }
        var front: [Int32] = []
        var textCount = 0
        for piece in single.elements {
            if let sequence = piece["Sequence"] {
                guard sequence["id"]?.asString == "A" else {
                    throw step.unsupported("another text than A", "A")
                }
                textCount += 1
            } else if let name = piece["SpecialToken"]?["id"]?.asString {
                guard let list = step.value["special_tokens"]?[name]?["ids"], list.isArray else {
                    throw .structure(piece, "a token of special_tokens", step.place.rawValue)
                }
                for value in list.elements {
                    let id = try checked(value, step)
                    if textCount == 0 { front.append(id) } else { suffix.append(id) }
                }
            } else {
                throw .structure(piece, "a Sequence or a SpecialToken", step.place.rawValue)
            }
        }
        guard textCount == 1 else {
            throw step.unsupported("a text that is used \(textCount) times", "once")
        }
        prefix = front
    }
}
