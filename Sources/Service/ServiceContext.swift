// What all connections of one loop share: the models, the admission, the counters and the table
// of accepted requests. Pure; owned by the loop thread and lent to each connection machine.
//
// Guarantees: every accepted request has a ticket until its final event, also when its connection
// is gone or the loop has answered it because the engine did not; a ticket that ends gives back its
// admission and its hold on the model exactly once; a model whose last request ends while it
// unloads is reported in `removals`, and whoever asked for the unload gets its answer through
// `completions`.

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
        /// When its answer is due from the loop, whatever the engine does; nil for never.
        fileprivate var dueAt: UInt64?
        /// Why the answer is due.
        fileprivate var dueReason = FinishReason.deadline
    }

    /// An answer that is due.
    package struct Due: Sendable, Equatable {
        package let ticket: UInt64
        package let reason: FinishReason
        /// Whether something is done to a model; then the error waits in `completions`.
        package let isControl: Bool
    }

    /// Time the engine has to answer a deadline or a Cancel itself, with all that it has made. An
    /// engine between two short steps does; the peer waits no longer for one that does not.
    static let graceMicroseconds: UInt64 = 5_000

    /// What a request does to a model besides asking it.
    package enum Control: String, Sendable { case loading, unloading, verifying }

    package let limits: ServiceLimits
    /// Name and version, for Hello.
    package let serverName: String
    package var models = ModelDirectory()
    package var counters = Counters()
    /// Findings about the server's own parts.
    package var condition: ServerCondition
    package private(set) var admission: AdmissionPolicy
    /// What the engine last said of itself; set by the owner.
    package var engineLoad = EngineLoad()
    package private(set) var tickets: [UInt64: Ticket] = [:]
    private var nextTicket: UInt64 = 1
    /// Nothing is due before this time; nil while nothing ever is.
    package private(set) var nextDue: UInt64?
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
        condition = ServerCondition(limits: limits)
    }

    /// What may be claimed about an answer to a request that could not be read: it might have
    /// named any model, so one mock taints it.
    package var unreadableTaint: Taint {
        Taint.of(models.slots.lazy.compactMap(\.facts?.provenance))
    }

    // MARK: - Tickets

    /// Admits a request for the engine, or says when to come back.
    package mutating func admit(
        _ facts: ModelFacts, connection: UInt64, requestID: UInt64, size: Int, deadline: UInt64?
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
                model: facts.name, slot: nil, control: nil, size: size,
                dueAt: deadline.map { $0 + Self.graceMicroseconds }))
    }

    /// A ticket for doing something to `slot`.
    package mutating func admitControl(
        _ control: Control, of slot: String, provenance: Provenance, connection: UInt64,
        requestID: UInt64, deadline: UInt64?
    ) -> UInt64 {
        issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: provenance, model: nil,
                slot: slot, control: control, size: 0, dueAt: deadline))
    }

    /// A number for work that nobody's request asked for, such as the loads of the start: what
    /// happens to it is delivered to no connection.
    package mutating func reserveTicket() -> UInt64 {
        defer { nextTicket += 1 }
        return nextTicket
    }

    private mutating func issue(_ ticket: Ticket) -> UInt64 {
        let number = reserveTicket()
        tickets[number] = ticket
        if let due = ticket.dueAt { nextDue = min(due, nextDue ?? due) }
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

    /// Whether a ticket is that of a request for the engine.
    func holdsModel(_ number: UInt64) -> Bool { tickets[number]?.model != nil }

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

    /// Tickets whose work must be cancelled at `now`, each once: requests of a model whose unload
    /// has waited long enough. Their answers are due soon.
    package mutating func expired(now: UInt64) -> [UInt64] {
        let overdue = Set(unloads.filter { $0.value.until <= now }.keys)
        for name in overdue { unloads[name]?.until = .max }
        let found = tickets.filter { $0.value.model.map(overdue.contains) ?? false }.keys.sorted()
        for number in found { cancel(number, now: now) }
        return found
    }

    /// All tickets, for the end of a drain: their work must be cancelled, their answers are due
    /// soon.
    package mutating func cancelAll(now: UInt64) -> [UInt64] {
        let found = tickets.keys.sorted()
        for number in found { cancel(number, now: now) }
        return found
    }

    /// A request was cancelled: its answer is due soon. Does nothing for what is done to models.
    mutating func cancel(_ number: UInt64, now: UInt64) {
        guard tickets[number]?.model != nil else { return }
        let due = now + Self.graceMicroseconds
        guard due < tickets[number]?.dueAt ?? .max else { return }
        tickets[number]?.dueAt = due
        tickets[number]?.dueReason = .cancelled
        nextDue = min(due, nextDue ?? due)
    }

    /// Answers that are due at `now`, in order of acceptance and each once. The tickets stay: what
    /// the engine holds for them is counted until it lets go.
    package mutating func takeDue(now: UInt64) -> [Due] {
        guard let next = nextDue, next <= now else { return [] }
        var due: [Due] = []
        nextDue = nil
        for (number, ticket) in tickets {
            guard let at = ticket.dueAt else { continue }
            guard at <= now else {
                nextDue = min(at, nextDue ?? at)
                continue
            }
            tickets[number]?.dueAt = nil
            due.append(
                Due(ticket: number, reason: ticket.dueReason, isControl: ticket.control != nil))
        }
        due.sort { $0.ticket < $1.ticket }
        for number in due.map(\.ticket) {
            guard let slot = tickets[number]?.slot, let control = tickets[number]?.control
            else { continue }
            completions.append((number, .failed(.deadline("\(control) model \"\(slot)\""))))
        }
        return due
    }
}
