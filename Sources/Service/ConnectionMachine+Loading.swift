// Loads and unloads: who may, which names are allowed, and who waits for a turn.
//
// Guarantees: the right comes first, so that a refused peer learns nothing of models and names.
// Each load and unload whose body was read leaves a record in the audit, refused or not.

import PlainText
import Wire

extension ConnectionMachine {
    mutating func load(
        _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            try checkPlaces(context)
            let message = try Self.decode(LoadRequest.self, frame)
            let record = context.auditRecord(
                .load, of: message.name, path: message.path, by: peer, connection: id)
            do throws(ServiceError) {
                try queue(message, record, frame, now: now, &context)
            } catch {
                context.audit.refuse(record, error)
                throw error
            }
        } catch {
            refuse(error, frame.header, .untainted, &context, &effects)
        }
    }

    /// Lets a load wait for its turn, which may come at once.
    private mutating func queue(
        _ message: LoadRequest, _ record: AuditRecord, _ frame: Frame, now: UInt64,
        _ context: inout ServiceContext
    ) throws(ServiceError) {
        try context.checkLoading(byOwner: isOwner)
        guard isPlain(message.name) else { throw .nameNotPlain("loading a model") }
        try checkDraining(context)
        try context.loads.checkRoom(for: id, abandonedCount: context.abandonedLoadCount)
        try context.models.beginLoad(message.name)
        let ticket = context.admitControl(
            .loading, of: message.name, provenance: .real, connection: id,
            requestID: frame.header.requestID,
            deadline: Self.deadline(frame.header, now: now))
        context.audit.begin(record, ticket: ticket)
        context.loads.add(
            register(frame, ticket, .load(message), nil, nil, .untainted, now: now))
    }

    mutating func unload(
        _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        var taint = context.unreadableTaint
        var generation: UInt32 = 0
        do throws(ServiceError) {
            try checkPlaces(context)
            let message = try Self.decode(UnloadRequest.self, frame)
            taint = .untainted
            let record = context.auditRecord(.unload, of: message.name, by: peer, connection: id)
            do throws(ServiceError) {
                try context.checkLoading(byOwner: isOwner)
                guard let entry = context.models.entry(message.name) else {
                    throw context.models.unknown(message.name, field: "name")
                }
                if let facts = entry.facts { taint = Taint(addressing: facts) }
                generation = entry.generation
                try begin(entry, record, taint, frame, now: now, &context)
            } catch {
                context.audit.refuse(record, error)
                throw error
            }
        } catch {
            refuse(error, frame.header, taint, generation: generation, &context, &effects)
        }
    }

    /// Begins an unload, whose answer comes when the model is gone.
    private mutating func begin(
        _ entry: ModelRegistry.Entry, _ record: AuditRecord, _ taint: Taint, _ frame: Frame,
        now: UInt64, _ context: inout ServiceContext
    ) throws(ServiceError) {
        let ticket = context.admitControl(
            .unloading, of: entry.name, provenance: taint.provenance, connection: id,
            requestID: frame.header.requestID, deadline: Self.deadline(frame.header, now: now))
        requests[frame.header.requestID] = RequestMachine(
            requestID: frame.header.requestID, kind: .unload, ticket: ticket, receivedAt: now,
            facts: entry.facts, taint: taint)
        do throws(ServiceError) {
            try context.beginUnload(entry.name, ticket: ticket, now: now)
            context.audit.begin(record, ticket: ticket)
        } catch {
            requests[frame.header.requestID] = nil
            context.finish(ticket, now: now)
            throw error
        }
    }
}

extension ServiceError {
    /// A name or a label with characters that hide or reorder text.
    static func nameNotPlain(_ attempt: String, field: String = "name") -> ServiceError {
        ServiceError(
            .invalidArgument, Code(WireError.Code.fieldOutOfRange.name),
            "\(attempt): found a control, format or bidirectional character in its \(field), "
                + "allowed: visible characters and spaces", field: field)
    }
}
