// What other threads tell the loop.

import Service

extension NetworkLoop {
    /// Starts the work of an admitted request.
    func start(_ work: Work) {
        var work = work
        work.accept(at: ServerClock.now, wallSeconds: ServerClock.wallSeconds)
        if let model = work.model?.served, context.breakers.needsProof(work.ticket, of: model) {
            router.prove(work)
        } else {
            router.observe(work, context: &context)
            router.start(work)
        }
    }

    /// Takes a message and carries out what follows from it.
    func take(_ message: LoopMessage) {
        switch message {
        case .event(let ticket, let event):
            if !router.isRehearsed(ticket, event, context: &context) { deliver(event, to: ticket) }
        case .boot(let request, let outcome):
            guard !context.isDraining else { return outcome.set(.failure(.stopped)) }
            router.boot(request, outcome, context: &context)
        case .served(let latch):
            context.condition.isStarting = false
            latch.set(!context.isDraining)
        case .assayed(let ticket, let outcome):
            router.assayed(ticket, outcome, context: &context)
        case .installed(let ticket, let error):
            router.installed(ticket, error, context: &context)
        case .memoryCameBack: router.memoryCameBack()
        case .rehearsed(let ticket, let result):
            router.rehearsed(ticket, result, context: &context)
        case .verified(let ticket, let model, let outcome, let file):
            router.verified(ticket, model, outcome, file: file, context: &context)
        case .fileSeen(let model, let file):
            router.fileSeen(model, file, context: &context)
        case .recomputed:
            context.counters.add(.requestsRecomputed)
        case .suspended(let count):
            context.counters.add(.requestsSuspended, UInt64(count))
        case .damaged(let model, let reason):
            note(context.breakers.gaveNonFinite(model, reason), model, reason)
        case .stepFailed(let model, let reason):
            note(context.breakers.stepFailed(model, reason), model, reason)
        case .proved(let ticket, let outcome):
            router.proved(ticket, outcome, context: &context)
        case .survey(let survey):
            survey.answer(
                LoopFacts(
                    entries: context.models.entries,
                    rows: context.models.entries.map { context.row(of: $0) },
                    isDraining: context.isLeaving, isStarting: context.condition.isStarting,
                    faults: context.condition.faults, outages: context.outages,
                    death: context.condition.engine.death))
        case .tokens(let gate):
            take(gate)
        case .shutDown:
            shutDown(skipsGrace: true)
        }
        settle()
    }
}
