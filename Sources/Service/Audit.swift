// The audit: one record for every load, every unload and every refused right. Pure.
//
// Guarantees:
// - A load or an unload that was begun gets its record when it ends, also when the peer has gone.
// - An unload that was answered early (a deadline) gets a second record when the model is gone.
// - Records in progress are bounded by the loads, the unloads and the registry's entries. Ended
//   records wait for the owner, who takes them after every call.
// Does not: write. The owner hands the records to the log.

/// A load, an unload or a refused right, with its outcome.
package struct AuditRecord: Sendable, Equatable {
    package enum Action: String, Sendable { case load, unload }

    /// Address of a TCP peer, `uid N` of a Unix peer, or `start` for the operator's own models.
    package let peer: String
    /// Connection of the request, or 0 for the operator's own models.
    package let connection: UInt64
    /// Name of the token that asked, or nil on a server without tokens.
    package let token: String?
    package let action: Action
    /// Name of the model, as the peer wrote it.
    package let model: String
    /// Path of a load, as the peer wrote it.
    package let path: String?
    /// `loaded`, `unloaded`, or the code of the error.
    package fileprivate(set) var outcome = "running"
    /// SHA-256 of the model served under the name before, or nil for none.
    package let fingerprintBefore: [UInt8]?
    /// SHA-256 of the model served under the name afterwards, or nil for none.
    package fileprivate(set) var fingerprintAfter: [UInt8]?
    /// True when the request changed the served models.
    package var isChange: Bool { outcome == Self.loaded || outcome == Self.unloaded }

    fileprivate static let loaded = "loaded"
    fileprivate static let unloaded = "unloaded"

    /// Begins a record of a request.
    package init(
        _ action: Action, of model: String, path: String? = nil, by peer: String,
        connection: UInt64, token: String? = nil, fingerprint: [UInt8]?
    ) {
        (self.action, self.model, self.path) = (action, model, path)
        (self.peer, self.connection, self.token) = (peer, connection, token)
        fingerprintBefore = fingerprint
        fingerprintAfter = fingerprint
    }

    fileprivate func ended(_ outcome: String, fingerprint: [UInt8]?) -> AuditRecord {
        var record = self
        record.outcome = outcome
        record.fingerprintAfter = fingerprint
        return record
    }
}

/// The records of a server. A value owned by the loop thread.
package struct AuditTrail: Sendable {
    /// Records of running loads and unloads by ticket.
    private var running: [UInt64: AuditRecord] = [:]
    /// Records of unloads whose answer came before the model was gone, by name.
    private var answered: [String: AuditRecord] = [:]
    /// Ended records, in order.
    package private(set) var ended: [AuditRecord] = []

    /// Notes a load or an unload that begins.
    package mutating func begin(_ record: AuditRecord, ticket: UInt64) { running[ticket] = record }

    /// Notes a load or an unload that was refused before it began.
    mutating func refuse(_ record: AuditRecord, _ error: ServiceError) {
        ended.append(record.ended(error.code.name, fingerprint: record.fingerprintBefore))
    }

    /// Notes the end of a load or an unload. Does nothing for any other ticket.
    ///
    /// - Parameter registry: the models after the end.
    mutating func end(_ ticket: UInt64, _ event: WorkEvent, _ registry: borrowing ModelRegistry) {
        guard let record = running.removeValue(forKey: ticket) else { return }
        let entry = registry.entry(record.model)
        let outcome: String
        switch event {
        case .loaded: outcome = AuditRecord.loaded
        case .unloaded: outcome = AuditRecord.unloaded
        case .failed(let error): outcome = error.code.name
        default: preconditionFailure("\(record.action) of \"\(record.model)\" ends with \(event)")
        }
        if record.action == .unload, entry?.state == .draining { answered[record.model] = record }
        ended.append(record.ended(outcome, fingerprint: entry?.facts?.fingerprint))
    }

    /// Notes that a model is gone whose unload was answered before.
    mutating func gone(_ name: String) {
        guard let record = answered.removeValue(forKey: name) else { return }
        ended.append(record.ended(AuditRecord.unloaded, fingerprint: nil))
    }

    /// Returns the ended records, each once.
    package mutating func takeEnded() -> [AuditRecord] {
        guard !ended.isEmpty else { return [] }
        defer { ended = [] }
        return ended
    }
}
