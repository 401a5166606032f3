// One tensor format: the reference dequantiser against recorded values bit for bit, and products
// with these blocks against double precision.
//
// Guarantees: products are judged by the bound that follows from their arithmetic (stated at each
// bound), and must be the same bits on every instruction set.
// Does not: use random scales: the blocks are the fixtures' quantised values. F32 has no blocks;
// the F32 models stand for it.

import Compute
import Foundation

struct FormatChecks {
    /// One entry of `dequant/index.json`.
    private struct Entry: Decodable {
        let type: String
        let id: UInt32
        let count: Int
        let raw: String
        let values: String
        /// Values that come from a quantiser, the rest being random bit patterns; all if absent.
        let quantisedCount: Int?

        private enum CodingKeys: String, CodingKey {
            case type, raw, values
            case id = "ggml_type_id"
            case count = "n_values"
            case quantisedCount = "real_quantised_values"
        }
    }

    private static let columns = 512, tokens = 5

    private let format: WeightFormat
    private let root: String
    private let sets: [InstructionSet]

    init(_ format: WeightFormat, root: String, sets: [InstructionSet]) {
        (self.format, self.root, self.sets) = (format, root, sets)
    }

    /// Formats with recorded blocks that this engine has no kernels for.
    static func unsupportedNames(root: String) -> String {
        let entries = (try? index(root)) ?? []
        return entries.filter { WeightFormat(rawValue: $0.id)?.name != $0.type }.map(\.type)
            .joined(separator: ", ")
    }

    func rows() -> [FidelityRow] {
        guard format != .f32 else { return [] }
        do {
            let entries = try Self.index(root)
            guard let entry = entries.first(where: { $0.id == format.rawValue }) else {
                return [FidelityRow(format.name, "recorded blocks", failure: "none are there")]
            }
            let raw = try [UInt8](Self.data("dequant/\(entry.raw)", root))
            let recorded = try Self.data("dequant/\(entry.values)", root)
            guard raw.count == format.fileSize(rows: 1, columns: entry.count),
                recorded.count == entry.count * 4
            else {
                return [FidelityRow(format.name, "recorded blocks", failure: "sizes do not fit")]
            }
            let expected = recorded.withUnsafeBytes { bytes in
                (0..<entry.count).map {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
                }
            }
            return [dequantising(raw, expected)]
                + (try products(raw, entry.quantisedCount ?? entry.count))
        } catch {
            return [FidelityRow(format.name, "recorded blocks", failure: "\(error)")]
        }
    }

    private static func index(_ root: String) throws -> [Entry] {
        try JSONDecoder().decode([Entry].self, from: data("dequant/index.json", root))
    }

