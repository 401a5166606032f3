// Circuit breakers as a client meets them: what opens one, what is answered, what closes it.

import Service
import TestSupport
import Testing
import Wire

@Suite struct BreakerConversationTests {
    private let real = ServedModel(name: "real", generation: 1)
    private let sentence = "found a value that is NaN or infinite, twice"
    private let ask = GenerateRequest(model: "real", prompt: .tokens([1]))

    private func conversation() throws -> ConnectionConversation {
        var limits = ServiceLimits()
        limits.breaker.failuresMax = 3
        limits.breaker.pauseMin = 1_000_000
        limits.breaker.pauseMax = 4_000_000
        var talk = try ConnectionConversation(limits: limits, models: [.real, .mock])
        try talk.hello()
        return talk
    }

    /// A conversation in which the model's logits stayed non-finite.
    private func damaged() throws -> ConnectionConversation {
        var talk = try conversation()
        #expect(talk.context.breakers.gaveNonFinite(real, sentence) == true)
        return talk
    }

    private func row(_ talk: inout ConnectionConversation) throws -> ModelInfo {
        let list = try talk.send(ModelsRequest(), id: 900).first?.decoded(ModelsResponse.self)
        return try #require(list?.models.first { $0.name == "real" })
    }

    private func health(_ talk: inout ConnectionConversation) throws -> HealthResponse {
        let answers = try talk.send(HealthRequest(model: "real"), id: 901)
        return try #require(try answers.first?.decoded(HealthResponse.self))
    }

    @Test func anOpenBreakerIsToldAtOnceWithThePauseAndTheReason() throws {
        var talk = try damaged()
        talk.now += 250_000
        let refused = try #require(try talk.send(ask, id: 2).first)
        #expect(refused.status == .unavailable && refused.error?.code == "breaker_open")
        #expect(refused.error?.retryAfterMilliseconds == 750)
        #expect(refused.error?.message.contains("logits_not_finite") == true)
        #expect(talk.work.isEmpty && talk.context.tickets.isEmpty)
        let row = try row(&talk)
        #expect(row.state == .failed && row.breaker == .open)
        #expect(row.breakerReason == "logits_not_finite: \(sentence)")
        let age = try #require(row.breakerSeconds)
        #expect(abs(age - 0.25) < 0.01)
        let health = try health(&talk)
        #expect(!health.ready && health.state == .failed)
        #expect(health.reason?.contains("NaN") == true)
        #expect(talk.context.outages["real"]?.contains("NaN") == true)
        // The other model is not touched.
        #expect(try talk.send(GenerateRequest(model: "mock", prompt: .tokens([1])), id: 3).isEmpty)
    }

    @Test func aModelThatNeverFailedHasAClosedBreakerWithoutATime() throws {
        var talk = try conversation()
        let row = try row(&talk)
        #expect(row.breaker == .closed && row.breakerReason == nil && row.breakerSeconds == nil)
        #expect(row.sealAgeSeconds == nil)
    }

    @Test func anOlderConnectionGetsTheCodeThatItKnows() throws {
        var talk = try ConnectionConversation()
        try talk.hello(revision: 3)
        #expect(talk.context.breakers.gaveNonFinite(real, sentence) == true)
        let refused = try #require(try talk.send(ask, id: 2).first)
        #expect(refused.status == .unavailable && refused.error?.code == "model_not_ready")
        #expect(try row(&talk).breaker == nil)
    }

