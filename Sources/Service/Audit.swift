// The audit: one record for every request that changes models, and every refused right. Pure.
//
// Guarantees:
// - A load, a swap or an unload that was begun gets its record when it ends, also when the peer has
//   gone.
// - An unload that was answered early (a deadline) gets a second record when the model is gone.
// - Records in progress are bounded by the loads, the unloads and the registry's entries. Ended
//   records wait for the owner, who takes them after every call.
// Does not: write. The owner hands the records to the log.

/// A request that changes models, or a refused right, with its outcome.
package struct AuditRecord: Sendable, Equatable {
    package enum Action: String, Sendable { case load, unload, swap, rollback, pin, alias }

    /// The generation behind a name, or behind a label for an alias.
    package struct Model: Sendable, Equatable {
        /// Number of the generation, or 0 for none.
        package let generation: UInt32
        /// SHA-256 of the generation's file, or nil for none.
        package let fingerprint: [UInt8]?

        package static let none = Model(generation: 0, fingerprint: nil)

        init(_ entry: ModelRegistry.Entry?, label: String? = nil) {
            var found = entry?.active
            if let label {
                let number = entry?.labels.first { $0.name == label }?.generation
                found = number.flatMap { entry?.generation($0) }
            }
            self.init(generation: found?.number ?? 0, fingerprint: found?.facts.fingerprint)
        }

        private init(generation: UInt32, fingerprint: [UInt8]?) {
            (self.generation, self.fingerprint) = (generation, fingerprint)
        }
    }

    /// Address of a TCP peer, `uid N` of a Unix peer, or `start` for the operator's own models.
    package let peer: String
    /// Connection of the request, or 0 for the operator's own models.
    package let connection: UInt64
    package let action: Action
    /// Name of the model, as the peer wrote it.
    package let model: String
    /// Path of a load or a swap, as the peer wrote it.
    package let path: String?
    /// Label of an alias, as the peer wrote it.
    package let label: String?
    /// The change that was made, or the code of the error.
    package fileprivate(set) var outcome = "running"
    /// The generation that served under the name before.
    package let before: Model
    /// The generation that serves under the name afterwards.
    package fileprivate(set) var after: Model
    /// True when the request changed the served models.
    package fileprivate(set) var isChange = false

    /// A change that a request made. Named in the record.
    enum Change: String {
        case loaded, unloaded, swapped, pinned, unpinned, labelled, unlabelled
        case rolledBack = "rolled_back"
    }

    /// Begins a record of a request.
    package init(
        _ action: Action, of model: String, path: String? = nil, label: String? = nil,
        by peer: String, connection: UInt64, before: Model
    ) {
        (self.action, self.model, self.path, self.label) = (action, model, path, label)
        (self.peer, self.connection) = (peer, connection)
        (self.before, after) = (before, before)
    }

    fileprivate func ended(_ change: Change, after: Model) -> AuditRecord {
        var record = self
        (record.outcome, record.after, record.isChange) = (change.rawValue, after, true)
        return record
    }

    fileprivate func ended(_ error: ServiceError, after: Model) -> AuditRecord {
        var record = self
        (record.outcome, record.after) = (error.code.name, after)
        return record
    }
}

/// The records of a server. A value owned by the loop thread.
package struct AuditTrail: Sendable {
    /// Records of running loads, swaps and unloads by ticket.
    private var running: [UInt64: AuditRecord] = [:]
    /// Records of unloads whose answer came before the model was gone, by name.
    private var answered: [String: AuditRecord] = [:]
    /// Ended records, in order.
    package private(set) var ended: [AuditRecord] = []

    /// Notes a load, a swap or an unload that begins.
    package mutating func begin(_ record: AuditRecord, ticket: UInt64) { running[ticket] = record }

    /// Notes a request that was refused before it began.
    mutating func refuse(_ record: AuditRecord, _ error: ServiceError) {
        ended.append(record.ended(error, after: record.before))
    }

    /// Notes a change that was made at once.
    ///
    /// - Parameter registry: the models after the change.
    mutating func note(
        _ record: AuditRecord, _ change: AuditRecord.Change, _ registry: borrowing ModelRegistry
    ) {
        let after = AuditRecord.Model(registry.entry(record.model), label: record.label)
        ended.append(record.ended(change, after: after))
    }

    /// Notes the end of a load, a swap or an unload. Does nothing for any other ticket.
    ///
    /// - Parameter registry: the models after the end.
    mutating func end(_ ticket: UInt64, _ event: WorkEvent, _ registry: borrowing ModelRegistry) {
        guard let record = running.removeValue(forKey: ticket) else { return }
        let entry = registry.entry(record.model)
        let after = AuditRecord.Model(entry)
        if record.action == .unload, entry?.state == .draining { answered[record.model] = record }
        switch event {
        case .loaded: ended.append(record.ended(.loaded, after: after))
        case .swapped: ended.append(record.ended(.swapped, after: after))
        case .unloaded: ended.append(record.ended(.unloaded, after: after))
        case .failed(let error): ended.append(record.ended(error, after: after))
        default: preconditionFailure("\(record.action) of \"\(record.model)\" ends with \(event)")
        }
    }

    /// Notes that a model is gone whose unload was answered before.
    mutating func gone(_ name: String) {
        guard let record = answered.removeValue(forKey: name) else { return }
        ended.append(record.ended(.unloaded, after: .none))
    }

    /// Returns the ended records, each once.
    package mutating func takeEnded() -> [AuditRecord] {
        guard !ended.isEmpty else { return [] }
        defer { ended = [] }
        return ended
    }
}
