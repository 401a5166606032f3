// The reference answers of the fixtures, as the tests and `assay-fidelity` read them.
//
// `models/NAME.golden.json` lists prompts and the best token at every position; the `.logits.f32`
// file beside it holds one row per reference and prompt, the logits at the prompt's last position.
// Paths are those of files below the fixtures folder `root`. Lengths are checked: a file cut short
// is an error, not a crash.
// Does not: know models, tokenizers or tolerances.

import Foundation

/// A golden that cannot be used.
package struct GoldenError: Error, CustomStringConvertible {
    /// One sentence.
    package let description: String

    /// An error with that sentence.
    package init(description: String) { self.description = description }
}

/// Rows of floats in a golden's file of logits.
private func rows(
    _ path: String, in root: String, at start: Int, count: Int, width: Int
) throws -> [[Float]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: root + "/" + path))
    guard start >= 0, start + count * width * 4 <= data.count else {
        throw GoldenError(
            description: "\(path) has \(data.count) bytes, \(count) rows of \(width) floats at "
                + "\(start) are needed")
    }
    return data.withUnsafeBytes { bytes in
        (0..<count).map { row in
            (0..<width).map { column in
                let offset = start + (row * width + column) * 4
                let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}

private func decoded<Value: Decodable>(_ path: String, in root: String) throws -> Value {
    let data = try Data(contentsOf: URL(fileURLWithPath: root + "/" + path))
    return try JSONDecoder().decode(Value.self, from: data)
}

/// Logits and best tokens of one fixture model.
package struct Golden: Decodable {
    package let vocabularySize: Int
    package let logitsFile: String
    package let offsets: [String: Int]
    package let prompts: [[Int32]]
    package let bestTokens: [[Int32]]
    package let nearTies: [[Int]]
    /// Greedy continuations and the gap between the two best logits at each step, if recorded.
    package let greedy: [[Int32]]?
    package let greedyGaps: [[Float]]?

    private enum CodingKeys: String, CodingKey {
        case vocabularySize = "n_vocab"
        case logitsFile = "logits_file"
        case offsets, prompts
        case bestTokens = "argmax_all_positions"
        case nearTies = "near_tie_positions"
        case greedy = "greedy24"
        case greedyGaps = "greedy24_top2_gap"
    }

    package static func read(_ path: String, in root: String) throws -> Golden {
        try decoded(path, in: root)
    }

    /// One row of logits per prompt from `reference`; `folder` is where the logits' file lies.
    package func logits(
        of reference: String, folder: String, in root: String
    ) throws -> [[Float]] {
        guard let start = offsets[reference] else {
            throw GoldenError(description: "\(logitsFile) has no rows of \"\(reference)\"")
        }
        return try rows(
            "\(folder)/\(logitsFile)", in: root, at: start, count: prompts.count,
            width: vocabularySize)
    }
}

/// A quantised model and the logits of its dequantised weights with float activations.
package struct MixGolden: Decodable {
    package struct Variant: Decodable {
        package let file: String
        package let offset: Int

        private enum CodingKeys: String, CodingKey {
            case file
            case offset = "offset_dequant64"
        }
    }

    package let vocabularySize: Int
    package let logitsFile: String
    package let prompts: [[Int32]]
    package let variants: [Variant]

    private enum CodingKeys: String, CodingKey {
        case vocabularySize = "n_vocab"
        case logitsFile = "logits_file"
        case prompts, variants
    }

    package static func read(in root: String) throws -> MixGolden {
        try decoded("quant/llama-256.mix.json", in: root)
    }

    /// One row per prompt.
    package func logits(of variant: Variant, in root: String) throws -> [[Float]] {
        try rows(
            "quant/\(logitsFile)", in: root, at: variant.offset, count: prompts.count,
            width: vocabularySize)
    }
}

/// The greedy continuations of the trained model, 128 tokens each.
package struct StoriesGolden: Decodable {
    package struct Item: Decodable {
        package let prompt: String
        package let promptTokens: [Int32]
        package let tokens: [Int32]
        package let quantisedTokens: [Int32]

        private enum CodingKeys: String, CodingKey {
            case prompt
            case promptTokens = "prompt_ids_with_bos"
            case tokens = "f32_ids"
            case quantisedTokens = "q8_0_ids_dequant64"
        }
    }

    package let items: [Item]

    package static func read(in root: String) throws -> StoriesGolden {
        try decoded("stories/stories260K.golden.json", in: root)
    }
}
