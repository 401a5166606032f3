// A rehearsal in virtual time: what is compared, what is passed over, and how it ends.

import Service
import TestSupport
import Testing
import Wire

@Suite struct RehearsalTests {
    /// A rehearsal with what it asked for.
    private struct Trial {
        var rehearsal: Rehearsal
        var runs: [Rehearsal.Run] = []
        var cancelled: [UInt64] = []
        var progress: [String] = []
        var end: (warmed: UInt64, shadow: ShadowReport?, error: ServiceError?)?
        var now: UInt64 = 0
        private var nextTicket: UInt64 = 100

        init(
            warmUps: Int = 0, shadow: Int = 0, requiresEqual: Bool = false, deadline: UInt64? = nil
        ) {
            var candidate = ServedFacts.real
            candidate.generation = 2
            rehearsal = Rehearsal(
                Rehearsal.Plan(
                    candidate: candidate, serving: Self.serving,
                    warmUps: (0..<warmUps).map { _ in Self.greedy }, shadowCount: shadow,
                    requiresEqual: requiresEqual, shadowMicroseconds: 1000, deadline: deadline))
            step { $0.begin(now: $1, ticket: $2) }
        }

        static let greedy = Work.Request.generate(GenerateRequest(prompt: .tokens([1])))

        static var serving: ServedFacts {
            var facts = ServedFacts.real
            facts.generation = 1
            return facts
        }

        mutating func step(
            _ body: (inout Rehearsal, UInt64, () -> UInt64) -> [Rehearsal.Action]
        ) {
            var next = nextTicket
            let actions = body(&rehearsal, now) {
                next += 1
                return next
            }
            nextTicket = next
            for action in actions {
                switch action {
                case .run(let run): runs.append(run)
                case .progress(let step, let done, let total):
                    progress.append("\(step.rawValue) \(done)/\(total)")
                case .cancel(let tickets): cancelled += tickets
                case .end(let warmed, let shadow, let error):
                    #expect(end == nil)
                    end = (warmed, shadow, error)
                }
            }
        }

        mutating func observe(
            _ ticket: UInt64, _ request: Work.Request = greedy, facts: ServedFacts = serving
        ) {
            let work = Work(
                ticket: ticket, request: request, model: facts, receivedAt: 0, deadline: nil,
                logitsChunkCount: 10, answerSizeMax: 1000)
            step { $0.observe(work, now: $1, ticket: $2) }
        }

        mutating func take(_ ticket: UInt64, _ event: WorkEvent) {
            step { $0.take(ticket, event, now: $1, next: $2) }
        }
    }

    private func tokens(
        _ tokens: [UInt32], _ reason: FinishReason = .length
    ) -> WorkEvent {
        .generated(
            GenerateResponse(
                tokens: tokens, text: "", finishReason: reason, promptTokens: 1,
                completionTokens: UInt64(tokens.count),
                answer: AnswerRecord(model: "", device: "")),
            at: 0)
    }

    private func logits(_ values: [Float]) -> WorkEvent {
        .logits(
            LogitsResponse(
                logits: values, vocabulary: UInt64(values.count), positions: 1,
                answer: AnswerRecord(model: "", device: "")), at: 0)
    }

    @Test func withoutWarmUpsAndShadowItEndsAtOnce() {
        let trial = Trial()
        #expect(trial.end?.warmed == 0 && trial.end?.shadow == nil && trial.end?.error == nil)
    }

    @Test func warmUpsRunOneAfterTheOtherAndARefusedOneDoesNotCount() {
        var trial = Trial(warmUps: 3)
        #expect(trial.runs.count == 1 && trial.runs[0].model.generation == 2)
        trial.take(trial.runs[0].ticket, .answer)
        trial.take(trial.runs[1].ticket, .failed(ServiceError(.outOfRange, .promptTooLong, "x")))
        #expect(trial.end == nil)
        trial.take(trial.runs[2].ticket, .answer)
        #expect(trial.end?.warmed == 2 && trial.end?.error == nil)
        #expect(trial.progress == ["warm_up 1/3", "warm_up 2/3", "warm_up 3/3"])
    }

