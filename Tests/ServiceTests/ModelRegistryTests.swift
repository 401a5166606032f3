// The life of a slot: loads, generations, look-ups that say what is wrong, unloads that wait.

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
        let slot = try registry.addressed("a")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(slot) }
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
        let slot = try registry.addressed("b")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(slot) }
        #expect(error?.message == "asking model \"b\": it failed to load: file: is empty")
        try registry.beginLoad("b")
        #expect(registry.slot("b")?.state == .loading)
    }

    @Test func generationsRiseAcrossAnUnload() throws {
        var registry = try loaded("a")
        #expect(try registry.beginUnload("a")?.generation == 1)
        #expect(registry.slots.isEmpty)
        #expect(try registry.serve(ServedFacts("a")).generation == 2)
    }

    @Test func anUnloadWaitsForTheLastRequestAndTakesNoNewOne() throws {
        var registry = try loaded("a")
        let served = try #require(registry.slot("a")).served
        registry.retain(served)
        registry.retain(served)
        #expect(try registry.beginUnload("a") == nil)
        let slot = try registry.addressed("a")
        let refused = refusal { () throws(ServiceError) in _ = try registry.ready(slot) }
        #expect(refused?.code == .modelUnloading)
        #expect(registry.release(served) == nil)
        #expect(registry.release(served)?.name == "a")
        #expect(registry.slot("a") == nil)
    }

    @Test func anAbandonedLoadLeavesNoTrace() throws {
        var registry = ModelRegistry()
        try registry.beginLoad("a")
        registry.abandonLoad("a")
        #expect(registry.slots.isEmpty)
        #expect(try registry.serve(ServedFacts("a")).generation == 1)
    }

    @Test func failedSlotsMakeRoomForNewOnes() throws {
        var registry = ModelRegistry()
        for index in 0..<(ModelRegistry.slotsMax + 10) {
            try registry.beginLoad("m\(index)")
            registry.failLoad("m\(index)", reason: "no")
        }
        #expect(registry.slots.count == ModelRegistry.slotsMax)
        #expect(registry.slot("m0") == nil)
    }

    @Test func theStateOfAFileReachesOnlyItsOwnGeneration() throws {
        var registry = try loaded("a")
        #expect(registry.slot("a")?.file == VerifiedFile(.unchanged))
        let missing = VerifiedFile(.missing, reason: "gone")
        let served = try #require(registry.slot("a")).served
        let isOther = registry.setFile(missing, of: ServedModel(name: "a", generation: 9))
        #expect(!isOther)
        #expect(registry.slot("a")?.file == VerifiedFile(.unchanged))
        let changed = VerifiedFile(.changed, reason: "longer")
        let isNews = registry.setFile(changed, of: served)
        let isNewsAgain = registry.setFile(changed, of: served)
        #expect(isNews && !isNewsAgain)
        #expect(registry.slot("a")?.file == changed)
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
