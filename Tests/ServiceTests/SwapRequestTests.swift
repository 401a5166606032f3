// Swap, Rollback, Pin and Alias on a connection: rights, turns, answers, ends, and the audit.

import Service
import Testing
import Wire

@Suite struct SwapRequestTests {
    private func conversation(
        _ right: LoadingRight = .anyone, models: [ServedFacts] = [.real],
        _ change: (inout ServiceLimits) -> Void = { _ in }
    ) throws -> ConnectionConversation {
        var limits = ServiceLimits()
        limits.loadingRight = right
        change(&limits)
        var talk = try ConnectionConversation(limits: limits, models: models)
        try talk.hello()
        return talk
    }

    private let request = SwapRequest(name: "real", path: "/m/new.gguf")

    /// Plays loader and engine for the last swap. Returns the answers.
    private func finishSwap(
        _ talk: inout ConnectionConversation, fingerprint: UInt8 = 9
    ) throws -> [ConnectionConversation.Answer] {
        let ticket = try #require(talk.work.last { $0.model == nil }?.ticket)
        var facts = ServedFacts(
            "real", fingerprint: [UInt8](repeating: fingerprint, count: 32))
        facts.generation = talk.context.models.reserveGeneration("real").generation
        let (entry, previous) = talk.context.finishSwap(facts)
        let report = SwapResponse(
            layers: [], model: ModelInfo(entry), previousGeneration: UInt64(previous), warmed: 0)
        return try talk.deliver(.swapped(report, facts), to: ticket)
    }

    private func code(_ answers: [ConnectionConversation.Answer]) -> String? {
        answers.first?.error?.code
    }

