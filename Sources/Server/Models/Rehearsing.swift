// Carries out the rehearsals of swaps: internal requests to a candidate, and live requests beside
// it. `Rehearsal` decides.
//
// Guarantees: no event of an internal request reaches a client. Live requests go the way they
// always go. Confined to the loop thread.

import Service
import Wire

/// The rehearsals that run. Loop thread.
struct Rehearsing {
    /// By the ticket of the swap.
    private var running: [UInt64: Rehearsal] = [:]
    private let warmUps: WarmUps
    private var sample: WarmUpSample

    init(_ warmUps: WarmUps, liveMax: Int) {
        self.warmUps = warmUps
        sample = WarmUpSample(countMax: liveMax)
    }

    var isIdle: Bool { running.isEmpty }

    /// Tickets of the swaps that rehearse.
    var swaps: [UInt64] { running.keys.sorted() }

    /// Requests that warm a candidate.
    func warmUps(for candidate: ArrivingModel) -> [Work.Request] {
        warmUps.requests(
            for: candidate.model, sampled: sample.requests(of: candidate.facts.name))
    }

    /// Notes a live request, for a later warm-up.
    mutating func note(_ work: Work) { sample.add(work) }

    /// Forgets the live requests of a model that left.
    mutating func forget(_ name: String) { sample.remove(name) }

    mutating func begin(_ rehearsal: Rehearsal, of swap: UInt64) { running[swap] = rehearsal }

    /// Ends a rehearsal. Returns its tickets that are still running.
    mutating func remove(_ swap: UInt64) -> [UInt64] {
        guard var rehearsal = running.removeValue(forKey: swap) else { return [] }
        return rehearsal.abandon()
    }

    /// True when a rehearsal made the ticket.
    func owns(_ ticket: UInt64) -> Bool { running.values.contains { $0.owns(ticket) } }

    /// Changes a rehearsal. Returns what follows from the change.
    mutating func change(
        _ swap: UInt64, _ body: (inout Rehearsal) -> [Rehearsal.Action]
    ) -> [Rehearsal.Action] {
        guard var rehearsal = running[swap] else { return [] }
        defer { running[swap] = rehearsal }
        return body(&rehearsal)
    }
}

extension WorkRouter {
    /// Rehearses a candidate that is in the engine. The end is a call of `rehearsed`.
    func rehearse(
        _ candidate: ArrivingModel, for request: SwapRequest, ticket: UInt64,
        context: inout ServiceContext
    ) {
        guard let serving = context.models.entry(candidate.facts.name)?.facts else {
            preconditionFailure("a swap of \"\(request.name)\", which nobody serves")
        }
        let now = ServerClock.now
        let plan = Rehearsal.Plan(
            candidate: candidate.facts, serving: serving,
            warmUps: rehearsing.warmUps(for: candidate), shadowCount: Int(request.shadow),
            requiresEqual: request.requireEqual,
            shadowMicroseconds: UInt64(loading.configuration.shadowSeconds * 1_000_000),
            // A swap that runs out of time is given up, so the rehearsal ends before.
            deadline: context.deadline(of: ticket).map { $0 - ($0 - min($0, now)) / 10 })
        rehearsing.begin(Rehearsal(plan), of: ticket)
        follow(ticket, context: &context) { rehearsal, makeTicket in
            rehearsal.begin(now: now, ticket: makeTicket)
        }
    }

    /// Shows a live request that begins to the rehearsals of its model.
    func observe(_ work: Work, context: inout ServiceContext) {
        rehearsing.note(work)
        guard !rehearsing.isIdle else { return }
        for swap in rehearsing.swaps {
            follow(swap, context: &context) { rehearsal, makeTicket in
                rehearsal.observe(work, now: ServerClock.now, ticket: makeTicket)
            }
        }
    }

    /// Shows an event to the rehearsals. Returns true when nobody else waits for it.
    func isRehearsed(_ ticket: UInt64, _ event: WorkEvent, context: inout ServiceContext) -> Bool {
        guard !rehearsing.isIdle else { return false }
        let isOwned = rehearsing.owns(ticket)
        for swap in rehearsing.swaps {
            follow(swap, context: &context) { rehearsal, makeTicket in
                rehearsal.take(ticket, event, now: ServerClock.now, next: makeTicket)
            }
        }
        return isOwned
    }

    /// Ends rehearsals whose time is over. Called a few times a second.
    func lookAtRehearsals(context: inout ServiceContext) {
        guard !rehearsing.isIdle else { return }
        for swap in rehearsing.swaps {
            follow(swap, context: &context) { rehearsal, _ in
                rehearsal.look(now: ServerClock.now)
            }
        }
    }

    /// Gives a rehearsal up with its swap.
    func abandonRehearsal(_ swap: UInt64) {
        cancelRuns(rehearsing.remove(swap))
    }

    private func follow(
        _ swap: UInt64, context: inout ServiceContext,
        _ change: (inout Rehearsal, () -> UInt64) -> [Rehearsal.Action]
    ) {
        let actions = rehearsing.change(swap) { change(&$0) { context.reserveTicket() } }
        for action in actions { carryOut(action, of: swap, context: &context) }
    }

    private func carryOut(
        _ action: Rehearsal.Action, of swap: UInt64, context: inout ServiceContext
    ) {
        switch action {
        case .run(let run):
            let work = Work(
                run, now: ServerClock.now, wallSeconds: ServerClock.wallSeconds)
            guard let prompts = prompts[run.model.served] else {
                let error = ServiceError(.unavailable, .modelUnloading, "rehearsing: it is gone")
                return inbox.post(.event(ticket: run.ticket, .failed(error)))
            }
            texts.start(work, prompts)
        case .progress(let step, let done, let total):
            context.completions.append(
                (swap, .swapProgress(SwapProgress(step: step, done: done, total: total))))
        case .cancel(let tickets): cancelRuns(tickets)
        case .end(let warmed, let shadow, let error):
            _ = rehearsing.remove(swap)
            let outcome = RehearsalOutcome(warmed: warmed, shadow: shadow)
            rehearsed(swap, error.map { .failure($0) } ?? .success(outcome), context: &context)
        }
    }

    private func cancelRuns(_ tickets: [UInt64]) {
        for ticket in tickets where !texts.cancel(ticket, of: Work.noConnection) {
            engine.send(.cancel(ticket: ticket))
        }
    }
}
