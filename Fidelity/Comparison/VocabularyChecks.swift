// The tokenizers against ids, decoded texts and pieces recorded with llama.cpp.
//
// Guarantees: a case counts as differing if any of its forms does: plain, with special tokens
// parsed, with the begin token added, decoded, piece by piece.
// Does not: depend on an instruction set.

import Foundation
import Goldens
import ModelFiles
import Tokenizers

/// One vocabulary of the fixtures and the cases that belong to it.
struct VocabularySubject: Sendable {
    /// Where a vocabulary comes from, below the fixtures.
    enum Source: Sendable {
        /// The metadata of a GGUF file.
        case metadata(String)
        /// `tokenizer.json` and `tokenizer_config.json` of a folder.
        case folder(String)
    }

    /// Which cases it is compared with.
    enum Cases: Sendable {
        /// `.inp` and `.out` of that vocabulary.
        case recorded(String)
        /// `NAME.strings.json`; decoded texts are compared too.
        case strings(String)
        /// The list of that name in `tiny.strings.json`.
        case tiny(String)
    }

    let title: String
    let source: Source
    let cases: [Cases]

    static let all: [VocabularySubject] =
        ["llama-spm", "gpt-2", "llama-bpe", "qwen2"].map {
            VocabularySubject(
                title: "vocabulary \($0)", source: .metadata("tokenizers/ggml-vocab-\($0).gguf"),
                cases: [.recorded($0), .strings($0)])
        }
        + [
            ("spm512", "llama-gqa"), ("bpe512-llama-bpe", "llama3-tied"),
            ("bpe512-qwen2", "qwen2"), ("bpe512-gpt-2", "phi2"),
        ].map { list, model in
            VocabularySubject(
                title: "vocabulary in \(model)", source: .metadata("models/\(model)-f32.gguf"),
                cases: [.tiny(list)])
        }
        + [("spm512", "llama-gqa"), ("bpe512-llama-bpe", "bitnet-b158")].map { list, folder in
            VocabularySubject(
                title: "tokenizer.json \(folder)", source: .folder("safetensors/\(folder)"),
                cases: [.tiny(list)])
        }

    func rows(root: String) -> [FidelityRow] {
        do {
            let tokenizer = try tokenizer(root: root)
            return try cases.map { try row($0, tokenizer, root: root) }
        } catch {
            return [FidelityRow(title, "loading and encoding", failure: "\(error)")]
        }
    }

    private func tokenizer(root: String) throws -> any Tokenizer {
        switch source {
        case .metadata(let path):
            let file = try GGUFFile(ModelFile(path: root + "/" + path))
            return try TokenizerFactory.make(from: file.metadata)
        case .folder(let path):
            func content(_ name: String) throws -> [UInt8] {
                try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)/\(name)")))
            }
            let definition = try TokenizerDefinition(
                tokenizerJSON: content("tokenizer.json"),
                configuration: content("tokenizer_config.json"))
            return try TokenizerFactory.make(from: definition)
        }
    }

    private func row(
        _ cases: Cases, _ tokenizer: any Tokenizer, root: String
    ) throws -> FidelityRow {
        let (name, count, differing): (String, Int, Int)
        switch cases {
        case .recorded(let vocabulary):
            let items = try VocabularyGolden.cases(vocabulary, in: root)
            name = ".inp/.out cases differing"
            count = items.count
            differing = try items.count {
                try tokenizer.encode($0.text, addSpecial: false) != $0.tokens
            }
        case .strings(let vocabulary):
            let items = try VocabularyGolden.strings(vocabulary, in: root)
            name = "strings.json items differing"
            count = items.count
            differing = try items.count { try differs($0, tokenizer) }
        case .tiny(let list):
            let items = try VocabularyGolden.tinyStrings(list, in: root)
            name = "tiny.strings.json \(list) differing"
            count = items.count
            differing = try items.count { try differs($0, tokenizer) }
        }
        return FidelityRow(
            title, name, count: count, tolerance: 0,
            findings: [Finding(set: nil, difference: Double(differing))])
    }

    private func differs(_ item: StringsItem, _ tokenizer: any Tokenizer) throws -> Bool {
        let special = item.special ?? item.plain
        let hasSpecial = item.special != nil
        // llama_detokenize tidies up spaces for some byte-level vocabularies; this decoder never
        // does, so there the joined pieces are what to expect.
        let tidies = tokenizer.summary.hasPrefix("gpt2")
        let decoded = tidies ? item.piecesPlainHex : item.detokPlainHex
        func equals(_ found: [UInt8], _ hex: String?) -> Bool {
            found == bytes(hex: hex ?? item.hex)
        }
        let holds =
            try tokenizer.encode(item.text, addSpecial: false) == item.plain
            && tokenizer.encode(item.text, addSpecial: false, parseSpecial: true) == special
            && tokenizer.encode(item.text, addSpecial: true) == item.bosPlainPrefix + item.plain
            && equals(item.plain.flatMap { tokenizer.piece($0) }, item.piecesPlainHex)
            && (!hasSpecial
                || equals(special.flatMap { tokenizer.piece($0) }, item.piecesSpecialHex))
            && equals(tokenizer.decode(item.plain), decoded)
            && (tidies || equals(tokenizer.decode(special, special: false), item.detokSpecialHex))
            && (tidies || !hasSpecial
                || equals(tokenizer.decode(special, special: true), item.detokSpecialUnparseHex))
        return !holds
    }
}
