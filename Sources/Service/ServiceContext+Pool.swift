// Requests that wait for a model to be loaded, and models that leave memory.
//
//   request for an evicted model --> parked --> its load ends --> engine, or an error
//
// Guarantees:
// - A parked request counts in the admission like any other, and ends at its deadline.
// - A request gets the model's requirements checked against the model that was loaded.
// - A load that just failed is not repeated for a second.

import Wire

extension ServiceContext {
    /// Pause after a failed reload, in microseconds.
    static let reloadPauseMicroseconds: UInt64 = 1_000_000

    /// Admits a request for an evicted model, or throws when the request may not wait.
    mutating func park(
        _ entry: ModelRegistry.Entry, connection: UInt64, requestID: UInt64, size: Int,
        deadline: UInt64?, now: UInt64
    ) throws(ServiceError) -> UInt64 {
        guard limits.eviction != .refuse else {
            throw .evicted(entry.name, "requests do not load it (eviction = refuse)", pause: 1000)
        }
        if let until = reloadPauses[entry.name], until > now {
            let reason = entry.loadFailure.map { "it did not load again: \($0)" } ?? ""
            throw .evicted(entry.name, reason, pause: (until - now) / 1000 + 1)
        }
        return try admitWaiting(
            for: entry.name, connection: connection, requestID: requestID, size: size,
            deadline: deadline, now: now)
    }

    /// Keeps a request until its model is loaded, and starts the load.
    mutating func wait(_ work: Work, for name: String) {
        parked[name, default: []].append(work)
        guard models.entry(name)?.isEvicted == true else { return }
        models.beginReload(name)
        let ticket = reserveTicket()
        let record = auditRecord(.load, of: name, by: "request", connection: work.connection)
        audit.begin(record, ticket: ticket)
        loads.add(
            Work(
                ticket: ticket, request: .load(LoadRequest(name: name, path: "")), model: nil,
                receivedAt: work.receivedAt, deadline: nil, logitsChunkCount: 0, answerSizeMax: 0))
    }

    /// Hands the parked requests of a model that is ready over to the engine. The owner takes them
    /// from `resumed`.
    package mutating func resume(_ name: String) {
        reloadPauses[name] = nil
        for work in parked.removeValue(forKey: name) ?? [] {
            guard tickets[work.ticket] != nil, let entry = models.entry(name) else { continue }
            do throws(ServiceError) {
                let facts = try models.ready(ModelRegistry.Target(entry, entry.active))
                try work.request.addressing?.requirements?.check(against: facts)
                hold(facts, by: work.ticket)
                completions.append((work.ticket, .admitted(facts)))
                resumed.append(work.with(facts))
            } catch {
                completions.append((work.ticket, .failed(error)))
            }
        }
    }

    /// Ends the requests that wait for a model whose load failed.
    package mutating func failReload(_ name: String, _ reason: String, now: UInt64) {
        reloadPauses[name] = now + Self.reloadPauseMicroseconds
        let pause = Self.reloadPauseMicroseconds / 1000
        for work in parked.removeValue(forKey: name) ?? [] {
            let error = ServiceError.evicted(name, "it did not load again: \(reason)", pause: pause)
            completions.append((work.ticket, .failed(error)))
        }
    }

    /// Ends the wait of a request. Returns false when `ticket` is not parked.
    package mutating func cancelParked(_ ticket: UInt64) -> Bool {
        for (name, works) in parked where works.contains(where: { $0.ticket == ticket }) {
            parked[name] = works.filter { $0.ticket != ticket }
            let attempt = "awaiting model \"\(name)\""
            completions.append((ticket, .failed(.cancelled(attempt))))
            return true
        }
        return false
    }

    /// Takes a generation out of memory.
    package mutating func evict(_ model: ServedModel) {
        counters.add(.modelsEvicted)
        removed(models.evict(model))
    }
}

extension ServiceError {
    /// Refusal of a request to a model that is out of memory.
    static func evicted(_ name: String, _ reason: String, pause: UInt64) -> ServiceError {
        ServiceError(
            .unavailable, .modelEvicted,
            "asking model \"\(name)\": it is out of memory"
                + (reason.isEmpty ? "" : ", and \(reason)"),
            field: "model", retryAfterMilliseconds: pause)
    }
}

extension Work.Request {
    /// The request as one to a model, if it is one.
    var addressing: (any ModelAddressing)? {
        switch self {
        case .tokenize(let request): request
        case .detokenize(let request): request
        case .generate(let request): request
        case .logits(let request): request
        case .score(let request): request
        case .embed(let request): request
        case .render(let request): request
        case .load, .swap, .verify: nil
        }
    }
}