    @Test func theProbeIsVerifiedFirstAndAloneAndClosesTheBreaker() throws {
        var talk = try damaged()
        talk.now += 1_000_000
        #expect(try health(&talk).ready)
        #expect(try row(&talk).breaker == .halfOpen)
        #expect(try talk.send(ask, id: 2).isEmpty)
        let probe = talk.work[0].ticket
        #expect(talk.context.breakers.needsProof(probe, of: real))
        let second = try #require(try talk.send(ask, id: 3).first)
        #expect(second.error?.code == "breaker_open")
        #expect(second.error?.message.contains("a probe under way") == true)
        let mayRun = talk.context.finishProof(
            of: real, ticket: probe, .matched(largestDifference: 0))
        #expect(mayRun && talk.context.sealAge(of: real) == 0)
        #expect(try talk.deliver(.answer, to: probe).map(\.status) == [.ok])
        #expect(try row(&talk).breaker == .closed)
        #expect(try row(&talk).breakerSeconds == 0)
        for id in 4..<6 as Range<UInt64> { #expect(try talk.send(ask, id: id).isEmpty) }
        #expect(!talk.context.breakers.needsProof(talk.work[1].ticket, of: real))
    }

    @Test func aProbeThatFailsOpensTheBreakerForTwiceThePause() throws {
        var talk = try damaged()
        talk.now += 1_000_000
        #expect(try talk.send(ask, id: 2).isEmpty)
        let probe = talk.work[0].ticket
        #expect(talk.context.finishProof(of: real, ticket: probe, .absent) == true)
        let failure = ServiceError(.dataLoss, .logitsNotFinite, sentence)
        let answer = try talk.deliver(.failed(failure), to: probe)
        #expect(answer.map(\.error?.code) == ["logits_not_finite"])
        // The engine's own report comes behind, and changes nothing.
        #expect(talk.context.breakers.gaveNonFinite(real, sentence) == false)
        let refused = try #require(try talk.send(ask, id: 3).first)
        #expect(refused.error?.retryAfterMilliseconds == 2000)
        talk.now += 2_000_000
        #expect(try talk.send(ask, id: 4).isEmpty)
        #expect(talk.context.breakers.needsProof(talk.work[1].ticket, of: real))
    }

    @Test func aProbeThatIsCancelledLeavesItsPlaceToTheNext() throws {
        var talk = try damaged()
        talk.now += 1_000_000
        #expect(try talk.send(ask, id: 2).isEmpty)
        _ = try talk.send(CancelRequest(target: 2), id: 3)
        let answers = try talk.deliver(.failed(.cancelled("x")), to: talk.work[0].ticket)
        #expect(answers.map(\.status) == [.cancelled])
        #expect(try row(&talk).breaker == .halfOpen)
        #expect(try talk.send(ask, id: 4).isEmpty)
        #expect(talk.context.breakers.needsProof(talk.work[1].ticket, of: real))
    }

    @Test func driftFoundBeforeAProbeIsForGood() throws {
        var talk = try damaged()
        talk.now += 1_000_000
        #expect(try talk.send(ask, id: 2).isEmpty)
        let mayRun = talk.context.finishProof(
            of: real, ticket: talk.work[0].ticket, .drifted(reason: "other bits", isSealed: true))
        #expect(!mayRun)
        #expect(try talk.settle().map(\.error?.code) == ["model_damaged"])
        talk.now += 100_000_000
        #expect(try talk.send(ask, id: 3).first?.error?.code == "model_not_ready")
        #expect(try health(&talk).reason == "other bits")
    }

    @Test func aProofThatCannotBeMadeOpensTheBreakerAgain() throws {
        var talk = try damaged()
        talk.now += 1_000_000
        #expect(try talk.send(ask, id: 2).isEmpty)
        let error = ServiceError(.failedPrecondition, .init("seal_invalid"), "reading the seal")
        let mayRun = talk.context.finishProof(
            of: real, ticket: talk.work[0].ticket, .undecided(error))
        #expect(!mayRun)
        #expect(try talk.settle().map(\.error?.code) == ["breaker_open"])
        #expect(try row(&talk).breaker == .open)
        #expect(try row(&talk).breakerReason?.contains("reading the seal") == true)
    }

    @Test func stepsThatFailInARowOpenAndAnAnswerBetweenThemStartsTheCountAnew() throws {
        var talk = try conversation()
        for id in 2..<4 as Range<UInt64> {
            #expect(try talk.send(ask, id: id).isEmpty)
            #expect(talk.context.breakers.stepFailed(real, "out of memory") == false)
        }
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        #expect(talk.context.breakers.stepFailed(real, "out of memory") == false)
        #expect(talk.context.breakers.stepFailed(real, "out of memory") == false)
        #expect(talk.context.breakers.stepFailed(real, "out of memory") == true)
        #expect(try talk.send(ask, id: 5).first?.error?.code == "breaker_open")
        // An answer to a request from before closes nothing.
        _ = try talk.deliver(.answer, to: talk.work[1].ticket)
        #expect(try row(&talk).breakerReason == "device_error: out of memory")
    }

    private func look(_ beats: UInt64, _ talk: inout ConnectionConversation) {
        talk.context.breakers.advance(to: talk.now)
        talk.context.condition.engine.look(beats: beats, hasWork: true, now: talk.now)
    }

    @Test func aHangingEngineOpensAllBreakersUntilItWorks() throws {
        var talk = try conversation()
        for _ in 0..<6 {
            look(7, &talk)
            talk.now += 1_000_000
        }
        #expect(talk.context.condition.engine.fault != nil)
        talk.context.engineChanged(hung: real)
        let other = GenerateRequest(model: "mock", prompt: .tokens([1]))
        for (id, request) in [(2, ask), (3, other)] as [(UInt64, GenerateRequest)] {
            let refused = try #require(try talk.send(request, id: id).first)
            #expect(refused.error?.code == "breaker_open")
            #expect(refused.error?.message.contains("a step of model \"real\"") == true)
        }
        talk.now += 50_000_000
        #expect(try talk.send(ask, id: 4).first?.error?.code == "breaker_open")
        look(8, &talk)
        talk.context.engineChanged(hung: nil)
        // The model whose step hung needs a probe, without a proof; the other is well.
        #expect(try row(&talk).breaker == .halfOpen)
        #expect(try talk.send(ask, id: 5).isEmpty)
        #expect(try talk.send(ask, id: 6).first?.error?.code == "breaker_open")
        for id in 7..<9 as Range<UInt64> { #expect(try talk.send(other, id: id).isEmpty) }
        #expect(!talk.context.breakers.needsProof(talk.work[0].ticket, of: real))
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        #expect(try row(&talk).breaker == .closed)
    }

    @Test func aFileThatChangedOpensNothing() throws {
        var talk = try conversation()
        let isNews = talk.context.models.setFile(VerifiedFile(.changed, reason: "longer"), of: real)
        #expect(isNews)
        #expect(talk.context.outages.isEmpty)
        let row = try row(&talk)
        #expect(row.file == .changed && row.breaker == .closed && row.state == .ready)
        #expect(try health(&talk).ready)
        #expect(try talk.send(ask, id: 2).isEmpty)
    }

    @Test func aNewGenerationBeginsWithAClosedBreaker() throws {
        var talk = try damaged()
        _ = try talk.send(UnloadRequest(name: "real"), id: 2)
        _ = try talk.settle()
        try talk.context.models.serve(.real)
        #expect(try row(&talk).breaker == .closed)
        #expect(try talk.send(ask, id: 3).isEmpty)
    }

    // MARK: - Loads

    /// Sends a Load and refuses its file. Returns the code of the answer.
    private func load(
        _ path: String, _ id: UInt64, _ talk: inout ConnectionConversation,
        _ code: String = "magic_unknown", layer: String? = "parse"
    ) throws -> String? {
        let count = talk.work.count
        let request = LoadRequest(name: "new", path: path)
        if let refused = try talk.send(request, id: id).first { return refused.error?.code }
        let error = ServiceError(.modelRejected, .init(code), "reading the head", layer: layer)
        talk.context.models.failLoad("new", reason: error.message)
        return try talk.deliver(.failed(error), to: talk.work[count].ticket).first?.error?.code
    }

    @Test func loadsOfAFileThatFailsAgainAndAgainArePaused() throws {
        var talk = try conversation()
        var codes: [String?] = []
        for id in 10..<14 as Range<UInt64> { codes.append(try load("/bad", id, &talk)) }
        #expect(codes == ["magic_unknown", "magic_unknown", "magic_unknown", "breaker_open"])
        #expect(talk.work.count == 3 && talk.context.audit.ended.last?.outcome == "breaker_open")
        let list = try talk.send(ModelsRequest(), id: 20).first?.decoded(ModelsResponse.self)
        let row = try #require(list?.models.first { $0.name == "new" })
        #expect(row.breaker == .open && row.state == .failed)
        #expect(row.breakerReason == "load_failures: reading the head")
        // Another file is another matter.
        #expect(try load("/other", 21, &talk) == "magic_unknown")
        #expect(try load("/bad", 22, &talk) == "magic_unknown")
    }

    @Test func theLoadAfterThePauseIsTheProbe() throws {
        var talk = try conversation()
        for id in 10..<13 as Range<UInt64> { _ = try load("/bad", id, &talk) }
        talk.now += 1_000_000
        #expect(try load("/bad", 13, &talk) == "magic_unknown")
        talk.now += 1_000_000
        #expect(try load("/bad", 14, &talk) == "breaker_open")
        talk.now += 1_000_000
        #expect(try talk.send(LoadRequest(name: "new", path: "/bad"), id: 15).isEmpty)
        #expect(try load("/bad", 16, &talk) == "model_exists")
    }

    @Test func cancelledLoadsAndWantOfMemoryCountNothing() throws {
        var talk = try conversation()
        for id in 10..<20 as Range<UInt64> {
            #expect(try load("/x", id, &talk, "cancelled", layer: nil) == "cancelled")
        }
        for id in 20..<30 as Range<UInt64> {
            let code = "memory_budget_exceeded"
            #expect(try load("/x", id, &talk, code, layer: "placement") == code)
        }
    }

    @Test func namesOfFailedLoadsAreBounded() throws {
        var limits = ServiceLimits()
        limits.modelsMax = 3
        limits.breaker.failuresMax = 1
        var breakers = CircuitBreakers(limits: limits)
        let error = WorkEvent.failed(ServiceError(.modelRejected, .init("x"), "x", layer: "file"))
        for index in 0..<5 {
            breakers.advance(to: UInt64(index))
            breakers.loadEnded("m\(index)", path: "/p", error)
        }
        let open = (0..<5).map { breakers.view("m\($0)", nil).state == .open }
        #expect(open == [false, false, true, true, true])
    }

    // MARK: - Any order

    /// Requests, failures and times in any order: never two probes, never an answer of an open
    /// breaker, and every breaker closes by an answer.
    @Test func booksBalanceInAnyHistory() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("BreakerConversationTests"))
        for _ in 0..<100 {
            var talk = try conversation()
            var running: [UInt64] = []
            var nextID: UInt64 = 2
            for _ in 0..<60 {
                let breakers = talk.context.breakers
                let before = breakers.view("real", real).state
                let hadProbe = running.contains { breakers.isProbe($0, of: real) }
                switch random.below(6) {
                case 0...1:
                    let refused = try talk.send(ask, id: nextID)
                    nextID += 1
                    let passes = before == .closed || (before == .halfOpen && !hadProbe)
                    #expect(refused.isEmpty == passes)
                    if refused.isEmpty, let work = talk.work.last { running.append(work.ticket) }
                case 2:
                    guard !running.isEmpty else { continue }
                    let ticket = running.remove(at: random.below(running.count))
                    let wasProbe = talk.context.breakers.isProbe(ticket, of: real)
                    _ = try talk.deliver(.answer, to: ticket)
                    let after = talk.context.breakers.view("real", real).state
                    #expect(after == (wasProbe ? .closed : before))
                case 3: _ = talk.context.breakers.stepFailed(real, "x")
                case 4:
                    guard random.below(4) == 0 else { continue }
                    _ = talk.context.breakers.gaveNonFinite(real, "x")
                default:
                    talk.now += UInt64(random.below(1_500_000))
                    talk.context.breakers.advance(to: talk.now)
                }
                let later = talk.context.breakers
                #expect(running.count { later.isProbe($0, of: real) } <= 1)
            }
        }
    }
}
