// Verifies a model whose logits were not finite, before the probe of its circuit breaker.
//
// The probe, a request of a client, waits meanwhile. Its deadline and its Cancel hold.
//
// Guarantees: neither the loop nor the engine waits for a verification. Confined to the loop
// thread, except for the body of the thread.

import Loading
import Service
import Synchronization
import Threads
import Wire

/// The probes that wait. Loop thread.
struct ProbeProofs {
    private final class Cancellation: Sendable {
        let isRequested = Atomic<Bool>(false)
    }

    private var waiting: [UInt64: (work: Work, cancellation: Cancellation)] = [:]

    /// Starts to verify `model`. The outcome is posted to `inbox` with the ticket of `work`.
    mutating func start(_ work: Work, _ model: RealModel, inbox: LoopInbox) {
        let cancellation = Cancellation()
        waiting[work.ticket] = (work, cancellation)
        do {
            try startThread("assay-verify") {
                let found = model.verify { cancellation.isRequested.load(ordering: .relaxed) }
                inbox.post(.proved(ticket: work.ticket, VerificationOutcome(found)))
            }
        } catch {
            let refusal = ServiceError(error, tried: "verifying the model of a probe")
            inbox.post(.proved(ticket: work.ticket, .undecided(refusal)))
        }
    }

    /// Takes the probe whose verification has come back. Nil when it was cancelled.
    mutating func take(_ ticket: UInt64) -> Work? {
        waiting.removeValue(forKey: ticket)?.work
    }

    /// Gives a waiting probe up. Returns false when `ticket` is none. The thread still posts.
    mutating func cancel(_ ticket: UInt64) -> Bool {
        guard let found = waiting.removeValue(forKey: ticket) else { return false }
        found.cancellation.isRequested.store(true, ordering: .relaxed)
        return true
    }
}
