// The supported families in the plainest form: one sequence, double precision, no cache, no batch,
// straight from the formulas. It shares the hyper-parameters with the engine and nothing else; what
// the families do is written here a second time.
//
// It is the oracle for what no fixture covers: optional tensors, blocks of different width, value
// heads of another length than key heads, every scaling of the rotation. F32 tensors only.

import Foundation
import Inference
import ModelFiles
import Testing

struct ReferenceTransformer {
    private let tensors: [String: [Double]]
    private let configuration: ModelConfiguration
    private let rotary: ReferenceRotary

    init(_ file: GGUFFile) throws {
        configuration = try ModelConfiguration.extract(from: file)
        var tensors: [String: [Double]] = [:]
        for tensor in file.tensors {
            let bytes = try file.bytes(of: tensor)
            tensors[tensor.name] = (0..<tensor.valueCount).map {
                Double(bytes.loadFloat($0))
            }
        }
        self.tensors = tensors
        rotary = try ReferenceRotary(configuration, tensors)
    }

    private var family: String { configuration.architecture }

    /// Logits at every position of `tokens`.
    func logits(of tokens: [Int32]) -> [[Float]] {
        let head = tensors["output.weight"] == nil ? "token_embd" : "output"
        return hidden(of: tokens).map { row in linear(head, row).map { Float($0) } }
    }

    /// What the output matrix reads at every position of `tokens`.
    func hidden(of tokens: [Int32]) -> [[Double]] {
        let embedding = tensors["token_embd.weight"] ?? []
        let width = configuration.embeddingLength
        var x = tokens.map { Array(embedding[Int($0) * width..<(Int($0) + 1) * width]) }
        for block in 0..<configuration.blockCount {
            let normed = x.map { norm($0, "blk.\(block).attn_norm") }
            let attended = attention(normed, block)
            if family == "phi2" {
                let fed = normed.map { feedForward($0, block) }
                x = x.indices.map { sum([x[$0], attended[$0], fed[$0]]) }
            } else {
                x = zip(x, attended).map { sum([$0, $1]) }
                let fed = x.map { feedForward(norm($0, "blk.\(block).ffn_norm"), block) }
                x = zip(x, fed).map { sum([$0, $1]) }
            }
        }
        return x.map { norm($0, "output_norm") }
    }

    // MARK: Parts

    private func attention(_ rows: [[Double]], _ block: Int) -> [[Double]] {
        let heads = configuration.headCount[block]
        let shared = heads / configuration.headCountKV[block]
        let (keyLength, valueLength) = (configuration.keyLength, configuration.valueLength)
        let inputs = rows.enumerated().map { attentionInputs($1, at: $0, block) }
        return rows.indices.map { position in
            let seen = configuration.isCausal ? position : rows.count - 1
            var attended: [Double] = []
            for head in 0..<heads {
                let query = part(inputs[position].query, head, keyLength)
                let scores = (0...seen).map { other in
                    dot(query, part(inputs[other].key, head / shared, keyLength))
                        / Double(keyLength).squareRoot()
                }
                let largest = scores.max() ?? 0
                let weights = scores.map { exp($0 - largest) }
                let sum = weights.reduce(0, +)
                for dimension in 0..<valueLength {
                    attended.append(
                        (0...seen).reduce(0) { total, other in
                            let value = inputs[other].value[head / shared * valueLength + dimension]
                            return total + weights[other] / sum * value
                        })
                }
            }
            if tensors["blk.\(block).attn_sub_norm.weight"] != nil {
                attended = norm(attended, "blk.\(block).attn_sub_norm")
            }
            return linear("blk.\(block).attn_output", attended)
        }
    }

    private func attentionInputs(
        _ row: [Double], at position: Int, _ block: Int
    ) -> (query: [Double], key: [Double], value: [Double]) {
        let prefix = "blk.\(block).attn_"
        let keyLength = configuration.keyLength
        let widths = [
            configuration.headCount[block] * keyLength,
            configuration.headCountKV[block] * keyLength,
        ]
        var (query, key, value): ([Double], [Double], [Double])
        if tensors[prefix + "qkv.weight"] != nil {
            let all = linear(prefix + "qkv", row)
            query = Array(all[..<widths[0]])
            key = Array(all[widths[0]..<widths[0] + widths[1]])
            value = Array(all[(widths[0] + widths[1])...])
        } else {
            query = linear(prefix + "q", row)
            key = linear(prefix + "k", row)
            value = linear(prefix + "v", row)
        }
        if family == "qwen3" {
            query = eachHead(query) { norm($0, prefix + "q_norm") }
            key = eachHead(key) { norm($0, prefix + "k_norm") }
        }
        if family == "smollm3", block % 4 == 3 { return (query, key, value) }
        return (
            eachHead(query) { rotary.rotate($0, at: position) },
            eachHead(key) { rotary.rotate($0, at: position) }, value
        )
    }

