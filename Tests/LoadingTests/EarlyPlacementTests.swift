// Placement beside the vocabulary: the report does not tell which was first, and what nobody wants
// ends, with its files and its memory.

import Compute
import Dispatch
import Foundation
import Inference
import Loading
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct EarlyPlacementTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    /// The one of the two that ends before the other goes on.
    enum First: CaseIterable { case vocabulary, placement }

    private static let tokenizerFault = InferenceError(
        .tokenizer, tried: "making the vocabulary", found: "a fault", location: "tokens")
    private static let placementFault = InferenceError(
        .placement, tried: "placing tensor \"a\"", found: "a fault", location: "a")

    /// Loads with faults in either step, in a fixed order of the steps.
    private func outcome(
        _ first: First, vocabularyFails: Bool, placementFails: Bool
    ) throws -> (LoadOutcome, [String]) {
        let vocabularyEnded = DispatchSemaphore(value: 0)
        let placementEnded = DispatchSemaphore(value: 0)
        let progress = Mutex<[String]>([])
        let loader = try ModelLoader.test(time: ManualTime().source) { steps in
            let real = steps
            steps.vocabulary = { plan in
                if first == .placement { placementEnded.wait() }
                defer { vocabularyEnded.signal() }
                if vocabularyFails { throw Self.tokenizerFault }
                return try real.vocabulary(plan)
            }
            steps.place = { plan, configuration, path, observer in
                if first == .vocabulary { vocabularyEnded.wait() }
                defer { placementEnded.signal() }
                if placementFails { throw Self.placementFault }
                return try real.place(plan, configuration, path, observer)
            }
        }
        let outcome = loader.run(path: path) { step in
            guard step.bytes == nil else { return }
            let verdict = step.verdict.map { $0.ok ? "passed" : "refused" } ?? "begins"
            progress.withLock { $0.append("\(step.layer) \(verdict)") }
        }
        // The placement of a refused model may still run.
        if first == .vocabulary { placementEnded.wait() }
        return (outcome, progress.withLock { $0 })
    }

    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func theReportIsTheSameWhicheverIsFirst(
        _ vocabularyFails: Bool, _ placementFails: Bool
    ) throws {
        let found = try First.allCases.map {
            try outcome($0, vocabularyFails: vocabularyFails, placementFails: placementFails)
        }
        #expect(found[0].1 == found[1].1)
        let reports = found.map { $0.0.report }
        #expect(reports[0].table == reports[1].table)
        let expected: Layer? = vocabularyFails ? .compatibility : placementFails ? .placement : nil
        for report in reports {
            #expect(report.rejection?.layer == expected)
            let judged = Layer.allCases.filter { $0 <= expected ?? $0 }
            #expect(report.layers.map { $0.layer } == judged)
            #expect(report.layers.dropLast().allSatisfy { $0.ok })
            #expect(report.fingerprint == (expected == nil ? reports[0].fingerprint : nil))
        }
        #expect(reports[0].accepted == (expected == nil))
    }

    /// The vocabulary fails while weights are being read: the refusal does not wait, the reading
    /// ends before its next piece, and nothing stays open, allocated or running.
    @Test func aRefusedVocabularyEndsTheReadingAndLeavesNothing() throws {
        let backend = RecordedBackend(try CPUBackend(threads: 1))
        let placing = ModelPlacing(backend: backend)
        let reading = DispatchSemaphore(value: 0)
        let refused = DispatchSemaphore(value: 0)
        let error = Mutex<(any Error)?>(nil)
        let ended = DispatchSemaphore(value: 0)
        var steps = LayerSteps.standard(placing)
        let real = steps
        steps.vocabulary = { _ in
            reading.wait()
            throw Self.tokenizerFault
        }
        steps.place = { plan, configuration, path, observer in
            defer { ended.signal() }
            backend.onMatrix = {
                reading.signal()
                refused.wait()
                refused.signal()
            }
            do {
                return try real.place(plan, configuration, path, observer)
            } catch let fault {
                error.withLock { $0 = fault }
                throw fault
            }
        }
        let loader = try ModelLoader(
            configuration: ModelLoadingConfiguration(), steps: steps, time: .system,
            logger: RecordedLog().logger)
        let outcome = loader.run(path: path)
        #expect(outcome.rejection?.layer == .compatibility)
        #expect(openFiles() == 1)
        refused.signal()
        ended.wait()
        #expect("\(String(describing: error.withLock { $0 }))".contains("given up"))
        backend.onMatrix = nil
        for _ in 0..<10_000 where openFiles() > 0 { usleep(1000) }
        #expect(openFiles() == 0)
        for _ in 0..<10_000 where backend.matrixCount > 0 { usleep(1000) }
        #expect(backend.matrixCount == 0)
    }

    /// Descriptors of the model file.
    private func openFiles() -> Int {
        let folder = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + name))
                .map { $0.hasSuffix(directory.path("tiny.gguf")) } ?? false
        }
    }

    /// A load that ran out of time while the vocabulary was made and weights were read.
    @Test func aLoadThatIsGivenUpEndsBoth() throws {
        let time = ManualTime(timesOut: true)
        let release = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let loader = try ModelLoader.test(time: time.source) { steps in
            let real = steps
            steps.vocabulary = { plan in
                time.hanging.signal()
                release.wait()
                defer { ended.signal() }
                return try real.vocabulary(plan)
            }
            steps.place = { plan, configuration, path, observer in
                defer { ended.signal() }
                while !observer.isGivenUp { usleep(100) }
                return try real.place(plan, configuration, path, observer)
            }
        }
        let outcome = loader.run(path: path)
        #expect(outcome.rejection?.code == .timedOut)
        #expect(outcome.rejection?.layer == .compatibility)
        release.signal()
        ended.wait()
        ended.wait()
        for _ in 0..<10_000 where openFiles() > 0 { usleep(1000) }
        #expect(openFiles() == 0)
    }
}

