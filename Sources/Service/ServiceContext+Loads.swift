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
        let name = forget(work)
        completions.append((ticket, .failed(.cancelled("loading model \"\(name)\""))))
        return true
    }

    /// Refuses all loads that wait for their turn, because the server shuts down. Running loads go
    /// on. The answers come through `completions`.
    package mutating func refuseWaitingLoads() {
        for work in loads.removeAll() {
            let name = forget(work)
            let error = ServiceError(
                .unavailable, .draining,
                "loading model \"\(name)\": the server is shutting down, and the load had not "
                    + "begun")
            completions.append((work.ticket, .failed(error)))
        }
    }

    private mutating func forget(_ work: Work) -> String {
        guard case .load(let request) = work.request else {
            preconditionFailure("ticket \(work.ticket) waits among the loads and is none")
        }
        models.abandonLoad(request.name)
        return request.name
    }

    /// Notes the final event of a ticket: frees the place of a load and ends its record. The owner
    /// calls this before every delivery of a final event, also when nobody waits for the event.
    package mutating func conclude(_ ticket: UInt64, _ event: WorkEvent) {
        loads.end(ticket)
        audit.end(ticket, event, models)
    }

    /// Begins the record of a load or an unload.
    func auditRecord(
        _ action: AuditRecord.Action, of model: String, path: String? = nil, by peer: String,
        connection: UInt64, token: String? = nil
    ) -> AuditRecord {
        AuditRecord(
            action, of: model, path: path, by: peer, connection: connection, token: token,
            fingerprint: models.entry(model)?.facts?.fingerprint)
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
