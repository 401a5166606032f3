// The tokenizer cases of the fixtures, recorded with llama.cpp.
//
// A `.inp` file holds texts separated by a line `__ggml_vocab_test__`, its `.out` file one line of
// ids per text; a `.strings.json` file holds byte strings with ids, decoded forms and pieces.
// Does not: know tokenizers.

import Foundation

/// One text with the ids that llama.cpp gives.
package struct VocabularyCase {
    package var text: [UInt8]
    package var tokens: [Int32]
}

/// One item of a `.strings.json` file; absent fields equal the ones named in its README.
package struct StringsItem: Decodable {
    package var n: Int
    package var hex: String
    package var plain: [Int32]
    package var special: [Int32]?
    package var bosPlainPrefix: [Int32]
    package var detokPlainHex: String?
    package var detokSpecialHex: String?
    package var detokSpecialUnparseHex: String?
    package var piecesPlainHex: String?
    package var piecesSpecialHex: String?
    package var invalidUtf8: Bool?

    package var text: [UInt8] { bytes(hex: hex) }
}

private struct StringsFile: Decodable {
    var items: [StringsItem]
}

/// Where the cases are.
package enum VocabularyGolden {
    package static func cases(_ name: String, in root: String) throws -> [VocabularyCase] {
        let base = (root + "/tokenizers/ggml-vocab-\(name).gguf")
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

    package static func strings(_ name: String, in root: String) throws -> [StringsItem] {
        let data = try Data(
            contentsOf: URL(fileURLWithPath: (root + "/tokenizers/\(name).strings.json")))
        return try decoder.decode(StringsFile.self, from: data).items
    }

    /// The cases of the vocabularies inside the small models.
    package static func tinyStrings(_ name: String, in root: String) throws -> [StringsItem] {
        let data = try Data(
            contentsOf: URL(fileURLWithPath: (root + "/tokenizers/tiny.strings.json")))
        return try decoder.decode([String: StringsFile].self, from: data)[name]?.items ?? []
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
package func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
        UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
    }
}
