// The reference answers of the fixtures, as the tests read them.
//
// `models/NAME.golden.json` lists prompts and the best token at every position; the `.logits.f32`
// file beside it holds one row per reference and prompt, the logits at the prompt's last position.

import Foundation
import TestSupport

/// Logits and best tokens of one fixture model.
struct Golden: Decodable {
    let vocabularySize: Int
    let logitsFile: String
    let offsets: [String: Int]
    let prompts: [[Int32]]
    let bestTokens: [[Int32]]
    let nearTies: [[Int]]
    /// Greedy continuations and the gap between the two best logits at each step, if recorded.
    let greedy: [[Int32]]?
    let greedyGaps: [[Float]]?

    private enum CodingKeys: String, CodingKey {
        case vocabularySize = "n_vocab"
        case logitsFile = "logits_file"
        case offsets, prompts
        case bestTokens = "argmax_all_positions"
        case nearTies = "near_tie_positions"
        case greedy = "greedy24"
        case greedyGaps = "greedy24_top2_gap"
    }

    static func read(_ path: String) throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: data(path))
    }

    /// One row of logits per prompt from `reference`.
    func logits(of reference: String, folder: String) throws -> [[Float]] {
        let data = try Self.data("\(folder)/\(logitsFile)")
        guard let start = offsets[reference] else { throw MissingReference(name: reference) }
        return prompts.indices.map { prompt in
            (0..<vocabularySize).map { token in
                let offset = start + (prompt * vocabularySize + token) * 4
                let bits = data.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                }
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    fileprivate static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(path)))
    }

    struct MissingReference: Error {
        let name: String
    }
}

/// A quantised model and the logits of its dequantised weights with float activations.
struct MixGolden: Decodable {
    struct Variant: Decodable {
        let file: String
        let offset: Int

        private enum CodingKeys: String, CodingKey {
            case file
            case offset = "offset_dequant64"
        }
    }

    let vocabularySize: Int
    let logitsFile: String
    let prompts: [[Int32]]
    let variants: [Variant]

    private enum CodingKeys: String, CodingKey {
        case vocabularySize = "n_vocab"
        case logitsFile = "logits_file"
        case prompts, variants
    }

    static func read() throws -> MixGolden {
        try JSONDecoder().decode(MixGolden.self, from: Golden.data("quant/llama-256.mix.json"))
    }

    /// All prompts' rows, one after the other.
    func logits(of variant: Variant) throws -> [Float] {
        let data = try Golden.data("quant/\(logitsFile)")
        return (0..<prompts.count * vocabularySize).map { index in
            let bits = data.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: variant.offset + index * 4, as: UInt32.self)
            }
            return Float(bitPattern: UInt32(littleEndian: bits))
        }
    }
}

/// The greedy continuations of the trained model, 128 tokens each.
struct StoriesGolden: Decodable {
    struct Item: Decodable {
        let prompt: String
        let promptTokens: [Int32]
        let tokens: [Int32]
        let quantisedTokens: [Int32]

        private enum CodingKeys: String, CodingKey {
            case prompt
            case promptTokens = "prompt_ids_with_bos"
            case tokens = "f32_ids"
            case quantisedTokens = "q8_0_ids_dequant64"
        }
    }

    let items: [Item]

    static func read() throws -> StoriesGolden {
        try JSONDecoder().decode(
            StoriesGolden.self, from: Golden.data("stories/stories260K.golden.json"))
    }
}