    @Test func requestsInFlightEndOnTheGenerationTheyBeganWith() throws {
        var talk = try conversation()
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 2)
        #expect(try talk.send(request, id: 3).isEmpty)
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 4)
        let swapped = try #require(try finishSwap(&talk).first)
        #expect(swapped.status == .ok && swapped.header.generation == 2)
        let report = try swapped.decoded(SwapResponse.self)
        #expect(report.previousGeneration == 1 && report.model.generation == 2)
        #expect(report.model.heldGeneration == 1)
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 5)
        // The order of the answers makes no difference.
        let works = talk.work.filter { $0.model != nil }
        #expect(works.map { $0.model?.generation } == [1, 1, 2])
        var found: [UInt64: (UInt32, UInt8?)] = [:]
        for work in works.reversed() {
            let answer = try #require(try talk.deliver(.answer, to: work.ticket).first)
            let record = try answer.decoded(GenerateResponse.self).answer
            found[answer.header.requestID] = (
                answer.header.generation, record.fingerprint?.first
            )
        }
        #expect([2, 4, 5].map { found[$0]?.0 } == [1, 1, 2])
        #expect([2, 4, 5].map { found[$0]?.1 } == [7, 7, 9])
    }

    @Test func aSwapTellsItsLayersAndCountsItsFrames() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        let layer = LayerVerdictRecord(layer: "file", ok: true, microseconds: 5)
        let ticket = talk.work[0].ticket
        let frames = try talk.deliver(.swapProgress(SwapProgress(layer: layer)), to: ticket)
        #expect(try frames[0].decoded(SwapProgress.self) == SwapProgress(layer: layer, frame: 0))
        #expect(frames[0].header.flags.contains(.more))
        let last = try #require(try finishSwap(&talk).first)
        #expect(try last.decoded(SwapResponse.self).frame == 1)
        #expect(talk.context.counters.value(.swapsAccepted) == 1)
    }

    @Test func theRightComesFirst() throws {
        var talk = try conversation(.nobody)
        let requests: [any RequestMessage] = [
            SwapRequest(name: "none", path: "/x"), RollbackRequest(name: "none"),
            PinRequest(name: "real"), AliasRequest(name: "real", label: "x", generation: 1),
        ]
        for (id, message) in requests.enumerated() {
            let answers = try talk.send(message, id: UInt64(id) + 2)
            #expect(answers.first?.status == .permissionDenied)
            #expect(code(answers) == "loading_not_allowed")
        }
        let records = talk.context.audit.takeEnded()
        #expect(records.map(\.action) == [.swap, .rollback, .pin, .alias])
        #expect(records.allSatisfy { !$0.isChange && $0.outcome == "loading_not_allowed" })
        #expect(records.map(\.label) == [nil, nil, nil, "x"])
    }

    @Test func anOlderRevisionGetsTheEarlierCodes() throws {
        var limits = ServiceLimits()
        limits.loadingRight = .anyone
        var talk = try ConnectionConversation(limits: limits)
        try talk.hello(revision: 3)
        try talk.context.models.setPinned(true, "real")
        #expect(code(try talk.send(UnloadRequest(name: "real"), id: 2)) == "model_not_ready")
        let list = try talk.send(ModelsRequest(), id: 3)[0].decoded(ModelsResponse.self)
        #expect(list.models[0].pinned == nil)
    }

    @Test func oneSwapOfANameAtATime() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        #expect(code(try talk.send(request, id: 3)) == "swap_running")
        #expect(code(try talk.send(UnloadRequest(name: "real"), id: 4)) == "swap_running")
        #expect(
            code(try talk.send(SwapRequest(name: "none", path: "/x"), id: 5)) == "model_unknown")
        #expect(try finishSwap(&talk).map(\.status) == [.ok])
        #expect(try talk.send(request, id: 6).isEmpty)
    }

    @Test func aFailedSwapIsToldInModelsAndHealth() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        talk.context.models.failSwap("real", reason: "no magic")
        let error = ServiceError(.modelRejected, .init("magic_missing"), "no magic", layer: "parse")
        let refused = try talk.deliver(.failed(error), to: talk.work[0].ticket)
        #expect(refused[0].error?.layer == "parse" && refused[0].header.provenance == .real)
        let list = try talk.send(ModelsRequest(), id: 3)[0].decoded(ModelsResponse.self)
        #expect(list.models[0].state == .ready && list.models[0].loadFailure == "no magic")
        let note = "the last swap of real failed: no magic; generation 1 goes on"
        for model in [nil, "real"] {
            let health = try talk.send(HealthRequest(model: model), id: 4)[0].decoded(
                HealthResponse.self)
            #expect(health.ready && health.reason == note)
        }
        let record = try #require(talk.context.audit.takeEnded().first)
        #expect(record.outcome == "magic_missing" && record.before == record.after)
    }

    @Test func aWaitingSwapIsCancelledOrMissesItsDeadline() throws {
        var talk = try conversation { $0.loadsMax = 1 }
        _ = try talk.send(LoadRequest(name: "slow", path: "/m/slow.gguf"), id: 2)
        _ = try talk.send(request, id: 3)
        #expect(talk.work.count == 1, "the swap waits for its turn")
        _ = try talk.send(CancelRequest(target: 3), id: 4)
        let ticket = try #require(talk.cancelled.last)
        let wasWaiting = talk.context.cancelWaitingLoad(ticket)
        #expect(wasWaiting)
        let cancelled = try talk.settle()
        #expect(code(cancelled) == "cancelled")
        #expect(talk.context.models.entry("real")?.swap == nil)
        _ = try talk.send(request, id: 5, deadline: 10)
        talk.now += 10_000
        for due in talk.context.takeDue(now: talk.now) {
            let wasWaiting = talk.context.cancelWaitingLoad(due.ticket)
            #expect(due.isControl && wasWaiting)
        }
        let late = try talk.settle()
        #expect(code(late) == "deadline_exceeded")
        #expect(late.first?.error?.message.hasPrefix("swapping model \"real\"") == true)
        #expect(talk.context.models.entry("real")?.swap == nil)
        #expect(talk.context.tickets.count == 1 && talk.context.loads.waitingCount == 0)
    }

    @Test func aDrainRefusesAWaitingSwapAndNewOnes() throws {
        var talk = try conversation { $0.loadsMax = 1 }
        _ = try talk.send(LoadRequest(name: "slow", path: "/m/slow.gguf"), id: 2)
        _ = try talk.send(request, id: 3)
        talk.context.isDraining = true
        talk.context.refuseWaitingLoads()
        let refused = try talk.settle()
        #expect(code(refused) == "draining")
        #expect(refused.first?.error?.message.hasPrefix("swapping model \"real\"") == true)
        #expect(talk.context.models.entry("real")?.swap == nil)
        #expect(code(try talk.send(request, id: 4)) == "draining")
    }

    @Test func aRollbackAnswersWithTheModelBefore() throws {
        var talk = try conversation()
        #expect(
            code(try talk.send(RollbackRequest(name: "real"), id: 2)) == "no_held_generation")
        _ = try talk.send(request, id: 3)
        _ = try finishSwap(&talk)
        let answer = try talk.send(RollbackRequest(name: "real"), id: 4)[0]
        let model = try answer.decoded(RollbackResponse.self).model
        #expect(answer.header.generation == 1 && model.generation == 1)
        #expect(model.heldGeneration == 2 && model.fingerprint?.first == 7)
        #expect(talk.context.counters.value(.rollbacks) == 1)
        let records = talk.context.audit.takeEnded()
        #expect(records.map(\.outcome) == ["no_held_generation", "swapped", "rolled_back"])
        #expect(records.map(\.before.generation) == [1, 1, 2])
        #expect(records.map(\.after.generation) == [1, 2, 1])
        #expect(records.map { $0.after.fingerprint?.first } == [7, 9, 7])
        #expect(records.map(\.isChange) == [false, true, true])
    }

    @Test func aPinAndALabelAreOnRecord() throws {
        var talk = try conversation()
        let pinned = try talk.send(PinRequest(name: "real"), id: 2)[0].decoded(PinResponse.self)
        #expect(pinned.model.pinned == true)
        #expect(code(try talk.send(UnloadRequest(name: "real"), id: 3)) == "model_pinned")
        let free = try talk.send(PinRequest(name: "real", pinned: false), id: 4)[0]
        #expect(try free.decoded(PinResponse.self).model.pinned == nil)
        let alias = AliasRequest(name: "real", label: "stable", generation: 1, share: 0.5)
        let model = try talk.send(alias, id: 5)[0].decoded(AliasResponse.self).model
        #expect(model.labels == [ModelLabel(label: "stable", generation: 1, share: 0.5)])
        let none = AliasRequest(name: "real", label: "stable", generation: 0)
        #expect(try talk.send(none, id: 6)[0].decoded(AliasResponse.self).model.labels == [])
        let hidden = AliasRequest(name: "real", label: "a\u{202e}b", generation: 1)
        let refused = try talk.send(hidden, id: 7)
        #expect(code(refused) == "field_out_of_range" && refused[0].error?.field == "label")
        let records = talk.context.audit.takeEnded()
        #expect(
            records.map(\.outcome) == [
                "pinned", "model_pinned", "unpinned", "labelled", "unlabelled",
                "field_out_of_range",
            ])
        #expect(records.map(\.before.generation) == [1, 1, 1, 0, 1, 0])
        #expect(records.map(\.after.generation) == [1, 1, 1, 1, 0, 0])
    }

    @Test func requirementsHoldForTheGenerationThatIsMeant() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        _ = try finishSwap(&talk)
        let alias = AliasRequest(name: "real", label: "old", generation: 1)
        _ = try talk.send(alias, id: 3)
        let old = Requirements(fingerprint: [UInt8](repeating: 7, count: 32))
        let plain = try talk.send(
            TokenizeRequest(model: "real", text: [65], requirements: old), id: 4)
        #expect(code(plain) == "fingerprint_required" && plain[0].header.generation == 2)
        let labelled = TokenizeRequest(model: "real:old", text: [65], requirements: old)
        #expect(try talk.send(labelled, id: 5).isEmpty)
        #expect(talk.work.last?.model?.generation == 1)
        let health = try talk.send(HealthRequest(model: "real:old"), id: 6)[0]
        #expect(health.header.generation == 1)
    }

    @Test func aLabelWithAnOpenBreakerTakesNoShare() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        _ = try finishSwap(&talk)
        let alias = AliasRequest(name: "real", label: "canary", generation: 1, share: 1)
        _ = try talk.send(alias, id: 3)
        let ask = TokenizeRequest(model: "real", text: [65])
        _ = try talk.send(ask, id: 4)
        #expect(talk.work.last?.model?.generation == 1)
        let canary = ServedModel(name: "real", generation: 1)
        _ = talk.context.breakers.gaveNonFinite(canary, "infinities")
        _ = try talk.send(ask, id: 5)
        #expect(talk.work.last?.model?.generation == 2)
        let labelled = TokenizeRequest(model: "real:canary", text: [65])
        #expect(code(try talk.send(labelled, id: 6)) == "breaker_open")
    }

    @Test func aSwapWhosePeerHasGoneLeavesARecord() throws {
        var talk = try conversation()
        _ = try talk.send(request, id: 2)
        talk.machine.peerClosed(effects: &talk.effects)
        _ = try talk.collect()
        #expect(talk.cancelled == [talk.work[0].ticket])
        talk.context.models.abandonSwap("real")
        _ = try talk.deliver(.failed(.cancelled("swapping")), to: talk.work[0].ticket)
        #expect(talk.context.audit.takeEnded().map(\.outcome) == ["cancelled"])
        #expect(talk.context.tickets.isEmpty)
    }
}
