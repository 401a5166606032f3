// The rehearsal of a swap: requests that the candidate computes before it answers anybody. Pure.
//
//    warm-up: the given requests, one after the other
//       |
//    shadow: live requests of the serving generation, each computed by the candidate, too
//       |
//    the end: enough compared, the time over, a difference where equality was demanded, or a
//    failure of the candidate
//
// Guarantees:
// - At most `pairsMax` live requests are kept, with answers of bounded size.
// - A live request that ends without an answer is not compared.
// - No event of a live request is changed or held back.
// - The end comes once. Tickets that are still running are given back for cancellation.
// Does not: run anything. The owner starts each `Run` under a new ticket.

import Wire

/// See the head of the file.
package struct Rehearsal: Sendable {
    /// A request to compute.
    package struct Run: Sendable {
        package let ticket: UInt64
        package let model: ServedFacts
        package let request: Work.Request
        /// The live request that is repeated, or nil for a warm-up.
        package let live: Work?
    }

    /// What the owner has to do.
    package enum Action: Sendable {
        case run(Run)
        case progress(SwapStep, done: UInt64, total: UInt64)
        case cancel([UInt64])
        case end(warmed: UInt64, shadow: ShadowReport?, ServiceError?)
    }

    /// What a swap asked for.
    package struct Plan: Sendable {
        package let candidate: ServedFacts
        package let serving: ServedFacts
        package let warmUps: [Work.Request]
        /// Live requests to compare.
        package let shadowCount: Int
        /// True when a difference ends the swap.
        package let requiresEqual: Bool
        /// Longest time of the shadow, in microseconds.
        package let shadowMicroseconds: UInt64
        /// Time by which the rehearsal ends, or nil for none.
        package let deadline: UInt64?

        package init(
            candidate: ServedFacts, serving: ServedFacts, warmUps: [Work.Request],
            shadowCount: Int, requiresEqual: Bool, shadowMicroseconds: UInt64, deadline: UInt64?
        ) {
            (self.candidate, self.serving, self.warmUps) = (candidate, serving, warmUps)
            (self.shadowCount, self.requiresEqual) = (shadowCount, requiresEqual)
            (self.shadowMicroseconds, self.deadline) = (shadowMicroseconds, deadline)
        }
    }

    /// A live request and its repetition.
    private struct Pair: Sendable {
        let measure: RehearsalMeasure
        var serving = RehearsalAnswer()
        var candidate = RehearsalAnswer()

        var isDone: Bool { serving.isWhole && candidate.isWhole }
    }

    private enum Source: Sendable {
        case warmUp
        case serving(UInt64)
        case candidate(UInt64)
    }

    /// Live requests that are kept at once.
    private static let pairsMax = 16

    private let plan: Plan
    /// Tickets of running work: live requests and repetitions.
    private var sources: [UInt64: Source] = [:]
    private var live: Set<UInt64> = []
    private var pairs: [UInt64: Pair] = [:]
    private var warmUpsBegun = 0
    private var warmed: UInt64 = 0
    private var report = ShadowReport(compared: 0, equal: 0, divergenceMax: 0)
    /// Time of the shadow's end, or nil before it begins.
    private var shadowEnd: UInt64?
    private var hasEnded = false

    package init(_ plan: Plan) { self.plan = plan }

    /// Begins. `ticket` makes tickets.
    package mutating func begin(now: UInt64, ticket: () -> UInt64) -> [Action] {
        nextWarmUp(now: now, ticket)
    }

    // MARK: - Warm-up

    private mutating func nextWarmUp(now: UInt64, _ ticket: () -> UInt64) -> [Action] {
        guard warmUpsBegun < plan.warmUps.count, !isOver(now) else {
            return beginShadow(now: now)
        }
        let request = plan.warmUps[warmUpsBegun]
        warmUpsBegun += 1
        let number = ticket()
        sources[number] = .warmUp
        return [.run(Run(ticket: number, model: plan.candidate, request: request, live: nil))]
    }

    private mutating func warmedUp(
        _ event: WorkEvent, now: UInt64, _ ticket: () -> UInt64
    ) -> [Action] {
        if case .failed(let error) = event {
            // A request that does not suit the model is no fault of the model.
            if error.isFaultOfModel { return end(error) }
        } else {
            warmed += 1
        }
        let progress = Action.progress(
            .warmUp, done: UInt64(warmUpsBegun), total: UInt64(plan.warmUps.count))
        return [progress] + nextWarmUp(now: now, ticket)
    }

    // MARK: - Shadow

    private mutating func beginShadow(now: UInt64) -> [Action] {
        guard plan.shadowCount > 0 else { return end(nil) }
        shadowEnd = min(now &+ plan.shadowMicroseconds, plan.deadline ?? .max)
        return [progress] + look(now: now)
    }

    private var progress: Action {
        .progress(.shadow, done: report.compared, total: UInt64(plan.shadowCount))
    }

    /// Takes a live request in that has begun. Returns what repeats it, or nothing for a request
    /// that is not compared.
    package mutating func observe(_ work: Work, now: UInt64, ticket: () -> UInt64) -> [Action] {
        guard let shadowEnd, now < shadowEnd, !hasEnded,
            work.model?.served == plan.serving.served,
            pairs.count < Self.pairsMax,
            Int(report.compared) + pairs.count < plan.shadowCount,
            let measure = RehearsalMeasure(work.request)
        else { return [] }
        let key = work.ticket
        pairs[key] = Pair(measure: measure)
        guard measure == .distribution, let request = work.request.distribution else {
            live.insert(key)
            sources[key] = .serving(key)
            return [run(work.request, plan.candidate, .candidate(key), work, ticket)]
        }
        return [
            run(request, plan.serving, .serving(key), work, ticket),
            run(request, plan.candidate, .candidate(key), work, ticket),
        ]
    }

    private mutating func run(
        _ request: Work.Request, _ model: ServedFacts, _ source: Source, _ work: Work,
        _ ticket: () -> UInt64
    ) -> Action {
        let number = ticket()
        sources[number] = source
        return .run(Run(ticket: number, model: model, request: request, live: work))
    }

    // MARK: - Events

    /// True when the rehearsal made the ticket, so that no client waits for its events.
    package func owns(_ ticket: UInt64) -> Bool {
        sources[ticket] != nil && !live.contains(ticket)
    }

    /// Takes an event of a ticket in. Does nothing for tickets of others.
    package mutating func take(
        _ ticket: UInt64, _ event: WorkEvent, now: UInt64, next: () -> UInt64
    ) -> [Action] {
        guard !hasEnded, let source = sources[ticket] else { return [] }
        if event.isFinal {
            sources[ticket] = nil
            live.remove(ticket)
        }
        switch source {
        case .warmUp: return event.isFinal ? warmedUp(event, now: now, next) : []
        case .serving(let key):
            pairs[key]?.serving.take(event)
            return settle(key)
        case .candidate(let key):
            if case .failed(let error) = event, error.isFaultOfModel { return end(error) }
            pairs[key]?.candidate.take(event)
            return settle(key)
        }
    }

    /// Compares a pair whose answers are whole.
    private mutating func settle(_ key: UInt64) -> [Action] {
        guard let pair = pairs[key] else { return [] }
        let isUseless =
            pair.serving.error != nil || pair.serving.isTooLarge || pair.candidate.isTooLarge
            || (pair.serving.isWhole && pair.serving.isCut && pair.serving.tokens.isEmpty)
        if isUseless { return drop(key) }
        guard pair.isDone else { return [] }
        pairs[key] = nil
        let difference = RehearsalDifference(pair.serving, pair.candidate, by: pair.measure)
        report.compared += 1
        report.divergenceMax = max(report.divergenceMax, difference.divergence)
        if let sentence = difference.sentence {
            if report.firstDifference == nil {
                report.firstDifference = "request \(report.compared): \(sentence)"
            }
        } else {
            report.equal += 1
        }
        if plan.requiresEqual, let found = report.firstDifference {
            return [progress] + end(.shadowDiffers(plan.candidate.served, found))
        }
        return [progress] + (report.compared >= plan.shadowCount ? end(nil) : [])
    }

    /// Gives a live request up that cannot be compared.
    private mutating func drop(_ key: UInt64) -> [Action] {
        pairs[key] = nil
        let tickets = sources.filter { source in
            switch source.value {
            case .warmUp: false
            case .serving(let owner), .candidate(let owner): owner == key
            }
        }.map(\.key)
        let own = tickets.filter { !live.contains($0) }.sorted()
        for ticket in tickets where live.contains(ticket) {
            sources[ticket] = nil
            live.remove(ticket)
        }
        return own.isEmpty ? [] : [.cancel(own)]
    }

    // MARK: - Time and ends

    /// Looks at the time.
    package mutating func look(now: UInt64) -> [Action] {
        guard !hasEnded, let shadowEnd, shadowEnd <= now else { return [] }
        return end(nil)
    }

    private func isOver(_ now: UInt64) -> Bool { plan.deadline.map { $0 <= now } ?? false }

    private mutating func end(_ error: ServiceError?) -> [Action] {
        hasEnded = true
        let shadow = plan.shadowCount > 0 ? report : nil
        let running = abandon()
        return (running.isEmpty ? [] : [.cancel(running)])
            + [.end(warmed: warmed, shadow: shadow, error)]
    }

    /// Ends without a result. Returns the rehearsal's own tickets that are still running.
    package mutating func abandon() -> [UInt64] {
        hasEnded = true
        let running = sources.keys.filter { !live.contains($0) }.sorted()
        (pairs, live) = ([:], [])
        return running
    }
}

