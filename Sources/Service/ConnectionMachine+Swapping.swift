// Swaps, rollbacks, pins and labels: who may, and who waits for a turn.
//
// Guarantees: the right comes first, as for a Load. A swap takes its turn among the loads. The
// others are done when they are answered. Each request whose body was read leaves a record in the
// audit, refused or not.

import PlainText
import Wire

extension ConnectionMachine {
    mutating func swap(
        _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            try checkPlaces(context)
            let message = try Self.decode(SwapRequest.self, frame)
            let record = context.auditRecord(
                .swap, of: message.name, path: message.path, by: peer, connection: id)
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

    /// Lets a swap wait for its turn, which may come at once.
    private mutating func queue(
        _ message: SwapRequest, _ record: AuditRecord, _ frame: Frame, now: UInt64,
        _ context: inout ServiceContext
    ) throws(ServiceError) {
        try context.checkLoading(byOwner: isOwner)
        try checkDraining(context)
        try context.loads.checkRoom(for: id, abandonedCount: context.abandonedLoadCount)
        try context.models.beginSwap(message.name)
        let ticket = context.admitControl(
            .swapping, of: message.name, provenance: .real, connection: id,
            requestID: frame.header.requestID,
            deadline: Self.deadline(frame.header, now: now))
        context.audit.begin(record, ticket: ticket)
        context.loads.add(
            register(frame, ticket, .swap(message), nil, nil, .untainted, now: now))
    }

    func rollback(
        _ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        change(RollbackRequest.self, .rollback, frame, &context, &effects) {
            (message, context) throws(ServiceError) in
            context.removed(try context.models.rollback(message.name))
            context.counters.add(.rollbacks)
            return .rolledBack
        } answer: {
            RollbackResponse(model: $0)
        }
    }

    func pin(_ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects) {
        change(PinRequest.self, .pin, frame, &context, &effects) {
            (message, context) throws(ServiceError) in
            let isPinned = message.pinned
            try context.models.setPinned(isPinned, message.name)
            return isPinned ? .pinned : .unpinned
        } answer: {
            PinResponse(model: $0)
        }
    }

    func alias(_ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects) {
        change(AliasRequest.self, .alias, frame, &context, &effects) {
            (message, context) throws(ServiceError) in
            guard isPlain(message.label) else {
                throw .nameNotPlain("labelling model \"\(message.name)\"", field: "label")
            }
            let gone = try context.models.setLabel(
                message.label, of: message.name, to: message.generation, share: message.share)
            context.removed(gone)
            return message.generation == 0 ? .unlabelled : .labelled
        } answer: {
            AliasResponse(model: $0)
        }
    }

    /// Carries out a change at once. Its answer has the model as it is afterwards.
    private func change<Message: ModelChange>(
        _ type: Message.Type, _ action: AuditRecord.Action, _ frame: Frame,
        _ context: inout ServiceContext, _ effects: inout ConnectionEffects,
        _ apply: (Message, inout ServiceContext) throws(ServiceError) -> AuditRecord.Change,
        answer: (ModelInfo) -> some ResponseMessage
    ) {
        var taint = context.unreadableTaint
        var generation: UInt32 = 0
        do throws(ServiceError) {
            try checkPlaces(context)
            let message = try Self.decode(Message.self, frame)
            taint = .untainted
            let record = context.auditRecord(
                action, of: message.name, label: message.labelOfAlias, by: peer, connection: id)
            do throws(ServiceError) {
                try context.checkLoading(byOwner: isOwner)
                if let facts = context.models.entry(message.name)?.facts {
                    (taint, generation) = (Taint(addressing: facts), facts.generation)
                }
                context.audit.note(record, try apply(message, &context), context.models)
            } catch {
                context.audit.refuse(record, error)
                throw error
            }
            guard let entry = context.models.entry(message.name), let facts = entry.facts else {
                preconditionFailure("\(action) of \"\(message.name)\", which is not in service")
            }
            taint.absorb(facts.provenance)
            send(
                answer(ModelInfo(entry)), to: frame.header, taint, generation: facts.generation,
                &context, &effects)
        } catch {
            refuse(error, frame.header, taint, generation: generation, &context, &effects)
        }
    }
}

/// A request that changes a model and is answered at once.
private protocol ModelChange: RequestMessage {
    var name: String { get }
    /// Label of an Alias, nil for others.
    var labelOfAlias: String? { get }
}

extension ModelChange {
    fileprivate var labelOfAlias: String? { nil }
}

extension RollbackRequest: ModelChange {}
extension PinRequest: ModelChange {}
extension AliasRequest: ModelChange {
    fileprivate var labelOfAlias: String? { label }
}