    private static func data(_ path: String, _ root: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: root + "/" + path))
    }

    private func dequantising(_ raw: [UInt8], _ expected: [UInt32]) -> FidelityRow {
        let values = values(of: raw, count: expected.count)
        let differing = zip(values, expected).count { $0.bitPattern != $1 }
        return FidelityRow(
            format.name, "dequantised blocks, values differing in a bit", count: expected.count,
            tolerance: 0, findings: [Finding(set: nil, difference: Double(differing))])
    }

    private func values(of bytes: [UInt8], count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, used in
            let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            bytes.withUnsafeBytes { format.dequantise($0, into: target) }
            used = count
        }
    }

    // MARK: Products

    private func products(_ raw: [UInt8], _ quantisedCount: Int) throws -> [FidelityRow] {
        let rowCount = quantisedCount / Self.columns
        let size = rowCount * Self.columns / format.valuesPerBlock * format.bytesPerBlock
        let matrix = Array(raw.prefix(size) + raw.suffix(format.trailerSize))
        let weights = values(of: matrix, count: rowCount * Self.columns)
        var numbers = FixedNumbers()
        let input = (0..<Self.tokens * Self.columns).map { _ in numbers.uniform() }
        return try InputRounding.allCases.filter(format.accepts).flatMap { rounding in
            let results = try sets.map { set in
                (set, try product(matrix, rowCount, input, rounding, on: set))
            }
            let count = Self.tokens * rowCount
            let shares = results.map { set, result in
                Finding(
                    set: set, difference: share(of: result, weights, input, rounding))
            }
            let differing = results.map { set, result in
                let other = zip(result, results[0].1).count { $0.bitPattern != $1.bitPattern }
                return Finding(set: set, difference: Double(other))
            }
            return [
                FidelityRow(
                    format.name, "product, \(rounding.title): error / bound", count: count,
                    tolerance: 1, findings: shares),
                FidelityRow(
                    format.name, "product, \(rounding.title): same bits", count: count,
                    tolerance: 0, findings: differing),
            ]
        }
    }

    private func product(
        _ bytes: [UInt8], _ rowCount: Int, _ input: [Float], _ rounding: InputRounding,
        on set: InstructionSet
    ) throws -> [Float] {
        let backend = try CPUBackend(threads: 1, instructionSet: set)
        let matrix = try bytes.withUnsafeBytes { bytes throws(ComputeError) in
            try backend.makeMatrix(
                bytes, format: format, rows: rowCount, columns: Self.columns)
        }
        let queue = backend.makeQueue()
        let x = try backend.makeBuffer(count: input.count)
        input.withUnsafeBufferPointer { queue.write($0, to: x, at: 0) }
        let output = try backend.makeBuffer(count: Self.tokens * rowCount)
        queue.matmul(
            [MatrixProduct(matrix, into: output.rows(of: rowCount), rounding: rounding)],
            input: x.rows(of: Self.columns), rows: Self.tokens)
        try queue.finish()
        return queue.withValues(of: output, in: 0..<output.count) { Array($0) }
    }

    /// The largest error of a product against double precision, as a share of its bound.
    private func share(
        of result: [Float], _ weights: [Float], _ input: [Float], _ rounding: InputRounding
    ) -> Double {
        let rowCount = weights.count / Self.columns
        return result.indices.reduce(0) { worst, index in
            let (token, row) = (index / rowCount, index % rowCount)
            let w = weights[row * Self.columns..<(row + 1) * Self.columns].map(Double.init)
            let x = input[token * Self.columns..<(token + 1) * Self.columns].map(Double.init)
            let exact = zip(w, x).reduce(0) { $0 + $1.0 * $1.1 }
            let share = abs(Double(result[index]) - exact) / rounding.bound(w, x)
            return share.isNaN ? .infinity : max(worst, share)
        }
    }
}

extension InputRounding {
    /// For people.
    fileprivate var title: String {
        switch self {
        case .none: "float input"
        case .blocks: "int8 blocks"
        case .rows: "int8 rows"
        }
    }

    /// How far a product of these weights and this input may be from the exact one.
    ///
    /// Float input: each step of the sum rounds once, so at most (columns + 2) * 2^-24 of the sum
    /// of |w x|. Int8 input: half a step of the input a value, |w| * largest / 254 with the largest
    /// |x| of its block or row; and the float steps of one chain, at most two in eight columns,
    /// each 2^-24 of the largest scale times quant that can stand in a row, which is at most four
    /// times the largest weight.
    fileprivate func bound(_ w: [Double], _ x: [Double]) -> Double {
        let largestWeight = w.map(abs).max() ?? 0
        guard self != .none else {
            let sum = zip(w, x).reduce(0) { $0 + abs($1.0 * $1.1) }
            return max(Double(w.count + 2) * 0x1p-24 * sum, .leastNormalMagnitude)
        }
        let run = self == .rows ? x.count : 32
        let steps = Double(x.count / 8 + 4) * 0x1p-24 * 4 * largestWeight
        return stride(from: 0, to: x.count, by: run).reduce(Double.leastNormalMagnitude) {
            sum, start in
            let block = start..<min(start + run, x.count)
            let largest = block.map { abs(x[$0]) }.max() ?? 0
            return sum
                + block.reduce(0) { $0 + abs(w[$1]) * largest / 254 + steps * abs(x[$1]) }
        }
    }
}
