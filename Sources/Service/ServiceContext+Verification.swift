// Verification of a served model: the admission of a verification and the effect of its outcome.
//
// Guarantees: a model has at most one verification at a time. A verification counts until its
// thread has come back, also after its request was cancelled. A drifted model is out of service
// before any client is told.
// Does not: verify. A thread of the server does.

import Wire

/// Outcome of a verification, in the terms of the decisions.
///
/// The state of the files on disk is separate: `VerifiedFile`.
package enum VerificationOutcome: Sendable, Equatable {
    case absent
    case matched(largestDifference: Double)
    case drifted(reason: String, isSealed: Bool)
    case undecided(ServiceError)
    /// The verification was given up, because no request waits for the result.
    case cancelled
}

/// Comparison of a served model's files on disk with the loaded files.
package struct VerifiedFile: Sendable, Equatable {
    package let state: FileState
    /// The difference, or nil for unchanged files.
    package let reason: String?

    package init(_ state: FileState, reason: String? = nil) {
        self.state = state
        self.reason = reason
    }
}

extension ServiceContext {
    /// Counts a verification in. Throws for a mock, and while the model is being verified already.
    mutating func beginVerification(of facts: ServedFacts) throws(ServiceError) {
        guard facts.provenance == .real else {
            throw ServiceError(
                .requirementNotMet, .realRequired,
                "verifying model \"\(facts.name)\": found a mock; no file stands behind it",
                field: "verify")
        }
        guard verifications.insert(facts.served).inserted else {
            throw ServiceError(
                .resourceExhausted, .verifyRunning,
                "verifying model \"\(facts.name)\": it is being verified already, allowed: one at "
                    + "a time", retryAfterMilliseconds: 1000)
        }
    }

    /// Takes in the outcome of a verification. The event for the request goes to `completions`.
    package mutating func finishVerification(
        of model: ServedModel, ticket: UInt64, _ outcome: VerificationOutcome
    ) {
        verifications.remove(model)
        if case .drifted(let reason, _) = outcome {
            distrust(model, reason: reason)
        }
        completions.append((ticket, event(of: outcome, model)))
    }

    /// Takes a generation out of service that can no longer be trusted.
    package mutating func distrust(_ model: ServedModel, reason: String) {
        removed(models.failServed(model, reason: reason))
    }

    private func event(of outcome: VerificationOutcome, _ model: ServedModel) -> WorkEvent {
        var answer = HealthResponse(ready: false, state: .draining, reason: "unloaded meanwhile")
        if let entry = models.entry(model.name), let generation = models.generation(model) {
            answer = health(of: ModelRegistry.Target(entry, generation))
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
