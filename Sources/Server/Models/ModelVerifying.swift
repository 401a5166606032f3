// Verifies each served model on a separate thread and posts the outcome.
//
// Guarantees: neither the loop nor the engine waits for a verification. A verification cancelled
// before it computes ends at once, and the thread ends by itself. Confined to the loop thread,
// except for the body of the thread.

import Loading
import Service
import Synchronization
import Threads
import Wire

/// The running verifications. Loop thread.
struct ModelVerifying {
    private final class Cancellation: Sendable {
        let isRequested = Atomic<Bool>(false)
    }

    private var running: [UInt64: (model: ServedModel, cancellation: Cancellation)] = [:]

    /// Starts to verify `model`. The outcome is posted to `inbox` with `ticket`.
    mutating func start(
        _ model: RealModel, as served: ServedModel, ticket: UInt64, inbox: LoopInbox
    ) {
        let cancellation = Cancellation()
        running[ticket] = (served, cancellation)
        do {
            try startThread("assay-verify") {
                let found = model.verify { cancellation.isRequested.load(ordering: .relaxed) }
                inbox.post(
                    .verified(
                        ticket: ticket, served, VerificationOutcome(found),
                        VerifiedFile(model.fileState())))
            }
        } catch {
            let refusal = ServiceError(error, tried: "verifying model \"\(served.name)\"")
            inbox.post(
                .verified(
                    ticket: ticket, served, .undecided(refusal),
                    VerifiedFile(model.fileState())))
        }
    }

    /// Asks for an early end. Returns nil when `ticket` is no verification. The thread still posts.
    mutating func cancel(_ ticket: UInt64) -> ServedModel? {
        guard let found = running.removeValue(forKey: ticket) else { return nil }
        found.cancellation.isRequested.store(true, ordering: .relaxed)
        return found.model
    }

    /// Forgets a verification that has come back.
    mutating func finish(_ ticket: UInt64) { running[ticket] = nil }

    /// Tickets of the verifications of an unloading model.
    func tickets(of model: ServedModel) -> [UInt64] {
        running.filter { $0.value.model == model }.map(\.key).sorted()
    }
}

extension VerificationOutcome {
    /// Translates Loading's outcome.
    init(_ found: ModelVerification) {
        switch found {
        case .sound(.matched(let difference)): self = .matched(largestDifference: difference)
        case .sound: self = .absent
        case .drifted(let rejection, let isSealed):
            self = .drifted(
                reason: "\(rejection.code): \(rejection.message)", isSealed: isSealed)
        case .undecided(let rejection):
            self = .undecided(
                ServiceError(
                    rejection.isTransient ? .unavailable : .failedPrecondition,
                    .init(rejection.code.name), "\(rejection.message). \(rejection.advice)",
                    retryAfterMilliseconds: rejection.isTransient ? 1000 : nil,
                    layer: rejection.layer.rawValue))
        case .cancelled: self = .cancelled
        }
    }
}
