// Reference vocabularies and the cases recorded with llama.cpp.
//
// A `.inp` file holds texts separated by a line `__ggml_vocab_test__`, its `.out` file one line of
// ids per text; a `.strings.json` file holds byte strings with ids, decoded forms and pieces.

import Foundation
import ModelFiles
import TestSupport
import Tokenizers

/// One text with the ids that llama.cpp gives.
struct VocabularyCase {
    var text: [UInt8]
    var tokens: [Int32]
}

/// One item of a `.strings.json` file; absent fields equal the ones named in its README.
struct StringsItem: Decodable {
    var n: Int
    var hex: String
    var plain: [Int32]
    var special: [Int32]?
    var bosPlainPrefix: [Int32]
    var detokPlainHex: String?
    var detokSpecialHex: String?
    var detokSpecialUnparseHex: String?
    var piecesPlainHex: String?
    var piecesSpecialHex: String?
    var invalidUtf8: Bool?

    var text: [UInt8] { bytes(hex: hex) }
}

private struct StringsFile: Decodable {
    var items: [StringsItem]
}

enum VocabularyFixtures {
    static func tokenizer(_ name: String) throws -> any Tokenizer {
        let file = try GGUFFile(MappedFile(path: Fixtures.path(name)))
        return try TokenizerFactory.make(from: file.metadata)
    }

    static func cases(_ name: String) throws -> [VocabularyCase] {
        let base = Fixtures.path("tokenizers/ggml-vocab-\(name).gguf")
        let texts = try String(contentsOfFile: base + ".inp", encoding: .utf8)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try String(contentsOfFile: base + ".out", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        // Both files end with a separator: nothing follows it.
        return zip(texts, lines).dropLast().map { text, line in
            VocabularyCase(
                text: Array(text.utf8), tokens: line.split(separator: " ").compactMap { Int32($0) })
        }
    }

    static func strings(_ name: String) throws -> [StringsItem] {
        let data = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.path("tokenizers/\(name).strings.json")))
        return try decoder.decode(StringsFile.self, from: data).items
    }

    /// The cases of the vocabularies inside the small models.
    static func tinyStrings(_ name: String) throws -> [StringsItem] {
        let data = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.path("tokenizers/tiny.strings.json")))
        return try decoder.decode([String: StringsFile].self, from: data)[name]?.items ?? []
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
        UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
    }
}