extension Work {
    /// The work of a rehearsal: this request again, for another generation. Nobody waits for it,
    /// so it has no deadline and the lowest priority.
    package init(_ run: Rehearsal.Run, now: UInt64, wallSeconds: UInt64) {
        self.init(
            ticket: run.ticket, request: run.request, model: run.model, receivedAt: now,
            deadline: nil, logitsChunkCount: ServiceLimits.logitsChunkSize / 4,
            answerSizeMax: Limits.bodySizeMax, connection: Self.noConnection,
            context: RequestContext(priority: 0))
        accept(at: now, wallSeconds: run.live?.templateTime ?? wallSeconds)
    }

    /// Stands for the work of no connection.
    package static let noConnection: UInt64 = 0
}

extension Work.Request {
    /// The request for the distribution of the first token of a Generate.
    fileprivate var distribution: Work.Request? {
        guard case .generate(let request) = self else { return nil }
        return .logits(
            LogitsRequest(
                prompt: request.prompt, parseSpecial: request.parseSpecial,
                addSpecial: request.addSpecial, tools: request.tools,
                templateVariables: request.templateVariables,
                addGenerationPrompt: request.addGenerationPrompt,
                continueFinalMessage: request.continueFinalMessage,
                templateTime: request.templateTime))
    }
}

extension ServiceError {
    /// True for an error that no other request would help.
    fileprivate var isFaultOfModel: Bool {
        status == .dataLoss || status == .internalError
    }

    fileprivate static func shadowDiffers(
        _ model: ServedModel, _ difference: String
    ) -> ServiceError {
        ServiceError(
            .aborted, .shadowDiffers,
            "comparing \(model) with the generation that serves: \(difference), allowed: equal "
                + "answers (require_equal)")
    }
}
