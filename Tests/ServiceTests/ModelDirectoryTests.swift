// The life of a slot: loads, generations, look-ups that say what is wrong, unloads that wait.

import Service
import Testing
import Wire

@Suite struct ModelDirectoryTests {
    private func refusal(_ body: () throws(ServiceError) -> Void) -> ServiceError? {
        do throws(ServiceError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func loaded(_ names: String...) throws -> ModelDirectory {
        var directory = ModelDirectory()
        for name in names {
            try directory.beginLoad(name)
            #expect(directory.finishLoad(ModelFacts(name))?.generation == 1)
        }
        return directory
    }

    @Test func anUnnamedRequestMeansTheOnlyModel() throws {
        let directory = try loaded("a")
        #expect(try directory.addressed(nil).name == "a")
    }

    @Test func anUnnamedRequestAmongSeveralIsRefusedWithTheNames() throws {
        let directory = try loaded("a", "b")
        let error = refusal { () throws(ServiceError) in _ = try directory.addressed(nil) }
        #expect(error?.code == .modelRequired)
        #expect(error?.field == "model")
        #expect(error?.message.hasSuffix("served are: a, b") == true)
    }

    @Test func aFailedOrUnfinishedLoadDoesNotMakeTheOnlyModelAmbiguous() throws {
        var directory = try loaded("a")
        try directory.beginLoad("b")
        #expect(try directory.addressed(nil).name == "a")
        directory.failLoad("b", reason: "no")
        #expect(try directory.addressed(nil).name == "a")
    }

    @Test func anUnknownNameIsNotFound() throws {
        let directory = try loaded("a")
        let error = refusal { () throws(ServiceError) in _ = try directory.addressed("z") }
        #expect(error?.status == .notFound)
    }

    @Test func aLoadingModelIsUnavailableForNow() throws {
        var directory = ModelDirectory()
        try directory.beginLoad("a")
        let slot = try directory.addressed("a")
        let error = refusal { () throws(ServiceError) in _ = try directory.ready(slot) }
        #expect(error?.status == .unavailable)
        // The command line waits on exactly this name.
        #expect(error?.code.name == "model_loading")
        #expect(error?.retryAfterMilliseconds != nil)
    }

    @Test func aTakenNameIsRefusedAndAFailedOneMayBeTriedAgain() throws {
        var directory = try loaded("a")
        let taken = refusal { () throws(ServiceError) in try directory.beginLoad("a") }
        #expect(taken?.status == .alreadyExists)
        try directory.beginLoad("b")
        directory.failLoad("b", reason: "file: is empty")
        let slot = try directory.addressed("b")
        let error = refusal { () throws(ServiceError) in _ = try directory.ready(slot) }
        #expect(error?.message == "asking model \"b\": it failed to load: file: is empty")
        try directory.beginLoad("b")
        #expect(directory.slot("b")?.state == .loading)
    }

    @Test func generationsRiseAcrossAnUnload() throws {
        var directory = try loaded("a")
        #expect(try directory.beginUnload("a")?.generation == 1)
        #expect(directory.slots.isEmpty)
        try directory.beginLoad("a")
        #expect(directory.finishLoad(ModelFacts("a"))?.generation == 2)
    }

    @Test func anUnloadWaitsForTheLastRequestAndTakesNoNewOne() throws {
        var directory = try loaded("a")
        directory.retain("a")
        directory.retain("a")
        #expect(try directory.beginUnload("a") == nil)
        let slot = try directory.addressed("a")
        let refused = refusal { () throws(ServiceError) in _ = try directory.ready(slot) }
        #expect(refused?.code == .modelUnloading)
        #expect(directory.release("a") == nil)
        #expect(directory.release("a")?.name == "a")
        #expect(directory.slot("a") == nil)
    }

    @Test func anAbandonedLoadLeavesNoTrace() throws {
        var directory = ModelDirectory()
        try directory.beginLoad("a")
        directory.abandonLoad("a")
        #expect(directory.slots.isEmpty)
        #expect(directory.finishLoad(ModelFacts("a")) == nil)
    }

    @Test func failedSlotsMakeRoomForNewOnes() throws {
        var directory = ModelDirectory()
        for index in 0..<(ModelDirectory.slotsMax + 10) {
            try directory.beginLoad("m\(index)")
            directory.failLoad("m\(index)", reason: "no")
        }
        #expect(directory.slots.count == ModelDirectory.slotsMax)
        #expect(directory.slot("m0") == nil)
    }

    @Test func theStateOfAFileReachesOnlyItsOwnGeneration() throws {
        var directory = try loaded("a")
        #expect(directory.slot("a")?.file == VerifiedFile(.unchanged))
        let missing = VerifiedFile(.missing, reason: "gone")
        let isOther = directory.setFile(missing, of: "a", generation: 9)
        #expect(!isOther)
        #expect(directory.slot("a")?.file == VerifiedFile(.unchanged))
        let changed = VerifiedFile(.changed, reason: "longer")
        let isNews = directory.setFile(changed, of: "a", generation: 1)
        let isNewsAgain = directory.setFile(changed, of: "a", generation: 1)
        #expect(isNews && !isNewsAgain)
        #expect(directory.slot("a")?.file == changed)
    }

    @Test func aTaintOnlyGrows() {
        var taint = Taint.untainted
        taint.absorb(.real)
        #expect(taint.provenance == .real)
        taint.absorb(.mock)
        taint.absorb(.real)
        #expect(taint.provenance == .mock)
        #expect(Taint(addressing: ModelFacts("m", .mock)).provenance == .mock)
        #expect(Taint.of([.real, .mock, .real]).provenance == .mock)
        #expect(Taint.of([]).provenance == .real)
    }
}
