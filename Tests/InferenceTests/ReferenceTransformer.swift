// A transformer of the llama family in the plainest form: one sequence, double precision, no cache,
// no batch, straight from the formulas. It shares nothing with the engine but the file.
//
// It is the oracle for what no fixture covers: biases, blocks of different width, value heads of
// another length than key heads, linear rope scaling. F32 tensors only.

import Foundation
import Inference
import ModelFiles

struct ReferenceTransformer {
    private let file: GGUFFile
    private let configuration: ModelConfiguration

    init(_ file: GGUFFile) throws {
        self.file = file
        configuration = try ModelConfiguration.extract(from: file)
    }

    /// Logits at every position of `tokens`.
    func logits(of tokens: [Int32]) -> [[Float]] {
        let embedding = values("token_embd.weight") ?? []
        let width = configuration.embeddingLength
        var x = tokens.map { Array(embedding[Int($0) * width..<(Int($0) + 1) * width]) }
        for block in 0..<configuration.blockCount {
            let attended = attention(x.map { norm($0, "blk.\(block).attn_norm.weight") }, block)
            x = zip(x, attended).map { zip($0, $1).map(+) }
            let fed = x.map { feedForward(norm($0, "blk.\(block).ffn_norm.weight"), block) }
            x = zip(x, fed).map { zip($0, $1).map(+) }
        }
        let head = values("output.weight") ?? embedding
        return x.map { row in
            multiply(head, norm(row, "output_norm.weight")).map { Float($0) }
        }
    }

    // MARK: Parts

    private func attention(_ rows: [[Double]], _ block: Int) -> [[Double]] {
        let heads = configuration.headCount[block]
        let shared = heads / configuration.headCountKV[block]
        let (keyLength, valueLength) = (configuration.keyLength, configuration.valueLength)
        let prefix = "blk.\(block).attn_"
        let queries = rows.enumerated().map { rotate(linear(prefix + "q", $1), at: $0) }
        let keys = rows.enumerated().map { rotate(linear(prefix + "k", $1), at: $0) }
        let values = rows.map { linear(prefix + "v", $0) }
        return rows.indices.map { position in
            var attended: [Double] = []
            for head in 0..<heads {
                let query = part(queries[position], head, keyLength)
                let scores = (0...position).map { other in
                    dot(query, part(keys[other], head / shared, keyLength))
                        / Double(keyLength).squareRoot()
                }
                let largest = scores.max() ?? 0
                let weights = scores.map { exp($0 - largest) }
                let sum = weights.reduce(0, +)
                for dimension in 0..<valueLength {
                    attended.append(
                        (0...position).reduce(0) { total, other in
                            let value = values[other][head / shared * valueLength + dimension]
                            return total + weights[other] / sum * value
                        })
                }
            }
            return linear(prefix + "output", attended)
        }
    }

    private func feedForward(_ row: [Double], _ block: Int) -> [Double] {
        let gate = linear("blk.\(block).ffn_gate", row)
        let up = linear("blk.\(block).ffn_up", row)
        return linear("blk.\(block).ffn_down", zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 })
    }

    /// Neighbouring dimensions rotate together.
    private func rotate(_ row: [Double], at position: Int) -> [Double] {
        let factors = values("rope_freqs.weight")
        var factor = 1.0
        if case .linear(let scale) = configuration.ropeScaling { factor = scale }
        var rotated = row
        for start in stride(from: 0, to: row.count, by: configuration.keyLength) {
            for pair in 0..<configuration.ropeDimensionCount / 2 {
                let exponent = -2 * Double(pair) / Double(configuration.ropeDimensionCount)
                let frequency = pow(configuration.ropeBase, exponent) / (factors?[pair] ?? 1)
                let angle = Double(position) / factor * frequency
                let (a, b) = (row[start + 2 * pair], row[start + 2 * pair + 1])
                rotated[start + 2 * pair] = a * cos(angle) - b * sin(angle)
                rotated[start + 2 * pair + 1] = a * sin(angle) + b * cos(angle)
            }
        }
        return rotated
    }

    private func norm(_ row: [Double], _ weight: String) -> [Double] {
        let mean = dot(row, row) / Double(row.count)
        let scale = 1 / (mean + configuration.normEpsilon).squareRoot()
        return zip(row, values(weight) ?? []).map { $0 * scale * $1 }
    }

    private func linear(_ name: String, _ row: [Double]) -> [Double] {
        let product = multiply(values(name + ".weight") ?? [], row)
        guard let bias = values(name + ".bias") else { return product }
        return zip(product, bias).map(+)
    }

    private func multiply(_ matrix: [Double], _ row: [Double]) -> [Double] {
        stride(from: 0, to: matrix.count, by: row.count).map { start in
            row.indices.reduce(0) { $0 + matrix[start + $1] * row[$1] }
        }
    }

    private func part(_ row: [Double], _ head: Int, _ length: Int) -> [Double] {
        Array(row[head * length..<(head + 1) * length])
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func values(_ name: String) -> [Double]? {
        guard let tensor = file.tensor(name) else { return nil }
        let bytes = file.bytes(of: tensor)
        return (0..<tensor.valueCount).map {
            Double(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self))
        }
    }
}
