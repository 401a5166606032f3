// The measurement of loading: every layer and strategy is there, cold is cold or left out, the
// injected fault is met as each strategy says, and a refused file is reported up to its layer.

import Foundation
import LoadMeasure
import Loading
import Synchronization
import TestSupport
import Testing

@Suite struct LoadMeasureTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    /// Real work, and pauses that are only counted.
    private static let hurried: TimeSource = {
        let system = TimeSource.system
        return TimeSource(
            now: system.now, sleep: { _ in }, wait: system.wait, schedule: { _, _ in })
    }()

    private func measure(
        _ path: String, rounds: Int = 2, faultCount: Int = 2
    ) throws -> LoadFigures {
        try LoadMeasure(
            rounds: rounds, faultCount: faultCount, threads: 1, time: Self.hurried
        ).run(path: path)
    }

    @Test func everyLayerAndStrategyHasItsFigures() throws {
        let figures = try measure(path)
        #expect(figures.refusal == nil && figures.fileCount == 1 && figures.seal == "absent")
        #expect(
            figures.layers.map(\.name)
                == ["file", "parse", "compatibility", "placement", "validation"])
        #expect(figures.strategies.map(\.name) == ["strict", "graceful", "development"])
        for cost in figures.layers + figures.strategies {
            let warm = try #require(cost.warm)
            #expect(warm.min <= warm.median && warm.median <= warm.max && warm.max > 0)
            // Cold figures, or the reason why there are none: never both, never neither.
            #expect((cost.cold == nil) == (figures.coldMissing != nil))
        }
        #expect(figures.table.contains("validation"))
    }

    @Test func aSealIsPartOfTheFiles() throws {
        _ = try ModelLoader().load(path: path).ensureReal().writeSeal()
        let figures = try measure(path, rounds: 1)
        #expect(figures.seal == "matched" && figures.fileCount == 2)
    }

    @Test(arguments: [0, 1, 3])
    func onlyTheGracefulStrategyOutlivesAFaultThatPasses(faultCount: Int) throws {
        let figures = try measure(path, rounds: 1, faultCount: faultCount)
        #expect(figures.faults.map(\.strategy) == ["strict", "graceful", "development"])
        for fault in figures.faults where fault.strategy != "graceful" {
            #expect(fault.accepted == (faultCount == 0))
            #expect(fault.attempts.count == 1 && fault.attempts[0].waited == 0)
            #expect(fault.attempts[0].code == (faultCount == 0 ? nil : "not_found"))
        }
        let graceful = figures.faults[1]
        #expect(graceful.accepted)
        #expect(graceful.attempts.count == faultCount + 1)
        #expect(graceful.attempts.dropLast().allSatisfy { $0.layer == "file" })
        let pauses: [Double] = [0, 1000, 2000, 4000]
        #expect(graceful.attempts.map(\.pause) == Array(pauses.prefix(faultCount + 1)))
    }

    @Test func theFaultLeavesNothingBehind() throws {
        let parent = try TemporaryDirectory()
        let measure = LoadMeasure(
            rounds: 1, faultCount: 2, threads: 1, time: Self.hurried,
            temporaryFolder: parent.path)
        #expect(try measure.run(path: path).faults.count == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [])
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func aRefusedFileIsMeasuredUpToTheLayerThatRefusedIt() throws {
        let broken = try directory.write("GGUF????".utf8, as: "broken.gguf")
        let figures = try measure(broken)
        #expect(figures.refusal?.layer == "parse")
        #expect(figures.layers.map(\.name) == ["file", "parse"])
        #expect(figures.layers.allSatisfy { $0.warm != nil })
        #expect(figures.strategies.isEmpty && figures.faults.isEmpty)
        let missing = try measure(directory.path("nowhere.gguf"))
        #expect(missing.refusal?.layer == "file" && missing.refusal?.code == "not_found")
        #expect(missing.coldMissing != nil && missing.size == 0)
    }

    @Test func jsonKeepsItsNames() throws {
        let data = try JSONEncoder().encode(try measure(path, rounds: 1))
        let object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let names = [
            "path", "bytes", "files", "rounds", "threads", "layers", "strategies", "faults",
        ]
        for name in names {
            #expect(object[name] != nil, "\(name)")
        }
        let layers = try #require(object["layers"] as? [[String: Any]])
        let warm = try #require(layers[0]["warm_ms"] as? [String: Double])
        #expect(Set(warm.keys) == ["median", "min", "max"])
    }
}