    @Test func aFaultOfTheCandidateEndsTheSwap() {
        var trial = Trial(warmUps: 2)
        let fault = ServiceError(.dataLoss, .logitsNotFinite, "x")
        trial.take(trial.runs[0].ticket, .failed(fault))
        #expect(trial.end?.error == fault)
    }

    @Test func liveTokensAreComparedWithTheCandidates() {
        var trial = Trial(shadow: 2)
        trial.observe(1)
        #expect(trial.runs.count == 1 && trial.rehearsal.owns(trial.runs[0].ticket))
        #expect(!trial.rehearsal.owns(1))
        trial.take(1, .generateChunk(GenerateChunk(tokens: [5, 6])))
        trial.take(1, tokens([7]))
        trial.take(trial.runs[0].ticket, tokens([5, 6, 7]))
        trial.observe(2)
        trial.take(trial.runs[1].ticket, tokens([5, 9, 7, 8]))
        trial.take(2, tokens([5, 6, 7, 8]))
        #expect(trial.end?.shadow?.compared == 2 && trial.end?.shadow?.equal == 1)
        #expect(trial.end?.shadow?.divergenceMax == 0.75)
        #expect(
            trial.end?.shadow?.firstDifference
                == "request 2: the tokens differ from place 1 on, of 4")
        #expect(trial.progress == ["shadow 0/2", "shadow 1/2", "shadow 2/2"])
    }

    @Test func anAnswerThatWasCutIsComparedAsFarAsItGoes() {
        var trial = Trial(shadow: 1)
        trial.observe(1)
        trial.take(1, tokens([5, 6], .cancelled))
        trial.take(trial.runs[0].ticket, tokens([5, 6, 7, 8]))
        #expect(trial.end?.shadow?.equal == 1)
    }

    @Test func aLiveRequestWithoutAnAnswerGivesItsPlaceBack() {
        var trial = Trial(shadow: 1)
        trial.observe(1)
        trial.take(1, .failed(.cancelled("x")))
        #expect(trial.cancelled == [trial.runs[0].ticket])
        trial.take(trial.runs[0].ticket, .failed(.cancelled("x")))
        #expect(trial.end == nil)
        trial.observe(2)
        trial.take(2, tokens([5]))
        trial.take(trial.runs[1].ticket, tokens([5]))
        #expect(trial.end?.shadow?.compared == 1)
    }

    @Test func sampledRequestsAreComparedByTheirDistributions() throws {
        var sampled = GenerateRequest(prompt: .tokens([1]))
        sampled.temperature = 1
        var trial = Trial(shadow: 2)
        for (ticket, other) in [(1, [0, 0]), (2, [1, 0])] as [(UInt64, [Float])] {
            trial.observe(ticket, .generate(sampled))
            let pair = trial.runs.suffix(2)
            #expect(pair.map(\.model.generation) == [1, 2])
            guard case .logits = try #require(pair.first).request else {
                Issue.record("\(pair)")
                return
            }
            trial.take(pair[pair.startIndex].ticket, logits([0, 0]))
            trial.take(pair[pair.startIndex + 1].ticket, logits(other))
        }
        let shadow = try #require(trial.end?.shadow)
        #expect(shadow.compared == 2 && shadow.equal == 1)
        // Of (1/2, 1/2) from (e, 1) / (e + 1): ln((e + 1) / 2) - 1/2.
        #expect(abs(shadow.divergenceMax - 0.12011450695827752) < 1e-12)
    }

    @Test func valuesAreComparedByTheLargestDistance() {
        var trial = Trial(shadow: 1)
        trial.observe(1, .logits(LogitsRequest(prompt: .tokens([1]))))
        trial.take(1, logits([1, 2, 3]))
        trial.take(trial.runs[0].ticket, logits([1, 2.5, 2.75]))
        #expect(trial.end?.shadow?.divergenceMax == 0.5)
    }

    @Test func equalityIsDemandedAtTheFirstDifference() {
        var trial = Trial(shadow: 9, requiresEqual: true)
        trial.observe(1)
        trial.observe(2)
        trial.take(1, tokens([5]))
        trial.take(trial.runs[0].ticket, tokens([6]))
        #expect(trial.end?.error?.code == .shadowDiffers && trial.end?.error?.status == .aborted)
        #expect(trial.cancelled == [trial.runs[1].ticket])
    }

    @Test func onlyRequestsToTheServingGenerationThatComputeAreCompared() {
        var trial = Trial(shadow: 5)
        var other = Trial.serving
        other.generation = 7
        trial.observe(1, facts: other)
        trial.observe(2, .tokenize(TokenizeRequest(text: [65])))
        #expect(trial.runs.isEmpty)
    }

    @Test func theShadowEndsWithItsTimeOrBeforeTheSwapsDeadline() {
        for (deadline, end) in [(nil, 1000), (400, 400)] as [(UInt64?, UInt64)] {
            var trial = Trial(shadow: 5, deadline: deadline)
            trial.observe(1)
            trial.now = end - 1
            trial.step { rehearsal, now, _ in rehearsal.look(now: now) }
            #expect(trial.end == nil)
            trial.now = end
            trial.step { rehearsal, now, _ in rehearsal.look(now: now) }
            #expect(trial.end?.shadow?.compared == 0 && trial.end?.error == nil)
            #expect(trial.cancelled == [trial.runs[0].ticket])
        }
    }

    @Test func keptRequestsAreBounded() {
        var trial = Trial(shadow: 4096)
        for ticket in 1..<100 as Range<UInt64> { trial.observe(ticket) }
        #expect(trial.runs.count == 16)
        let large = [Float](repeating: 1, count: RehearsalAnswer.sizeMax / 4 + 1)
        var answer = RehearsalAnswer()
        answer.take(logits(large))
        #expect(answer.isTooLarge && answer.values.isEmpty)
    }

    /// Live requests, repetitions and time in any order: the end comes once, and nothing is owed.
    @Test func endsOnceInAnyHistory() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("RehearsalTests"))
        for _ in 0..<200 {
            let count = 1 + random.below(6)
            var trial = Trial(
                warmUps: random.below(3), shadow: count, requiresEqual: random.below(2) == 0)
            var running: [UInt64] = []
            var nextLive: UInt64 = 1
            var seen = 0
            for _ in 0..<80 where trial.end == nil {
                switch random.below(3) {
                case 0:
                    trial.observe(nextLive)
                    running.append(nextLive)
                    nextLive += 1
                case 1 where !running.isEmpty:
                    let ticket = running.remove(at: random.below(running.count))
                    let isCancelled = random.below(5) == 0
                    trial.take(
                        ticket,
                        isCancelled ? .failed(.cancelled("x")) : tokens([UInt32(random.below(2))]))
                default: trial.now += UInt64(random.below(40))
                }
                trial.step { rehearsal, now, _ in rehearsal.look(now: now) }
                running += trial.runs[seen...].map(\.ticket)
                seen = trial.runs.count
            }
            // A warm-up may be left, and the shadow, whose time begins behind it.
            for _ in 0..<5 where trial.end == nil {
                trial.now += 10_000
                for ticket in running { trial.take(ticket, tokens([1])) }
                running = trial.runs[seen...].map(\.ticket)
                seen = trial.runs.count
                trial.step { rehearsal, now, _ in rehearsal.look(now: now) }
            }
            #expect(trial.end != nil)
            if let shadow = trial.end?.shadow {
                #expect(shadow.compared <= UInt64(count) && shadow.equal <= shadow.compared)
                #expect((shadow.divergenceMax == 0) == (shadow.equal == shadow.compared))
            }
        }
    }
}
