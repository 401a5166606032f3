// The tokens that end an answer, and those that are never chosen.
//
// Every place that names an end counts: the role of the vocabulary, llama.cpp's list of texts, the
// lists of config.json and generation_config.json, eos, eot and eom of a GGUF file, and the control
// token that the chat template writes behind an answer.
//
// Guarantees: every id lies inside the vocabulary, or the files are refused with the key.

import Conversations
import ModelFiles
import Tokenizers

/// Lists of token ids in a model's files.
package struct TokenLists: Sendable {
    /// Ids by the key that names them.
    private(set) var ends: [(key: String, ids: [Int])] = []
    private(set) var suppressed: [(key: String, ids: [Int])] = []

    mutating func addEnds(_ key: String, _ value: KeyValue?) throws(InferenceError) {
        if let ids = try Self.ids(key, value) { ends.append((key, ids)) }
    }

    /// Adds the control token that a chat template writes behind an answer, unless a known end
    /// stands among the control tokens there.
    mutating func addTurnEnds(of templates: ChatTemplates, _ tokenizer: any Tokenizer) {
        for template in [templates.standard, templates.toolUse].compactMap(\.self) {
            let text = template.abilities.turnEnd
            guard
                let tokens = try? tokenizer.encode(text, addSpecial: false, parseSpecial: true)
            else { continue }
            let run = tokens.drop { tokenizer.piece($0).allSatisfy { $0 <= 0x20 } }
                .prefix(while: tokenizer.isControl)
            let known = Set(endIDs.map { Int32($0) })
            guard let end = run.first,
                !run.contains(where: { known.contains($0) || tokenizer.isEndOfGeneration($0) })
            else { continue }
            ends.append((template.source.place, [Int(end)]))
        }
    }

    mutating func addSuppressed(_ key: String, _ value: KeyValue?) throws(InferenceError) {
        if let ids = try Self.ids(key, value) { suppressed.append((key, ids)) }
    }

    private static func ids(
        _ key: String, _ value: KeyValue?
    ) throws(InferenceError) -> [Int]? {
        switch value {
        case nil, .null: return nil
        case .whole(let id): return [id]
        case .list(let values):
            var ids: [Int] = []
            for value in values {
                guard case .whole(let id) = value else { throw wrongType(key, value) }
                ids.append(id)
            }
            return ids
        case let value?: throw wrongType(key, value)
        }
    }

    private static func wrongType(_ key: String, _ value: KeyValue) -> InferenceError {
        InferenceError(
            .keyType, tried: "reading \"\(key)\"", found: value.text,
            allowed: "a token id, or an array of at most \(KeyValue.listCountMax) of them",
            location: key)
    }

    /// Checks every id against the size of the vocabulary.
    func check(_ configuration: ModelConfiguration) throws(InferenceError) {
        let size = configuration.vocabularySize
        for (key, ids) in ends + suppressed {
            for id in ids where id < 0 || id >= size {
                throw InferenceError(
                    .tokenizerMismatch, tried: "reading \"\(key)\"", found: String(id),
                    allowed: "a token id, 0 to \(size - 1)", location: key)
            }
        }
    }

    /// Every end id once, ascending.
    var endIDs: [Int] { Set(ends.flatMap(\.ids)).sorted() }
    /// Every suppressed id once, ascending.
    var suppressedIDs: [Int] { Set(suppressed.flatMap(\.ids)).sorted() }
}
