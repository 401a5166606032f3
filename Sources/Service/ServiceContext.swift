// What all connections of one loop share: the models, the admission, the counters and the table
// of accepted requests. Pure; owned by the loop thread and lent to each connection machine.
//
// Guarantees: every accepted request has a ticket until its final event, also when its connection
// is gone; a ticket that ends gives back its admission and its hold on the model exactly once; a
// model whose last request ends while it unloads is reported in `removals`, and whoever asked for
// the unload gets its answer through `completions`.

import Wire

/// A model that is gone from the directory and must be dropped by the engine.
package struct ModelRemoval: Sendable, Hashable {
    package let name: String
    package let generation: UInt32

    package init(name: String, generation: UInt32) {
        self.name = name
        self.generation = generation
    }
}

/// Shared state of the decisions.
package struct ServiceContext: Sendable {
    package struct Ticket: Sendable, Equatable {
        package let connection: UInt64
        package let requestID: UInt64
        package let provenance: Provenance
        /// The model the request holds, if it is one for the engine.
        fileprivate let model: String?
        /// The name it loads, unloads or verifies.
        fileprivate let slot: String?
        /// What it does to that, for error texts.
        fileprivate let control: Control?
        fileprivate let size: Int
        /// For what is done to models; the engine watches its own deadlines.
        fileprivate let deadline: UInt64?
    }

    /// What a request does to a model besides asking it.
    package enum Control: String, Sendable { case loading, unloading, verifying }

    package let limits: ServiceLimits
    /// Name and version, for Hello.
    package let serverName: String
    package var models = ModelDirectory()
    package var counters = Counters()
    package private(set) var admission: AdmissionPolicy
    package private(set) var tickets: [UInt64: Ticket] = [:]
    private var nextTicket: UInt64 = 1
    /// Set when the server drains: no new requests.
    package var isDraining = false
    /// Loads that were cancelled or timed out and whose threads have not come back.
    package var abandonedLoadCount = 0
    /// Name to the ticket that waits for the unload, and when the model's requests are cancelled.
    private var unloads: [String: (ticket: UInt64, until: UInt64)] = [:]
    /// Models whose verification has not come back, also when nobody waits for it any more.
    var verifications: Set<ModelRemoval> = []

    /// Models to drop. Taken by the owner after every call.
    package var removals: [ModelRemoval] = []
    /// Events the decisions themselves produced. Delivered by the owner after every call.
    package var completions: [(ticket: UInt64, event: WorkEvent)] = []

    package init(limits: ServiceLimits, serverName: String) {
        self.limits = limits
        self.serverName = serverName
        admission = AdmissionPolicy(limits: limits)
    }

    /// What may be claimed about an answer to a request that could not be read: it might have
    /// named any model, so one mock taints it.
    package var unreadableTaint: Taint {
        Taint.of(models.slots.lazy.compactMap(\.facts?.provenance))
    }

    // MARK: - Tickets

    /// Admits a request for the engine, or says when to come back.
    package mutating func admit(
        _ facts: ModelFacts, connection: UInt64, requestID: UInt64, size: Int
    ) throws(ServiceError) -> UInt64 {
        if case .refused(let pause) = admission.admit(size: size) {
            counters.add(.requestsOverloaded, provenance: facts.provenance)
            throw ServiceError(
                .resourceExhausted, .overloaded,
                "accepting one more request: \(admission.outstandingCount) requests and "
                    + "\(admission.outstandingSize) bytes are waiting, allowed: "
                    + "\(limits.outstandingMax) and \(limits.outstandingSizeMax)",
                retryAfterMilliseconds: pause)
        }
        models.retain(facts.name)
        return issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: facts.provenance,
                model: facts.name, slot: nil, control: nil, size: size, deadline: nil))
    }

    /// A ticket for doing something to `slot`.
    package mutating func admitControl(
        _ control: Control, of slot: String, provenance: Provenance, connection: UInt64,
        requestID: UInt64, deadline: UInt64?
    ) -> UInt64 {
        issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: provenance, model: nil,
                slot: slot, control: control, size: 0, deadline: deadline))
    }

    private mutating func issue(_ ticket: Ticket) -> UInt64 {
        let number = nextTicket
        nextTicket += 1
        tickets[number] = ticket
        counters.add(.requestsInFlight, provenance: ticket.provenance)
        return number
    }

    /// Ends a ticket: call once for its final event, whether or not anybody still listens.
    package mutating func finish(_ number: UInt64, now: UInt64) {
        guard let ticket = tickets.removeValue(forKey: number) else { return }
        counters.subtract(.requestsInFlight, provenance: ticket.provenance)
        if let slot = ticket.slot, unloads[slot]?.ticket == number { unloads[slot] = nil }
        guard let model = ticket.model else { return }
        admission.finish(size: ticket.size, now: now)
        if let gone = models.release(model) { removed(gone) }
    }

    // MARK: - Unloads

    /// Starts the end of a model on behalf of `ticket`; the answer comes through `completions`.
    package mutating func beginUnload(
        _ name: String, ticket: UInt64, now: UInt64
    ) throws(ServiceError) {
        let gone = try models.beginUnload(name)
        unloads[name] = (ticket, now + limits.drainMicroseconds)
        if let gone { removed(gone) }
    }

    private mutating func removed(_ slot: ModelDirectory.Slot) {
        counters.add(.modelsUnloaded, provenance: slot.facts?.provenance ?? .real)
        if slot.facts != nil {
            removals.append(ModelRemoval(name: slot.name, generation: slot.generation))
        }
        if let waiting = unloads.removeValue(forKey: slot.name) {
            completions.append((waiting.ticket, .unloaded))
        }
    }

    // MARK: - Time

    /// Whether a model's end waits for its requests.
    package var awaitsUnloads: Bool { !unloads.isEmpty }

    /// Whether `expired` could return something later: the owner keeps a timer running while so.
    package var watchesTime: Bool {
        awaitsUnloads || tickets.values.contains { $0.deadline != nil }
    }

    /// Tickets whose work must be cancelled at `now`: requests of a model whose unload has waited
    /// long enough. What is done to models past its own deadline is answered through `completions`.
    package mutating func expired(now: UInt64) -> [UInt64] {
        var cancelled: [UInt64] = []
        let overdue = Set(unloads.filter { $0.value.until <= now }.keys)
        for (number, ticket) in tickets.sorted(by: { $0.key < $1.key }) {
            if let model = ticket.model, overdue.contains(model) { cancelled.append(number) }
            guard let deadline = ticket.deadline, deadline <= now, let slot = ticket.slot,
                let control = ticket.control
            else { continue }
            cancelled.append(number)
            let attempt = "\(control) model \"\(slot)\""
            completions.append((number, .failed(.deadline(attempt))))
        }
        return cancelled
    }

    /// All tickets, for the end of a drain.
    package var allTickets: [UInt64] { tickets.keys.sorted() }
}