    private func feedForward(_ row: [Double], _ block: Int) -> [Double] {
        let prefix = "blk.\(block).ffn_"
        let up = linear(prefix + "up", row)
        var activated: [Double]
        switch family {
        case "phi2": activated = up.map(gelu)
        case "phi3":
            let half = up.count / 2
            activated = zip(up[..<half], up[half...]).map { silu($0) * $1 }
        case "bitnet-b1.58", "bitnet-25":
            activated = zip(linear(prefix + "gate", row), up).map { pow(max($0, 0), 2) * $1 }
        default: activated = zip(linear(prefix + "gate", row), up).map { silu($0) * $1 }
        }
        if tensors[prefix + "sub_norm.weight"] != nil {
            activated = norm(activated, prefix + "sub_norm")
        }
        return linear(prefix + "down", activated)
    }

    private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

    private func gelu(_ x: Double) -> Double {
        x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    private func norm(_ row: [Double], _ name: String) -> [Double] {
        let count = Double(row.count)
        let mean = family == "phi2" ? row.reduce(0, +) / count : 0
        let centred = row.map { $0 - mean }
        let scale = 1 / (dot(centred, centred) / count + configuration.normEpsilon).squareRoot()
        let scaled = zip(centred, tensors[name + ".weight"] ?? []).map { $0 * scale * $1 }
        guard let bias = tensors[name + ".bias"] else { return scaled }
        return sum([scaled, bias])
    }

    private func linear(_ name: String, _ row: [Double]) -> [Double] {
        var row = row
        if configuration.activationRounding == .int8PerToken, name.hasPrefix("blk.") {
            let step = max(row.map(\.magnitude).max() ?? 0, 1e-5) / 127
            row = row.map { ($0 / step).rounded(.toNearestOrEven) * step }
        }
        var product = multiply(tensors[name + ".weight"] ?? [], row)
        if let scale = tensors[name + ".scale"] { product = product.map { $0 * scale[0] } }
        guard let bias = tensors[name + ".bias"] else { return product }
        return sum([product, bias])
    }

    private func multiply(_ matrix: [Double], _ row: [Double]) -> [Double] {
        stride(from: 0, to: matrix.count, by: row.count).map { start in
            row.indices.reduce(0) { $0 + matrix[start + $1] * row[$1] }
        }
    }

    private func eachHead(_ row: [Double], _ body: ([Double]) -> [Double]) -> [Double] {
        (0..<row.count / configuration.keyLength).flatMap {
            body(part(row, $0, configuration.keyLength))
        }
    }

    private func part(_ row: [Double], _ head: Int, _ length: Int) -> [Double] {
        Array(row[head * length..<(head + 1) * length])
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func sum(_ rows: [[Double]]) -> [Double] {
        rows[0].indices.map { index in rows.reduce(0) { $0 + $1[index] } }
    }
}

/// The rotation of one head.
private struct ReferenceRotary {
    private let frequencies: [Double]
    private let magnitude: Double
    private let isInterleaved: Bool

    init(_ configuration: ModelConfiguration, _ tensors: [String: [Double]]) throws {
        isInterleaved = ["llama", "smollm3"].contains(configuration.architecture)
        let dimensions = Double(configuration.ropeDimensionCount)
        let isLong = configuration.contextLength > configuration.originalContextLength
        let factors =
            tensors["rope_freqs.weight"]
            ?? tensors["rope_factors_\(isLong ? "long" : "short").weight"]
        let base = configuration.ropeBase
        let kept = (0..<configuration.ropeDimensionCount / 2).map {
            1 / (pow(base, 2 * Double($0) / dimensions) * (factors?[$0] ?? 1))
        }
        switch configuration.ropeScaling {
        case .none, .longrope:
            frequencies = kept
            magnitude = configuration.ropeAttentionFactor
        case .linear(let factor):
            frequencies = kept.map { $0 / factor }
            magnitude = configuration.ropeAttentionFactor
        case .yarn(let factor):
            // As the paper puts it: by how often a pair turns within the original context.
            let original = Double(configuration.originalContextLength)
            func dimension(turning count: Double) -> Double {
                dimensions * log(original / (count * 2 * Double.pi)) / (2 * log(base))
            }
            let first = max(floor(dimension(turning: 32)), 0)
            let last = min(ceil(dimension(turning: 1)), dimensions - 1)
            try #require(first < last)
            frequencies = kept.enumerated().map { pair, frequency in
                let keptShare = 1 - min(max((Double(pair) - first) / (last - first), 0), 1)
                return keptShare * frequency + (1 - keptShare) * frequency / factor
            }
            magnitude = configuration.ropeAttentionFactor * (0.1 * log(factor) + 1)
        }
    }

    func rotate(_ head: [Double], at position: Int) -> [Double] {
        var rotated = head
        for (pair, frequency) in frequencies.enumerated() {
            let first = isInterleaved ? 2 * pair : pair
            let second = isInterleaved ? 2 * pair + 1 : pair + frequencies.count
            let angle = Double(position) * frequency
            let (a, b) = (head[first], head[second])
            rotated[first] = (a * cos(angle) - b * sin(angle)) * magnitude
            rotated[second] = (a * sin(angle) + b * cos(angle)) * magnitude
        }
        return rotated
    }
}

extension [UInt8] {
    /// The float32 value at `index`, counted in values.
    func loadFloat(_ index: Int) -> Float {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * 4, as: Float.self) }
    }
}
