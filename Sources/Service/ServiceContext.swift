// State that all connections of a loop share: the models, the admission, the counters and the table
// of accepted requests. Pure. Owned by the loop thread and lent to each connection machine.
//
// Guarantees:
// - Every accepted request has a ticket until its final event, also when the connection is gone, or
//   when the loop has answered in place of the engine.
// - An ending ticket gives back the admission and the hold on the model exactly once.
// - A generation that left the registry is reported in `removals`. When the last request of an
//   unloading model ends, the request for the unload is answered through `completions`.

import Wire

/// Shared state of the decisions. Lent, never copied: a copy would cost every call its references.
package struct ServiceContext: ~Copyable, Sendable {
    package struct Ticket: Sendable, Equatable {
        package let connection: UInt64
        package let requestID: UInt64
        package let provenance: Provenance
        /// Model held by the request, or nil when the request is not for the engine.
        var model: ServedModel?
        /// Name of the entry to load, unload or verify, or to wait for.
        fileprivate var entry: String?
        /// Operation on `entry`, for error texts.
        fileprivate var control: Control?
        /// True when the admission counts the request.
        fileprivate var isAdmitted = false
        fileprivate let size: Int
        /// Time at which the loop answers, whatever the engine does. Nil for never.
        fileprivate var dueAt: UInt64?
        /// Reason the answer is due.
        fileprivate var dueReason = FinishReason.deadline
    }

    /// An answer that is due.
    package struct Due: Sendable, Equatable {
        package let ticket: UInt64
        package let reason: FinishReason
        /// True for a load, an unload or a verification, whose error waits in `completions`.
        package let isControl: Bool
    }

    /// Time the engine has to answer a deadline or a Cancel itself, with every token it has made.
    /// An engine between two short steps does. For a longer step the peer does not wait.
    static let graceMicroseconds: UInt64 = 5_000

    /// Operation of a request on a model.
    package enum Control: String, Sendable {
        case loading, swapping, unloading, verifying, awaiting
    }

    package let limits: ServiceLimits
    /// Name and version, for Hello.
    package let serverName: String
    package var models: ModelRegistry
    package var crowd: Crowd
    package var counters = Counters()
    /// Pauses of models and loads that keep failing.
    package var breakers: CircuitBreakers
    /// Findings about the server's own parts.
    package var condition: ServerCondition
    package private(set) var admission: AdmissionPolicy
    /// The tokens of the server, or nil for a server without tokens. Set by the owner.
    package var tokens: TokenGate?
    /// Latest load figures of the engine, set by the owner.
    package var engineLoad = EngineLoad()
    package private(set) var tickets: [UInt64: Ticket] = [:]
    private var nextTicket: UInt64 = 1
    /// Time before which no answer is due, or nil when none ever is.
    package private(set) var nextDue: UInt64?
    /// Loads that run and that wait for their turn.
    package internal(set) var loads: LoadQueue
    /// Records of loads, unloads and refused rights, taken by the owner after every call.
    package var audit = AuditTrail()
    /// The server will drain soon, or drains: it is not ready.
    package var isLeaving = false
    /// The server drains and takes no new requests.
    package var isDraining = false { didSet { isLeaving = isLeaving || isDraining } }
    /// Cancelled or timed-out loads whose threads have not come back.
    package var abandonedLoadCount = 0
    /// By name: the ticket that waits for the unload, and the time to cancel the model's requests.
    private var unloads: [String: (ticket: UInt64, until: UInt64)] = [:]
    /// Models whose verification has not come back, even when no request waits for the result.
    var verifications: Set<ServedModel> = []
    /// Times at which the weights of models were last compared with their seals.
    var sealedAt: [ServedModel: UInt64] = [:]

    /// Requests that wait for a model to be loaded, by its name.
    var parked: [String: [Work]] = [:]
    /// Parked requests whose model is ready, taken by the owner after every call.
    package var resumed: [Work] = []
    /// Times before which a model that did not load is not loaded again for a request.
    var reloadPauses: [String: UInt64] = [:]

    /// Generations to drop, taken by the owner after every call.
    package var removals: [ServedModel] = []
    /// Events from the decisions themselves, delivered by the owner after every call.
    package var completions: [(ticket: UInt64, event: WorkEvent)] = []

    package init(limits: ServiceLimits, serverName: String) {
        self.limits = limits
        self.serverName = serverName
        models = ModelRegistry(
            entriesMax: limits.modelsMax, generationsMax: limits.generationsMax,
            labelsMax: limits.labelsMax)
        crowd = Crowd(limits: limits)
        admission = AdmissionPolicy(limits: limits)
        condition = ServerCondition(limits: limits)
        breakers = CircuitBreakers(limits: limits)
        loads = LoadQueue(limits: limits)
    }

    /// Taint of the answer to an unreadable request, which might have named any model. A single
    /// mock taints the answer.
    package var unreadableTaint: Taint {
        Taint.of(models.entries.lazy.flatMap(\.generations).map(\.facts.provenance))
    }

    /// Returns what a new request means, see `ModelRegistry.choose`. A label takes no share while
    /// the breaker of its generation lets no request pass, either.
    mutating func choose(_ name: String?) throws(ServiceError) -> ModelRegistry.Target {
        let target = try models.choose(name)
        let entry = target.entry
        guard target.label == nil, let served = target.generation?.served, served != entry.served
        else { return target }
        do throws(ServiceError) {
            try breakers.check(served)
            return target
        } catch {
            return ModelRegistry.Target(entry, entry.active)
        }
    }

    // MARK: - Tickets

    /// Admits a request for the engine, or throws with a time to come back.
    package mutating func admit(
        _ facts: ServedFacts, connection: UInt64, requestID: UInt64, size: Int, deadline: UInt64?,
        now: UInt64
    ) throws(ServiceError) -> UInt64 {
        try breakers.check(facts.served)
        try checkAdmission(facts.provenance, connection: connection, size: size, now: now)
        models.retain(facts.served)
        let ticket = issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: facts.provenance,
                model: facts.served, entry: nil, control: nil, isAdmitted: true, size: size,
                dueAt: deadline.map { $0 + Self.graceMicroseconds }))
        breakers.begin(ticket, of: facts.served)
        return ticket
    }

    /// Admits a request that waits for the model `name` to be loaded.
    mutating func admitWaiting(
        for name: String, connection: UInt64, requestID: UInt64, size: Int, deadline: UInt64?,
        now: UInt64
    ) throws(ServiceError) -> UInt64 {
        try checkAdmission(.real, connection: connection, size: size, now: now)
        return issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: .real, model: nil,
                entry: name, control: .awaiting, isAdmitted: true, size: size, dueAt: deadline))
    }

    /// Lets a request that waited hold its model.
    mutating func hold(_ facts: ServedFacts, by number: UInt64) {
        guard var ticket = tickets[number] else { return }
        models.retain(facts.served)
        (ticket.model, ticket.entry, ticket.control) = (facts.served, nil, nil)
        ticket.dueAt = ticket.dueAt.map { $0 + Self.graceMicroseconds }
        tickets[number] = ticket
    }

    private mutating func checkAdmission(
        _ provenance: Provenance, connection: UInt64, size: Int, now: UInt64
    ) throws(ServiceError) {
        let verdict = admission.admit(size: size, connection: connection, now: now)
        if case .refused(let pause) = verdict {
            counters.add(.requestsOverloaded, provenance: provenance)
            throw ServiceError(
                .resourceExhausted, .overloaded,
                "accepting one more request: \(admission.outstandingCount) requests and "
                    + "\(admission.outstandingSize) bytes are waiting, allowed: "
                    + "\(limits.outstandingMax) and \(limits.outstandingSizeMax), a share for each "
                    + "connection, and a wait of \(limits.waitMicrosecondsMax / 1_000_000) s",
                retryAfterMilliseconds: pause)
        }
    }

    /// Issues a ticket for an operation on `entry`.
    package mutating func admitControl(
        _ control: Control, of entry: String, provenance: Provenance, connection: UInt64,
        requestID: UInt64, deadline: UInt64?
    ) -> UInt64 {
        issue(
            Ticket(
                connection: connection, requestID: requestID, provenance: provenance, model: nil,
                entry: entry, control: control, size: 0, dueAt: deadline))
    }

    /// Returns a number for work without a request, such as the loads of the start. No connection
    /// gets the events.
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

    /// Ends a ticket. Call once at the final event, also when the connection is gone.
    package mutating func finish(_ number: UInt64, now: UInt64) {
        guard let ticket = tickets.removeValue(forKey: number) else {
            preconditionFailure("ticket \(number) ended twice")
        }
        counters.subtract(.requestsInFlight, provenance: ticket.provenance)
        if let entry = ticket.entry, unloads[entry]?.ticket == number { unloads[entry] = nil }
        if ticket.isAdmitted {
            admission.finish(size: ticket.size, connection: ticket.connection, now: now)
        }
        if let model = ticket.model { removed(models.release(model)) }
    }

    /// Time at which the request of a ticket ends without an answer, or nil for never.
    package func deadline(of number: UInt64) -> UInt64? { tickets[number]?.dueAt }

    /// True when the ticket belongs to a request for the engine.
    func holdsModel(_ number: UInt64) -> Bool { tickets[number]?.model != nil }

    // MARK: - Unloads

    /// Starts to unload a model for `ticket`. The answer comes through `completions`.
    package mutating func beginUnload(
        _ name: String, ticket: UInt64, now: UInt64
    ) throws(ServiceError) {
        let gone = try models.beginUnload(name)
        unloads[name] = (ticket, now + limits.drainMicroseconds)
        removed(gone)
    }

    /// Hands over what left the registry.
    mutating func removed(_ departure: ModelRegistry.Departure) {
        for model in departure.models {
            forgetHealth(of: model)
            removals.append(model)
        }
        guard let entry = departure.entry else { return }
        counters.add(.modelsUnloaded, provenance: entry.facts?.provenance ?? .real)
        if let waiting = unloads.removeValue(forKey: entry.name) {
            completions.append((waiting.ticket, .unloaded))
        } else {
            audit.gone(entry.name)
        }
    }

    // MARK: - Time

    /// Time the last output of a connection has to leave: short in a drain and after a breach of
    /// the protocol, long for a slow reader of a last answer.
    package func flushMicroseconds(after reason: ServiceError?) -> UInt64 {
        if isDraining { return limits.drainFlushMicroseconds }
        return reason == nil ? limits.lastAnswerMicroseconds : limits.lastWordMicroseconds
    }

    /// Time of the next look at connections (`crowd`) and unloads (`expired`), or the largest
    /// number when nothing needs one.
    package var nextLook: UInt64 {
        let next = crowd.nextLook ?? .max
        return unloads.isEmpty ? next : unloads.values.lazy.map(\.until).reduce(next, min)
    }

    /// True when neither `removals` nor `completions` has anything for the owner.
    package var isSettled: Bool { removals.isEmpty && completions.isEmpty }

    /// Returns requests whose model has been loaded. The owner starts each.
    package mutating func takeResumed() -> [Work] {
        defer { resumed = [] }
        return resumed
    }

    /// True when the owner has a waiting load to start, perhaps, or a record to write.
    package var hasLoadsOrRecords: Bool { loads.waitingCount > 0 || !audit.ended.isEmpty }

    /// Returns tickets to cancel at `now`, each once: the requests of a model whose unload has
    /// waited long enough. Their answers are due soon.
    package mutating func expired(now: UInt64) -> [UInt64] {
        let overdue = Set(unloads.filter { $0.value.until <= now }.keys)
        for name in overdue { unloads[name]?.until = .max }
        let found = tickets.filter { $0.value.model.map { overdue.contains($0.name) } ?? false }
            .keys.sorted()
        for number in found { cancel(number, now: now) }
        return found
    }

    /// Returns all tickets, for the end of a drain. The owner cancels their work, and their answers
    /// are due soon.
    package mutating func cancelAll(now: UInt64) -> [UInt64] {
        let found = tickets.keys.sorted()
        for number in found { cancel(number, now: now) }
        return found
    }

    /// Makes the answer of a cancelled request due soon. Does nothing for loads, unloads and
    /// verifications.
    mutating func cancel(_ number: UInt64, now: UInt64) {
        guard tickets[number]?.model != nil else { return }
        let due = now + Self.graceMicroseconds
        guard due < tickets[number]?.dueAt ?? .max else { return }
        tickets[number]?.dueAt = due
        tickets[number]?.dueReason = .cancelled
        nextDue = min(due, nextDue ?? due)
    }

    /// Returns answers that are due at `now`, each once, in order of acceptance. The tickets stay,
    /// because the engine's resources for them count until the engine lets go.
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
            guard let entry = tickets[number]?.entry, let control = tickets[number]?.control
            else { continue }
            completions.append((number, .failed(.deadline("\(control) model \"\(entry)\""))))
        }
        return due
    }
}
