// The life of a entry: loads, generations, look-ups that say what is wrong, unloads that wait.

import Service
import Testing
import Wire

@Suite struct ModelRegistryTests {
    private func refusal(_ body: () throws(ServiceError) -> Void) -> ServiceError? {
        do throws(ServiceError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func loaded(_ names: String...) throws -> ModelRegistry {
        var registry = ModelRegistry()
        for name in names { #expect(try registry.serve(ServedFacts(name)).generation == 1) }
        return registry
    }

    @Test func anUnnamedRequestMeansTheOnlyModel() throws {
        let registry = try loaded("a")
        #expect(try registry.addressed(nil).name == "a")
    }

    @Test func anUnnamedRequestAmongSeveralIsRefusedWithTheNames() throws {
        let registry = try loaded("a", "b")
        let error = refusal { () throws(ServiceError) in _ = try registry.addressed(nil) }
        #expect(error?.code == .modelRequired)
        #expect(error?.field == "model")
        #expect(error?.message.hasSuffix("served are: a, b") == true)
    }

    @Test func aFailedOrUnfinishedLoadDoesNotMakeTheOnlyModelAmbiguous() throws {
        var registry = try loaded("a")
        try registry.beginLoad("b")
        #expect(try registry.addressed(nil).name == "a")
        registry.failLoad("b", reason: "no")
        #expect(try registry.addressed(nil).name == "a")
    }

    @Test func anUnknownNameIsNotFound() throws {
        let registry = try loaded("a")
        let error = refusal { () throws(ServiceError) in _ = try registry.addressed("z") }
        #expect(error?.status == .notFound)
    }

    @Test func aLoadingModelIsUnavailableForNow() throws {
        var registry = ModelRegistry()
        try registry.beginLoad("a")
        let entry = try registry.addressed("a")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(entry) }
        #expect(error?.status == .unavailable)
        // The command line waits on exactly this name.
        #expect(error?.code.name == "model_loading")
        #expect(error?.retryAfterMilliseconds != nil)
    }

    @Test func aTakenNameIsRefusedAndAFailedOneMayBeTriedAgain() throws {
        var registry = try loaded("a")
        let taken = refusal { () throws(ServiceError) in try registry.beginLoad("a") }
        #expect(taken?.status == .alreadyExists)
        try registry.beginLoad("b")
        registry.failLoad("b", reason: "file: is empty")
        let entry = try registry.addressed("b")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(entry) }
        #expect(error?.message == "asking model \"b\": it failed to load: file: is empty")
        try registry.beginLoad("b")
        #expect(registry.entry("b")?.state == .loading)
    }

    @Test func generationsRiseAcrossAnUnload() throws {
        var registry = try loaded("a")
        #expect(try registry.beginUnload("a").entry?.generation == 1)
        #expect(registry.entries.isEmpty)
        #expect(try registry.serve(ServedFacts("a")).generation == 2)
    }

    @Test func anUnloadWaitsForTheLastRequestAndTakesNoNewOne() throws {
        var registry = try loaded("a")
        let served = try #require(registry.entry("a")).served
        registry.retain(served)
        registry.retain(served)
        #expect(try registry.beginUnload("a").isEmpty)
        let entry = try registry.addressed("a")
        let refused = refusal { () throws(ServiceError) in _ = try registry.ready(entry) }
        #expect(refused?.code == .modelUnloading)
        #expect(registry.release(served).isEmpty)
        let gone = registry.release(served)
        #expect(gone.entry?.name == "a" && gone.models == [served])
        #expect(registry.entry("a") == nil)
    }

    @Test func anAbandonedLoadLeavesNoTrace() throws {
        var registry = ModelRegistry()
        try registry.beginLoad("a")
        registry.abandonLoad("a")
        #expect(registry.entries.isEmpty)
        #expect(try registry.serve(ServedFacts("a")).generation == 1)
    }

    @Test func failedSlotsMakeRoomForNewOnes() throws {
        var registry = ModelRegistry()
        for index in 0..<(ServiceLimits().modelsMax + 10) {
            try registry.beginLoad("m\(index)")
            registry.failLoad("m\(index)", reason: "no")
        }
        #expect(registry.entries.count == ServiceLimits().modelsMax)
        #expect(registry.entry("m0") == nil)
    }

    @Test func aFullRegistryRefusesALoadUntilAnEntryLeaves() throws {
        var registry = ModelRegistry(entriesMax: 2)
        try registry.serve(ServedFacts("a"))
        try registry.beginLoad("b")
        let refusal = #expect(throws: ServiceError.self) { try registry.beginLoad("c") }
        #expect(refusal?.code == .modelsExceeded && refusal?.status == .resourceExhausted)
        #expect(refusal?.message.contains("2 models, allowed: 2") == true)
        registry.failLoad("b", reason: "no")
        try registry.beginLoad("c")
        #expect(registry.entries.map(\.name) == ["a", "c"])
    }

    @Test func theStateOfAFileReachesOnlyItsOwnGeneration() throws {
        var registry = try loaded("a")
        #expect(registry.entry("a")?.file == VerifiedFile(.unchanged))
        let missing = VerifiedFile(.missing, reason: "gone")
        let served = try #require(registry.entry("a")).served
        let isOther = registry.setFile(missing, of: ServedModel(name: "a", generation: 9))
        #expect(!isOther)
        #expect(registry.entry("a")?.file == VerifiedFile(.unchanged))
        let changed = VerifiedFile(.changed, reason: "longer")
        let isNews = registry.setFile(changed, of: served)
        let isNewsAgain = registry.setFile(changed, of: served)
        #expect(isNews && !isNewsAgain)
        #expect(registry.entry("a")?.file == changed)
    }

    @Test func aTaintOnlyGrows() {
        var taint = Taint.untainted
        taint.absorb(.real)
        #expect(taint.provenance == .real)
        taint.absorb(.mock)
        taint.absorb(.real)
        #expect(taint.provenance == .mock)
        #expect(Taint(addressing: ServedFacts("m", .mock)).provenance == .mock)
        #expect(Taint.of([.real, .mock, .real]).provenance == .mock)
        #expect(Taint.of([]).provenance == .real)
    }
}