/// A back end that counts matrices and calls the test for each.
private final class RecordedBackend: Backend {
    private let base: CPUBackend
    private let hook = Mutex<(@Sendable () -> Void)?>(nil)
    private let matrices = Mutex<[Weak]>([])

    private struct Weak: Sendable { weak var matrix: WeightMatrix? }

    init(_ base: CPUBackend) { self.base = base }

    var onMatrix: (@Sendable () -> Void)? {
        get { hook.withLock { $0 } }
        set { hook.withLock { $0 = newValue } }
    }
    /// Matrices that are alive.
    var matrixCount: Int { matrices.withLock { $0.count { $0.matrix != nil } } }

    let deviceName = "cpu"

    func makeWeightMemory(size: Int) throws(ComputeError) -> WeightMemory {
        try base.makeWeightMemory(size: size)
    }

    func makeMatrix(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<WeightMatrix> {
        let real = try base.makeMatrix(format: format, rows: rows, columns: columns, in: memory)
        return WeightRows(format, rows: rows, columns: columns, step: real.step) {
            (bytes, _) throws(ComputeError) in
            try real.append(bytes)
        } make: { [self] in
            let matrix = real.finish()
            matrices.withLock { $0.append(Weak(matrix: matrix)) }
            onMatrix?()
            return matrix
        }
    }

    func makeEmbedding(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<EmbeddingTable> {
        try base.makeEmbedding(format: format, rows: rows, columns: columns, in: memory)
    }

    func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer {
        try base.makeVector(bytes, format: format, count: count)
    }

    func makeRopeTable(frequencies: [Double], magnitude: Double) -> RopeTable {
        base.makeRopeTable(frequencies: frequencies, magnitude: magnitude)
    }

    func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer {
        try base.makeBuffer(count: count)
    }

    func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache {
        try base.makeCache(shape)
    }

    func makeQueue() throws(ComputeError) -> any ComputeQueue { base.makeQueue() }
}
