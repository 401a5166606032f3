// Generations of a name in the registry: swaps, rollbacks, pins, labels, and each refusal.

import Service
import Testing
import Wire

@Suite struct SwappingTests {
    private func served(_ count: Int = 1) throws -> ModelRegistry {
        var registry = ModelRegistry()
        try registry.serve(ServedFacts("a"))
        for _ in 1..<count { _ = try registry.swap("a") }
        return registry
    }

    private func model(_ generation: UInt32) -> ServedModel {
        ServedModel(name: "a", generation: generation)
    }

    /// Generations with their roles.
    private func roles(_ registry: ModelRegistry) throws -> [String] {
        let entry = try #require(registry.entry("a"))
        return entry.generations.map { "\($0.number) \(entry.role(of: $0.number))" }
    }

    private func refusal(_ body: () throws(ServiceError) -> Void) -> ServiceError? {
        do throws(ServiceError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Swaps

    @Test func aSwapHoldsTheGenerationBefore() throws {
        var registry = try served()
        let first = try registry.swap("a")
        #expect(first.previous == 1 && first.gone.isEmpty)
        #expect(try roles(registry) == ["1 held", "2 active"])
        let second = try registry.swap("a")
        #expect(second.previous == 2 && second.gone.models == [model(1)])
        #expect(try roles(registry) == ["2 held", "3 active"])
        let entry = try #require(registry.entry("a"))
        #expect(entry.state == .ready && entry.generation == 3 && entry.held?.number == 2)
        #expect(ModelInfo(entry).heldGeneration == 2)
    }

    @Test func nothingChangesBeforeTheSwitch() throws {
        var registry = try served()
        try registry.beginSwap("a")
        #expect(registry.reserveGeneration("a") == model(2))
        #expect(try registry.ready(registry.choose("a")).generation == 1)
        #expect(try roles(registry) == ["1 active"])
    }

    @Test func aRequestEndsOnTheGenerationItBeganWith() throws {
        var registry = try served()
        registry.retain(model(1))
        _ = try registry.swap("a")
        registry.retain(model(2))
        _ = try registry.swap("a")
        #expect(try roles(registry) == ["1 retired", "2 held", "3 active"])
        #expect(registry.entry("a")?.inFlightCount == 2)
        #expect(registry.release(model(1)).models == [model(1)])
        #expect(registry.release(model(2)).isEmpty, "it is held")
        #expect(try roles(registry) == ["2 held", "3 active"])
    }

    @Test func aFailedSwapLeavesEverythingAndSaysSo() throws {
        var registry = try served(2)
        let before = try roles(registry)
        try registry.beginSwap("a")
        _ = registry.reserveGeneration("a")
        registry.failSwap("a", reason: "no such file")
        #expect(try roles(registry) == before)
        let entry = try #require(registry.entry("a"))
        #expect(entry.state == .ready && entry.reason == nil)
        #expect(ModelInfo(entry).loadFailure == "no such file")
        let next = try registry.swap("a")
        #expect(next.previous == 2 && registry.entry("a")?.generation == 4, "3 is used up")
        #expect(registry.entry("a")?.loadFailure == nil)
    }

    @Test func anAbandonedSwapLeavesNoTraceButItsNumber() throws {
        var registry = try served()
        try registry.beginSwap("a")
        _ = registry.reserveGeneration("a")
        registry.abandonSwap("a")
        #expect(registry.entry("a")?.loadFailure == nil && registry.entry("a")?.swap == nil)
        _ = try registry.swap("a")
        #expect(registry.entry("a")?.generation == 3)
    }

    @Test func aMockIsNotHeld() throws {
        var registry = ModelRegistry()
        try registry.serve(ServedFacts("a", .mock))
        #expect(try registry.swap("a").gone.models == [model(1)])
        let error = refusal { () throws(ServiceError) in _ = try registry.rollback("a") }
        #expect(
            error?.message
                == "rolling back model \"a\": found no generation held beside generation 2; the "
                + "one held before was given up: generation 1: it is a mock; swap to the file "
                + "instead")
    }

    @Test func refusalsOfASwapSayWhatToDo() throws {
        var registry = try served()
        try registry.beginLoad("loading")
        try registry.beginLoad("failed")
        registry.failLoad("failed", reason: "no magic")
        try registry.serve(ServedFacts("going"))
        registry.retain(ServedModel(name: "going", generation: 1))
        _ = try registry.beginUnload("going")
        try registry.beginSwap("a")
        var found: [String] = []
        for name in ["z", "loading", "failed", "going", "a", "a:b"] {
            let error = try #require(
                refusal { () throws(ServiceError) in try registry.beginSwap(name) })
            #expect(error.field == "name")
            found.append("\(error)")
        }
        #expect(
            found == [
                "NOT_FOUND model_unknown: looking up model \"z\": found none, served are: a, "
                    + "loading, failed, going",
                "UNAVAILABLE model_loading: swapping model \"loading\": it is still loading",
                "FAILED_PRECONDITION model_not_ready: swapping model \"failed\": it failed to "
                    + "load: no magic; load it again",
                "UNAVAILABLE model_unloading: swapping model \"going\": it is being unloaded",
                "RESOURCE_EXHAUSTED swap_running: swapping model \"a\": a swap of it is running, "
                    + "wait for its end or cancel it",
                "INVALID_ARGUMENT name_reserved: naming model \"a:b\": found \":\", which stands "
                    + "between a name and a label, allowed: a name without it",
            ])
        let load = refusal { () throws(ServiceError) in try registry.beginLoad("a:b") }
        #expect(load?.code == .nameReserved)
    }

    @Test func generationsInMemoryAreBounded() throws {
        var registry = ModelRegistry(generationsMax: 3)
        try registry.serve(ServedFacts("a"))
        registry.retain(model(1))
        _ = try registry.swap("a")
        _ = try registry.swap("a")
        let error = refusal { () throws(ServiceError) in try registry.beginSwap("a") }
        #expect(error?.code == .modelsExceeded && error?.retryAfterMilliseconds == 1000)
        #expect(
            error?.message
                == "swapping model \"a\": found generations 1 (retired), 2 (held), 3 (active) in "
                + "memory, allowed: 3 with the new one; remove a label, or wait until requests end")
        _ = registry.release(model(1))
        _ = try registry.swap("a")
    }

    // MARK: - Rollbacks

    @Test func aRollbackExchangesActiveAndHeld() throws {
        var registry = try served(2)
        #expect(try registry.rollback("a").isEmpty)
        #expect(try roles(registry) == ["1 active", "2 held"])
        #expect(try registry.ready(registry.choose("a")).generation == 1)
        _ = try registry.rollback("a")
        #expect(registry.entry("a")?.generation == 2)
    }

    @Test func withoutAHeldGenerationThereIsNoRollback() throws {
        var registry = try served()
        let error = refusal { () throws(ServiceError) in _ = try registry.rollback("a") }
        #expect(error?.code == .noHeldGeneration && error?.status == .failedPrecondition)
        #expect(
            error?.message
                == "rolling back model \"a\": found no generation held beside generation 1; swap "
                + "to the file instead")
    }

    @Test func aHeldGenerationThatDriftedIsGivenUp() throws {
        var registry = try served(2)
        #expect(registry.failServed(model(1), reason: "drifted").models == [model(1)])
        #expect(try roles(registry) == ["2 active"] && registry.entry("a")?.state == .ready)
        let error = refusal { () throws(ServiceError) in _ = try registry.rollback("a") }
        #expect(error?.message.contains("was given up: generation 1: drifted") == true)
    }

    @Test func aRollbackFromADriftedGenerationBringsTheNameBack() throws {
        var registry = try served(2)
        _ = registry.failServed(model(2), reason: "drifted")
        #expect(registry.entry("a")?.state == .failed && registry.entry("a")?.reason == "drifted")
        #expect(try registry.rollback("a").models == [model(2)])
        #expect(registry.entry("a")?.state == .ready && registry.entry("a")?.held == nil)
    }

    @Test func aSwapFromADriftedGenerationKeepsTheOneHeld() throws {
        var registry = try served(2)
        _ = registry.failServed(model(2), reason: "drifted")
        #expect(try registry.swap("a").gone.models == [model(2)])
        #expect(try roles(registry) == ["1 held", "3 active"])
    }

    @Test func aRollbackBesideARunningSwapIsAllowed() throws {
        var registry = try served(2)
        try registry.beginSwap("a")
        var facts = ServedFacts("a")
        facts.generation = registry.reserveGeneration("a").generation
        _ = try registry.rollback("a")
        let (previous, gone) = registry.finishSwap(facts)
        #expect(previous == 1 && gone.models == [model(2)])
        #expect(try roles(registry) == ["1 held", "3 active"])
    }

    // MARK: - Pins and unloads

    @Test func aPinnedModelIsNotUnloaded() throws {
        var registry = try served()
        try registry.setPinned(true, "a")
        #expect(ModelInfo(try #require(registry.entry("a"))).pinned == true)
        let error = refusal { () throws(ServiceError) in _ = try registry.beginUnload("a") }
        #expect(error?.code == .modelPinned && error?.status == .failedPrecondition)
        #expect(error?.message == "unloading model \"a\": it is pinned, unpin it first")
        _ = try registry.swap("a")
        #expect(registry.entry("a")?.isPinned == true, "a swap keeps the pin")
        try registry.setPinned(false, "a")
        #expect(try registry.beginUnload("a").models == [model(1), model(2)])
    }

    @Test func anUnloadBesideASwapIsRefused() throws {
        var registry = try served()
        try registry.beginSwap("a")
        let error = refusal { () throws(ServiceError) in _ = try registry.beginUnload("a") }
        #expect(error?.code == .swapRunning && error?.retryAfterMilliseconds == 1000)
        registry.abandonSwap("a")
        #expect(try registry.beginUnload("a").entry?.name == "a")
    }

    @Test func anUnloadRetiresAllGenerations() throws {
        var registry = try served(2)
        _ = try registry.setLabel("old", of: "a", to: 1)
        registry.retain(model(1))
        _ = try registry.swap("a")
        #expect(try registry.beginUnload("a").models == [model(2)])
        let target = try registry.addressed("a:old")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(target) }
        #expect(error?.code == .modelUnloading)
        #expect(registry.release(model(1)).models == [model(1), model(3)])
        #expect(registry.entry("a") == nil)
        #expect(try registry.serve(ServedFacts("a")).generation == 4)
    }

    // MARK: - Labels

    @Test func aLabelNamesItsGeneration() throws {
        var registry = try served(2)
        _ = try registry.setLabel("stable", of: "a", to: 1)
        #expect(try registry.ready(registry.choose("a:stable")).generation == 1)
        #expect(try registry.ready(registry.choose("a")).generation == 2)
        _ = try registry.swap("a")
        _ = try registry.swap("a")
        #expect(try roles(registry) == ["1 labelled", "3 held", "4 active"])
        #expect(try registry.setLabel("stable", of: "a", to: 4).models == [model(1)])
        #expect(try registry.setLabel("stable", of: "a", to: 0).isEmpty)
        let error = refusal { () throws(ServiceError) in _ = try registry.addressed("a:stable") }
        #expect(
            error?.description
                == "NOT_FOUND model_unknown: looking up model \"a:stable\": found no such label of "
                + "\"a\", its labels are: none")
    }

    @Test func aShareTakesItsPartOfThePlainName() throws {
        var registry = try served(2)
        _ = try registry.setLabel("canary", of: "a", to: 2)
        _ = try registry.rollback("a")
        _ = try registry.setLabel("canary", of: "a", to: 2, share: 0.1)
        var counts: [UInt32: Int] = [:]
        for _ in 0..<10_000 {
            counts[try registry.ready(registry.choose("a")).generation, default: 0] += 1
        }
        #expect(counts == [1: 9000, 2: 1000])
        let info = ModelInfo(try #require(registry.entry("a")))
        #expect(info.labels == [ModelLabel(label: "canary", generation: 2, share: 0.1)])
    }

    @Test func aShareOfADriftedGenerationGoesToTheActiveOne() throws {
        var registry = try served(2)
        _ = try registry.setLabel("canary", of: "a", to: 1, share: 0.5)
        _ = registry.failServed(model(1), reason: "drifted")
        for _ in 0..<10 { #expect(try registry.ready(registry.choose("a")).generation == 2) }
        let target = try registry.addressed("a:canary")
        let error = refusal { () throws(ServiceError) in _ = try registry.ready(target) }
        #expect(
            error?.description
                == "FAILED_PRECONDITION model_not_ready: asking model \"a:canary\": it is out of "
                + "service: drifted")
    }

    @Test func refusalsOfALabelSayWhatIsAllowed() throws {
        var registry = ModelRegistry(labelsMax: 2)
        try registry.serve(ServedFacts("a"))
        _ = try registry.swap("a")
        _ = try registry.setLabel("x", of: "a", to: 2, share: 0.5)
        registry.retain(model(1))
        _ = try registry.swap("a")
        _ = try registry.swap("a")
        _ = registry.failServed(model(3), reason: "drifted")
        var found: [String] = []
        let tries: [(String, String, UInt64, Double?)] = [
            ("y", "a", 9, nil), ("y", "a", 1, nil), ("y", "a", 1 << 32, nil), ("y", "a", 0, nil),
            ("y:z", "a", 4, nil), ("y", "a", 4, 0.6), ("y", "b", 1, nil),
        ]
        for (label, name, number, share) in tries {
            let error = refusal { () throws(ServiceError) in
                _ = try registry.setLabel(label, of: name, to: number, share: share)
            }
            found.append("\(try #require(error))")
        }
        let kept = "that is kept, there are: 1 (retired), 2 (labelled), 4 (active)"
        #expect(
            found == [
                "NOT_FOUND generation_unknown: labelling model \"a\" as \"y\": found no generation "
                    + "9 \(kept)",
                "NOT_FOUND generation_unknown: labelling model \"a\" as \"y\": found no generation "
                    + "1 \(kept)",
                "NOT_FOUND generation_unknown: labelling model \"a\" as \"y\": found no generation "
                    + "4294967296 \(kept)",
                "NOT_FOUND generation_unknown: labelling model \"a\" as \"y\": found no such label "
                    + "to remove, there are: x",
                "INVALID_ARGUMENT name_reserved: labelling model \"a\" as \"y:z\": found \":\" in "
                    + "the label, allowed: a label without it",
                "INVALID_ARGUMENT field_out_of_range: labelling model \"a\" as \"y\": the shares "
                    + "of its labels would be [0.5, 0.6], allowed: 0 to 1, and at most 1 together",
                "NOT_FOUND model_unknown: looking up model \"b\": found none, served are: a",
            ])
        _ = try registry.setLabel("y", of: "a", to: 4)
        let full = refusal { () throws(ServiceError) in
            _ = try registry.setLabel("z", of: "a", to: 4)
        }
        #expect(
            full?.description
                == "RESOURCE_EXHAUSTED models_exceeded: labelling model \"a\" as \"z\": 2 labels "
                + "are there, allowed: 2; remove one first")
    }
}

extension ModelRegistry {
    /// Swaps from beginning to end.
    mutating func swap(_ name: String) throws(ServiceError) -> (previous: UInt32, gone: Departure) {
        try beginSwap(name)
        var facts = ServedFacts(name)
        facts.generation = reserveGeneration(name).generation
        let (previous, gone) = finishSwap(facts)
        return (previous, gone)
    }
}
