// Circuit breakers among the shared state: what opens one, what closes one, who asks.
//
// Guarantees: a model whose logits stay non-finite, whose steps fail, or whose step hangs answers
// `breaker_open` at once. Drift found by a verification puts a model out of service for good.

import Wire

extension ServiceContext {
    /// Takes the end of any ticket: of a request to a model, of a load, or of a probe.
    mutating func concludeHealth(_ ticket: UInt64, _ event: WorkEvent) {
        if let model = tickets[ticket]?.model {
            breakers.ended(ticket, of: model, event)
        } else if let (name, path) = audit.load(ticket) {
            breakers.loadEnded(name, path: path, event)
        }
    }

    /// Forgets the breaker of a model that left.
    package mutating func forgetHealth(of model: ServedModel) {
        breakers.forget(model)
        sealedAt[model] = nil
    }

    /// Follows a new verdict over the engine. A hanging engine computes for no model, so all their
    /// breakers open. When it works again, the model whose step hung needs a probe.
    ///
    /// - Parameter hung: the model whose step runs.
    package mutating func engineChanged(hung: ServedModel?) {
        guard let fault = condition.engine.fault else {
            breakers.engineWorks()
            return
        }
        let place = hung.map { ", in a step of model \"\($0.name)\"" } ?? ""
        breakers.engineStalled(
            models.entries.flatMap(\.generations).map(\.served), in: hung, fault + place)
    }

    /// Returns models that cannot answer now though they are in service, with the reason, by name.
    package var outages: [String: String] {
        models.entries.reduce(into: [:]) { found, entry in
            if let reason = outage(of: entry) { found[entry.name] = reason }
        }
    }

    /// Reason for which a ready model answers nothing now, or nil.
    package func outage(of entry: ModelRegistry.Entry) -> String? {
        entry.state == .ready ? breakers.outage(of: entry.served) : nil
    }

    /// The same of the generation that a request names.
    func outage(of target: ModelRegistry.Target) -> String? {
        target.state == .ready ? target.facts.flatMap { breakers.outage(of: $0.served) } : nil
    }

    /// Reason for which a generation waits for a probe, or nil.
    func trial(of target: ModelRegistry.Target) -> String? {
        target.state == .ready ? target.facts.flatMap { breakers.trial(of: $0.served) } : nil
    }

    /// State for peers: a model whose breaker is open counts as failed.
    func state(of entry: ModelRegistry.Entry) -> ServingState {
        outage(of: entry) == nil ? entry.state : .failed
    }

    /// The same of the generation that a request names.
    func state(of target: ModelRegistry.Target) -> ServingState {
        outage(of: target) == nil ? target.state : .failed
    }

    /// Notes that the weights of a model were compared with its seal, and matched.
    package mutating func sealMatched(_ model: ServedModel) { sealedAt[model] = breakers.now }

    /// Time since the weights of a model were last compared with the seal, in microseconds.
    package func sealAge(of model: ServedModel) -> UInt64? {
        sealedAt[model].map { breakers.now - min(breakers.now, $0) }
    }

    // MARK: - Proofs

    /// Takes the outcome of the verification that a probe waits for. Returns true when the probe
    /// may be computed. Otherwise its answer goes to `completions`.
    package mutating func finishProof(
        of model: ServedModel, ticket: UInt64, _ outcome: VerificationOutcome
    ) -> Bool {
        let attempt = "verifying model \"\(model.name)\" before its first request"
        switch outcome {
        case .matched, .absent:
            if case .matched = outcome { sealMatched(model) }
            breakers.proved(model)
            return true
        case .drifted(let reason, _):
            distrust(model, reason: reason)
            completions.append(
                (ticket, .failed(ServiceError(.dataLoss, .modelDamaged, "\(attempt): \(reason)"))))
        case .undecided(let error):
            let reason = "\(attempt): \(error.message)"
            _ = breakers.gaveNonFinite(model, reason)
            completions.append(
                (ticket, .failed(ServiceError(.unavailable, .breakerOpen, reason))))
        case .cancelled:
            completions.append((ticket, .failed(.cancelled(attempt))))
        }
        return false
    }
}
