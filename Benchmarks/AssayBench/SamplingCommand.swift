// assay-bench sampling: the time of choosing a token from a row of logits, on one thread.
//
// Beside each figure is what sorting the whole row takes (logits with their ids, in order of
// likelihood), in the same round. Rows lie in the cache, as after a step of a small model.

import ArgumentParser
import Compute
import Foundation
import Inference

struct SamplingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sampling",
        abstract: "Choosing a token: greedy, temperature, top-p, top-k; beside a full sort.")

    @Option(help: "Tokens of the vocabulary.")
    var vocabulary: [Int] = [32_000, 152_000]

    @Option(help: "Choices of each kind.")
    var count = 100

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        guard (5...100_000).contains(count) else {
            throw ValidationError("--count is \(count); allowed are 5 to 100000")
        }
        for size in vocabulary where !(2...1_000_000).contains(size) {
            throw ValidationError("--vocabulary is \(size); allowed are 2 to 1000000")
        }
    }

    func run() throws {
        let backend = try CPUBackend(threads: 1)
        var rows: [SamplingRow] = []
        for size in vocabulary {
            for shape in SampleLogits.allCases {
                rows += try measure(shape, size, backend.hostKernels)
            }
        }
        let report = SamplingReport(
            instructionSet: backend.instructionSet.rawValue, rows: rows)
        print(json ? try jsonText(report) : report.text)
    }

    /// Measures every kind of choice in turn, in each round, so that noise meets all alike.
    private func measure(
        _ shape: SampleLogits, _ size: Int, _ kernels: HostKernels
    ) throws -> [SamplingRow] {
        let logits = shape.row(size)
        let kinds = Self.kinds
        var samplers = try kinds.map { try Sampler($0.parameters) }
        var times = [[UInt64]](repeating: [], count: kinds.count)
        var sorting: [UInt64] = []
        var sum: Int64 = 0
        for round in 0..<count + 2 {
            for kind in kinds.indices {
                let choice = samplers[kind].next()
                let start = DispatchTime.now().uptimeNanoseconds
                let token = try logits.withUnsafeBufferPointer {
                    try choice.token(of: $0, LogitScan($0), kernels)
                }
                // The first rounds warm the caches.
                if round > 1 { times[kind].append(DispatchTime.now().uptimeNanoseconds - start) }
                sum += Int64(token)
            }
            // Sorting is slow, so a tenth of the rounds is enough.
            guard round % 10 == 2 else { continue }
            let start = DispatchTime.now().uptimeNanoseconds
            var order = logits.indices.map { Candidate(logit: logits[$0], token: Int32($0)) }
            order.sort { $0.precedes($1) }
            sorting.append(DispatchTime.now().uptimeNanoseconds - start)
            sum += Int64(order[0].token)
        }
        guard sum >= 0 else { throw BenchError("a choice of no token") }
        return kinds.indices.map { kind in
            SamplingRow(
                vocabulary: size, logits: shape.rawValue, choice: kinds[kind].name,
                microseconds: Statistics.percentile(times[kind], 0.5) / 1000,
                sortMicroseconds: Statistics.percentile(sorting, 0.5) / 1000)
        }
    }

    private static let kinds: [(name: String, parameters: SamplingParameters)] = [
        ("greedy", parameters(0, 0, 1)),
        ("temperature .8", parameters(0.8, 0, 1)),
        ("top-p .95", parameters(0.8, 0, 0.95)),
        ("top-k 40", parameters(0.8, 40, 1)),
    ]

    private static func parameters(
        _ temperature: Double, _ topK: Int, _ topP: Double
    ) -> SamplingParameters {
        var parameters = SamplingParameters()
        (parameters.temperature, parameters.topK, parameters.topP) = (temperature, topK, topP)
        return parameters
    }
}

/// Made logits.
private enum SampleLogits: String, CaseIterable {
    /// As of random weights: nearly every token is likely enough for top-p.
    case flat
    /// As of a trained model that is sure: a few tokens far above a wide rest.
    case peaked

    func row(_ size: Int) -> [Float] {
        var state: UInt64 = 0x5EED
        func uniform() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) * 0x1p-24
        }
        // Sums of four uniform numbers are bell-shaped enough.
        func bell() -> Float { uniform() + uniform() + uniform() + uniform() - 2 }
        var row = (0..<size).map { _ in bell() * (self == .flat ? 1 : 6) }
        if self == .peaked {
            for _ in 0..<20 { row[Int(uniform() * Float(size - 1))] = 18 + 4 * bell() }
        }
        return row
    }
}

/// The figures of a choice.
struct SamplingRow: Codable {
    let vocabulary: Int
    let logits: String
    let choice: String
    let microseconds: Double
    let sortMicroseconds: Double
}

/// The figures of a run.
struct SamplingReport: Codable {
    let instructionSet: String
    let rows: [SamplingRow]

    var text: String {
        let title = "Choosing a token, one thread, \(instructionSet), medians"
        let head = Self.columns.line("tokens", "logits", "choice", "time", "full sort", "ratio")
        let lines = rows.map { row in
            Self.columns.line(
                "\(row.vocabulary)", row.logits, row.choice, TextColumns.micro(row.microseconds),
                TextColumns.micro(row.sortMicroseconds),
                String(format: "%.3f", row.microseconds / row.sortMicroseconds))
        }
        return ([title, head] + lines).joined(separator: "\n")
    }

    private static let columns = TextColumns(first: 8, others: 15)
}
