// The budget of all models: what loads take, what comes back, and what a refusal says.

import Compute
import Dispatch
import Inference
import Loading
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct MemoryLedgerTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "a.gguf")
    }

    private func loader(_ ledger: MemoryLedger, store: PackingStore? = nil) throws -> ModelLoader {
        let backend = try CPUBackend(threads: 1)
        let placing = ModelPlacing(
            backend: { backend }, probe: { .unavailable(reason: "test") },
            memoryAvailable: { nil }, ledger: ledger)
        return try ModelLoader.test(store: store) { $0 = .standard(placing) }
    }

    /// The estimate of a server's model: its runner has room for four contexts.
    private func estimate() throws -> MemoryEstimate {
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: path)))
        return plan.memory(contextTokens: 4 * plan.configuration.contextLength)
    }

    @Test func aModelTakesWhatWasEstimatedAndGivesItBack() throws {
        let need = try estimate()
        let ledger = MemoryLedger(limit: 1 << 30)
        var model = try loader(ledger).run(path: path).model
        let kept = need.total - need.staging
        #expect(ledger.used == kept)
        let use = try #require(try model?.ensureReal().report.memory)
        #expect(use.estimate == need && use.limit == 1 << 30 && use.resident == 0)
        #expect(use.positions == 512)
        model = nil
        #expect(ledger.used == 0)
    }

    @Test func aRefusalSaysWhatIsNeededThereAndMissing() throws {
        let need = try estimate()
        let kept = need.total - need.staging
        let ledger = MemoryLedger(limit: need.total + kept - 1)
        let loader = try loader(ledger)
        let first = loader.run(path: path).model
        let rejection = try #require(loader.run(path: path).rejection)
        #expect(rejection.layer == .placement && rejection.code == .memoryBudgetExceeded)
        let shortage = try #require(rejection.memory)
        #expect(shortage.needed == need.total && shortage.available == need.total - 1)
        #expect(shortage.missing == 1 && shortage.resident == kept)
        #expect(shortage.limit == ledger.limit && shortage.endsWithRoom)
        #expect(!rejection.isTransient)
        #expect(rejection.found.hasPrefix("\(need.total) bytes needed, 1 more than there are ("))
        #expect(
            rejection.allowed == "\(need.total - 1) bytes, which is what other models (\(kept) "
                + "bytes) leave of the budget of \(need.total + kept - 1) bytes (memory-max)")
        #expect(ledger.used == kept)
        _ = first
    }

    @Test func aModelAboveTheWholeBudgetNeverFits() throws {
        let ledger = MemoryLedger(limit: try estimate().total - 1)
        let shortage = try #require(try loader(ledger).run(path: path).rejection?.memory)
        #expect(shortage.resident == 0 && !shortage.endsWithRoom)
        #expect(ledger.used == 0)
    }

    @Test func aSharedPackingCountsOnce() throws {
        let need = try estimate()
        let runner = need.cache + need.scratch
        let ledger = MemoryLedger(limit: need.total + runner)
        let loader = try loader(ledger, store: PackingStore())
        var models = [loader.run(path: path).model, loader.run(path: path).model]
        #expect(ledger.used == need.weights + need.texts + 2 * runner)
        let use = try #require(models[1]).ensureReal().report.memory
        #expect(use?.estimate.total == runner)
        models.removeFirst()
        #expect(ledger.used == need.weights + need.texts + runner)
        models.removeAll()
        #expect(ledger.used == 0)
    }

    /// Loads side by side check and take in one step, so that the budget holds at any time.
    @Test func loadsSideBySideStayBelowTheBudget() throws {
        let need = try estimate()
        // A second load fits neither beside the first one nor after it.
        let ledger = MemoryLedger(limit: 2 * need.total - need.staging - 1)
        let loader = try loader(ledger)
        let accepted = Mutex<[LoadedModel]>([])
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            let outcome = loader.run(path: path)
            if let model = outcome.model { accepted.withLock { $0.append(model) } }
        }
        #expect(accepted.withLock { $0.count } == 1)
        #expect(ledger.used == need.total - need.staging)
    }

    @Test func theOwnerHearsOfMemoryThatComesBack() throws {
        let ledger = MemoryLedger(limit: 1 << 30)
        let heard = Mutex(0)
        var model = try loader(ledger).run(path: path).model
        ledger.onRelease { heard.withLock { $0 += 1 } }
        #expect(model != nil)
        model = nil
        #expect(heard.withLock { $0 } == 2)
    }

    @Test func aServersCacheIsCountedAsItsRunnerTakesIt() {
        #expect(CacheReservation.positions(context: 512, cacheTokensMax: nil) == 2048)
        #expect(CacheReservation.positions(context: 32_768, cacheTokensMax: nil) == 65_536)
        #expect(CacheReservation.positions(context: 131_072, cacheTokensMax: nil) == 131_088)
        #expect(CacheReservation.positions(context: 512, cacheTokensMax: 600) == 600)
        #expect(CacheReservation.positions(context: 512, cacheTokensMax: 512) == 528)
    }
}
