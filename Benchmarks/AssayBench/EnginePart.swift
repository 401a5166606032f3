// The engine part of the benchmark: the generated 15M-parameter model, then the files given.

import EngineMeasure
import Foundation
import RandomModels

extension AssayBench {
    func engine(in directory: URL) throws -> [BenchReport.Engine] {
        let generated = directory.appendingPathComponent("random-15m-q8_0.gguf").path
        try RandomLlama.fifteenMillion(seed: seed).write(to: generated)
        return try ([generated] + model).map { path in
            let runs = try threadCounts().map { count in
                try EngineMeasure(threads: count, promptCount: 256, generateCount: 128)
                    .run(path: path)
            }
            guard Set(runs.map(\.tokenHash)).count == 1 else {
                throw BenchError("\(path): the tokens depend on the number of threads")
            }
            return BenchReport.Engine(
                model: URL(fileURLWithPath: path).lastPathComponent, runs: runs)
        }
    }
}
