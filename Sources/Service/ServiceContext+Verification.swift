// Verifying a model that is being served: who may start it, and what its outcome means.
//
// Guarantees: one verification per model at a time, counted until its thread has come back, also
// when the request behind it was cancelled meanwhile; a model that drifted is out of service before
// anybody is told.
// Does not: verify; a thread of the server's does.

import Wire

/// What a verification found, in the words of the decisions.
///
/// What lies on disk is told apart from it: `VerifiedFile`.
package enum VerificationOutcome: Sendable, Equatable {
    case absent
    case matched(largestDifference: Double)
    case drifted(reason: String, isSealed: Bool)
    case undecided(ServiceError)
    /// Given up because nobody waits any more.
    case cancelled
}

/// How the files of a served model compare with those that were loaded.
package struct VerifiedFile: Sendable, Equatable {
    package let state: FileState
    /// How they differ; nil when they do not.
    package let reason: String?

    package init(_ state: FileState, reason: String? = nil) {
        self.state = state
        self.reason = reason
    }
}

extension ServiceContext {
    /// Counts a verification in, or says when to come back.
    mutating func beginVerification(of facts: ModelFacts) throws(ServiceError) {
        guard facts.provenance == .real else {
            throw ServiceError(
                .requirementNotMet, .realRequired,
                "verifying model \"\(facts.name)\": found a mock; no file stands behind it",
                field: "verify")
        }
        let model = ModelRemoval(name: facts.name, generation: facts.generation)
        guard verifications.insert(model).inserted else {
            throw ServiceError(
                .resourceExhausted, .verifyRunning,
                "verifying model \"\(facts.name)\": it is being verified already, allowed: one at "
                    + "a time", retryAfterMilliseconds: 1000)
        }
    }

    /// Takes in what a verification found: the event for the one who asked, through `completions`.
    package mutating func finishVerification(
        of model: ModelRemoval, ticket: UInt64, _ outcome: VerificationOutcome
    ) {
        verifications.remove(model)
        if case .drifted(let reason, _) = outcome {
            models.failServed(model.name, generation: model.generation, reason: reason)
        }
        completions.append((ticket, event(of: outcome, model)))
    }

    private func event(of outcome: VerificationOutcome, _ model: ModelRemoval) -> WorkEvent {
        var answer = HealthResponse(ready: false, state: .draining, reason: "unloaded meanwhile")
        if let slot = models.slot(model.name), slot.generation == model.generation {
            answer = health(of: slot)
        }
        switch outcome {
        case .absent: answer.seal = .absent
        case .matched(let difference):
            answer.seal = .matched
            answer.largestDifference = difference
        case .drifted(_, let isSealed): answer.seal = isSealed ? .drifted : .absent
        case .undecided(let error): return .failed(error)
        case .cancelled: return .failed(.cancelled("verifying model \"\(model.name)\""))
        }
        return .verified(answer)
    }
}
