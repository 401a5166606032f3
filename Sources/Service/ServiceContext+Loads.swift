// Loads among the shared state: whose turn is next, which waiting loads end early, and the audit.

import Wire

extension ServiceContext {
    /// Returns the loads whose turn has come, in order. The owner starts each.
    package mutating func takeLoads() -> [Work] {
        guard loads.waitingCount > 0 else { return [] }
        var due: [Work] = []
        while let work = loads.next(abandonedCount: abandonedLoadCount) { due.append(work) }
        return due
    }

    /// Ends a load that waits for its turn, as if nobody had asked for the model. The answer comes
    /// through `completions`. Returns false when `ticket` is no waiting load.
    package mutating func cancelWaitingLoad(_ ticket: UInt64) -> Bool {
        guard let work = loads.remove(ticket) else { return false }
        let attempt = forget(work)
        completions.append((ticket, .failed(.cancelled(attempt))))
        return true
    }

    /// Refuses all loads that wait for their turn, because the server shuts down. Running loads go
    /// on. The answers come through `completions`.
    package mutating func refuseWaitingLoads() {
        for work in loads.removeAll() {
            let attempt = forget(work)
            let error = ServiceError(
                .unavailable, .draining,
                "\(attempt): the server is shutting down, and the load had not begun")
            completions.append((work.ticket, .failed(error)))
        }
    }

    /// Gives up a load or a swap. Returns what was attempted, for an error.
    private mutating func forget(_ work: Work) -> String {
        switch work.request {
        case .load(let request):
            models.abandonLoad(request.name)
            if isDraining {
                failReload(request.name, "the server is shutting down", now: work.receivedAt)
            }
            return "loading model \"\(request.name)\""
        case .swap(let request):
            models.abandonSwap(request.name)
            return "swapping model \"\(request.name)\""
        default: preconditionFailure("ticket \(work.ticket) waits among the loads and is none")
        }
    }

    /// Switches to the candidate of a swap. Returns the entry and the number of the generation
    /// before.
    package mutating func finishSwap(
        _ facts: ServedFacts
    ) -> (ModelRegistry.Entry, previous: UInt32) {
        let (previous, gone) = models.finishSwap(facts)
        removed(gone)
        guard let entry = models.entry(facts.name) else {
            preconditionFailure("\(facts.served) left while a swap made it active")
        }
        return (entry, previous)
    }

    /// Notes the final event of a ticket: frees the place of a load and ends its record. The owner
    /// calls this before every delivery of a final event, also when nobody waits for the event.
    package mutating func conclude(_ ticket: UInt64, _ event: WorkEvent) {
        loads.end(ticket)
        concludeHealth(ticket, event)
        audit.end(ticket, event, models)
    }

    /// Begins the record of a request that changes models.
    func auditRecord(
        _ action: AuditRecord.Action, of model: String, path: String? = nil, label: String? = nil,
        by peer: String, connection: UInt64, token: String? = nil
    ) -> AuditRecord {
        AuditRecord(
            action, of: model, path: path, label: label, by: peer, connection: connection,
            token: token, before: AuditRecord.Model(models.entry(model), label: label))
    }

    /// Begins a load of the server's start, which runs beside the loads of peers and does not wait
    /// for a turn. Returns its ticket.
    package mutating func beginStartLoad(_ request: LoadRequest) -> UInt64 {
        let ticket = reserveTicket()
        loads.begin(ticket)
        let record = auditRecord(
            .load, of: request.name, path: request.path, by: "start", connection: 0)
        audit.begin(record, ticket: ticket)
        return ticket
    }
}
