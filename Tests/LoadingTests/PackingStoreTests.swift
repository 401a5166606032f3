// Identical files share a packing and an assay. Other bytes, other terms and doubted weights do
// not.

import Compute
import Dispatch
import Foundation
import Inference
import Loading
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct PackingStoreTests {
    let directory: TemporaryDirectory
    let bytes = GGUFBuilder.tinyLlama().build()
    let placements = Counter()

    final class Counter: Sendable {
        private let stored = Mutex(0)
        var value: Int { stored.withLock { $0 } }
        func add() { stored.withLock { $0 += 1 } }
    }

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ bytes: [UInt8], as name: String) throws -> String {
        try directory.write(bytes, as: name)
    }

    private func load(
        _ path: String, _ store: PackingStore,
        _ change: (inout ModelLoadingConfiguration) -> Void = { _ in }
    ) throws -> LoadOutcome {
        try ModelLoader.test(change, store: store) { steps in
            let real = steps
            steps.place = { plan, configuration, path, observer in
                placements.add()
                return try real.place(plan, configuration, path, observer)
            }
        }.run(path: path)
    }

    private func real(_ outcome: LoadOutcome) throws -> RealModel {
        try #require(outcome.model).ensureReal()
    }

    @Test func aCopyTakesOverThePackingAndTheReportSaysSo() throws {
        let store = PackingStore()
        let (a, b) = (try write(bytes, as: "a.gguf"), try write(bytes, as: "b.gguf"))
        let first = try real(load(a, store))
        let second = try real(load(b, store))
        #expect(placements.value == 1)
        #expect(second.sharesWeights(with: first))
        #expect(second.fingerprint == first.fingerprint)
        #expect(first.report.sharedWith == nil && second.report.sharedWith == a)
        #expect(second.report.path == b)
        #expect(second.report.layers.map(\.layer) == Layer.allCases)
        #expect(second.report.layers.allSatisfy { $0.ok })
        #expect(second.report.model == first.report.model)
        #expect(second.report.memory?.estimate.weights == 0)
        #expect(second.report.table.contains("shared         packing and assay of \(a)"))
        #expect(second.report.json.contains("\"shared_with\":\"\(a)\""))
        // Each watches its own file.
        try FileManager.default.removeItem(atPath: b)
        #expect(first.fileState() == .unchanged && second.fileState() != .unchanged)
    }

    @Test func otherBytesOfTheSameSizeArePackedForThemselves() throws {
        let store = PackingStore()
        let other = GGUFBuilder.tinyLlama(seed: 2).build()
        try #require(other.count == bytes.count)
        let first = try real(load(write(bytes, as: "a.gguf"), store))
        let second = try real(load(write(other, as: "b.gguf"), store))
        #expect(placements.value == 2)
        #expect(!second.sharesWeights(with: first))
        #expect(second.fingerprint.bytes == sha256(other))
    }

    @Test func otherTermsArePackedForThemselves() throws {
        let store = PackingStore()
        let path = try write(bytes, as: "a.gguf")
        let first = try real(load(path, store))
        let short = try real(load(path, store) { $0.overrides = ["context_length": "32"] })
        let unchecked = try real(load(path, store) { $0.requireValidation = false })
        #expect(placements.value == 3)
        #expect(short.facts.contextLength == 32 && first.facts.contextLength == 128)
        #expect(!first.report.degradations.contains("validation_skipped"))
        #expect(unchecked.report.degradations.contains("validation_skipped"))
    }

    @Test func aPackingLivesAsLongAsItsModels() throws {
        let store = PackingStore()
        let path = try write(bytes, as: "a.gguf")
        var models = [try real(load(path, store)), try real(load(path, store))]
        models.removeFirst()
        models.append(try real(load(path, store)))
        #expect(placements.value == 1)
        models.removeAll()
        _ = try load(path, store)
        #expect(placements.value == 2)
    }

    @Test func doubtedWeightsAreNotTakenOver() throws {
        let store = PackingStore()
        let path = try write(bytes, as: "a.gguf")
        let first = try real(load(path, store))
        first.distrust()
        let second = try real(load(path, store))
        #expect(placements.value == 2 && !second.sharesWeights(with: first))
        #expect(try real(load(path, store)).sharesWeights(with: second))
    }

    @Test func aSealBesideTheCopyIsCompared() throws {
        let store = PackingStore()
        let (a, b) = (try write(bytes, as: "a.gguf"), try write(bytes, as: "b.gguf"))
        let first = try real(load(a, store))
        #expect(first.report.seal == .absent)
        let written = try first.writeSeal()
        try FileManager.default.moveItem(atPath: written, toPath: b + ".seal")
        let second = try load(b, store)
        #expect(second.report.seal == .matched(largestDifference: 0))
        #expect(second.report.sharedWith == a)
        let other = try real(
            load(write(GGUFBuilder.tinyLlama(seed: 2).build(), as: "c.gguf"), store))
        _ = try other.writeSeal()
        try FileManager.default.removeItem(atPath: b + ".seal")
        try FileManager.default.moveItem(atPath: directory.path("c.gguf.seal"), toPath: b + ".seal")
        let third = try load(b, store)
        #expect(third.rejection?.code == .sealFingerprintMismatch)
        #expect(third.rejection?.layer == .validation)
        #expect(placements.value == 2)
    }

    @Test func aFailedLoadLeavesNothingToTakeOver() throws {
        let store = PackingStore()
        let path = try write(bytes, as: "a.gguf")
        let refused = try ModelLoader.test(store: store) { steps in
            steps.validate = { _, _ in throw fileError(.ioError) }
        }.run(path: path)
        #expect(refused.rejection != nil)
        #expect(try load(path, store).report.sharedWith == nil)
        #expect(placements.value == 1)
    }

    /// Two loads of the same bytes at once: whichever is first packs, and the other waits for it.
    @Test func loadsSideBySidePackOnce() throws {
        let store = PackingStore()
        let paths = try (0..<4).map { try write(bytes, as: "\($0).gguf") }
        let models = Mutex<[RealModel]>([])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            guard let model = try? real(load(paths[index], store)) else { return }
            models.withLock { $0.append(model) }
        }
        let found = models.withLock { $0 }
        #expect(found.count == paths.count)
        #expect(placements.value == 1)
        #expect(found.allSatisfy { $0.sharesWeights(with: found[0]) })
        #expect(found.count { $0.report.sharedWith == nil } == 1)
    }

    /// A load that waits for another one goes on when its owner leaves, and packs when the other
    /// load fails.
    @Test func whoWaitsForAFailedLoadPacksItself() throws {
        let store = PackingStore()
        let path = try write(bytes, as: "a.gguf")
        let isPacking = DispatchSemaphore(value: 0)
        let fails = DispatchSemaphore(value: 0)
        let ended = DispatchGroup()
        let failing = try ModelLoader.test(store: store) { steps in
            steps.place = { _, _, _, _ in
                isPacking.signal()
                fails.wait()
                throw fileError(.ioError)
            }
        }
        DispatchQueue.global().async(group: ended) { _ = failing.run(path: path) }
        isPacking.wait()
        let impatient = try ModelLoader.test({ $0.timeout = .milliseconds(1) }, store: store)
        #expect(impatient.run(path: path).rejection?.code == .timedOut)
        let begun = DispatchSemaphore(value: 0)
        let patient = Mutex<LoadOutcome?>(nil)
        DispatchQueue.global().async(group: ended) {
            begun.signal()
            let outcome = try? load(path, store)
            patient.withLock { $0 = outcome }
        }
        begun.wait()
        fails.signal()
        ended.wait()
        let outcome = try #require(patient.withLock { $0 })
        #expect(outcome.model != nil && outcome.report.sharedWith == nil)
    }
}
