// What becomes of an engine that hangs and of models that fail: verdicts, circuit breakers and the
// log.

import Service

extension NetworkLoop {
    /// Looks at the engine's progress. A new verdict moves the circuit breakers.
    func watchEngine() {
        let before = context.condition.engine.verdict
        let now = ServerClock.now
        context.breakers.advance(to: now)
        context.condition.engine.look(
            beats: router.engineBeats, hasWork: router.engineHasWork, now: now)
        let engine = context.condition.engine
        guard engine.verdict != before else { return }
        context.engineChanged(hung: router.steppingModel)
        switch engine.verdict {
        case .well: logger.notice("the engine makes progress again")
        case .stalled: logger.error("not ready", metadata: ["reason": "\(engine.fault ?? "")"])
        case .dead: logger.critical("not alive", metadata: ["reason": "\(engine.death ?? "")"])
        }
    }

    /// Logs a circuit breaker that opened.
    func note(_ opened: Bool, _ model: ServedModel, _ reason: String) {
        guard opened else { return }
        logger.error(
            "circuit breaker open", metadata: ["model": "\(model.name)", "reason": "\(reason)"])
    }
}
