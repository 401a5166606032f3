// The switch over message kinds: immediate answers, and requests that become work.
//
// Guarantees: a request addressed to a model is checked in a fixed order, and the first refusal is
// the answer: places on the connection, body, model, its state, the requirements, draining,
// admission. Nothing is computed before all checks pass. The taint of a refusal is as precise as
// the facts known by then (see Taint.swift).

import Wire

extension ConnectionMachine {
    /// Answers, refuses or hands over a request of a known kind.
    mutating func respond(
        _ kind: MessageKind, _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        switch kind {
        case .health:
            health(frame, now: now, context: &context, effects: &effects)
        case .models:
            list(frame, context: &context, effects: &effects)
        case .stats:
            stats(frame, context: &context, effects: &effects)
        case .cancel:
            cancel(frame, now: now, context: &context, effects: &effects)
        case .load:
            load(frame, now: now, context: &context, effects: &effects)
        case .unload:
            unload(frame, now: now, context: &context, effects: &effects)
        case .tokenize:
            accept(frame, now, &context, &effects) { .tokenize($0) }
        case .detokenize:
            accept(frame, now, &context, &effects) { .detokenize($0) }
        case .generate:
            accept(frame, now, &context, &effects) { .generate($0) }
        case .logits:
            accept(frame, now, &context, &effects) { .logits($0) }
        case .score:
            accept(frame, now, &context, &effects) { .score($0) }
        case .embed:
            let revision = revision
            accept(frame, now, &context, &effects) { (request: EmbedRequest) in
                .embed(request.read(in: revision))
            }
        case .render:
            accept(frame, now, &context, &effects) { .render($0) }
        case .swap, .rollback, .pin, .alias:
            let error = ServiceError(
                .unimplemented, .kindUnimplemented, "answering a request: \(kind) is not served")
            refuse(error, frame.header, .untainted, &context, &effects)
        case .hello, .ping, .goAway:
            preconditionFailure("\(kind) is answered before this switch")
        }
    }

    // MARK: - Work for the engine

    private mutating func accept<Message: ModelAddressing>(
        _ frame: Frame, _ now: UInt64, _ context: inout ServiceContext,
        _ effects: inout ConnectionEffects, _ request: (Message) -> Work.Request
    ) {
        var taint = context.unreadableTaint
        var generation: UInt32 = 0
        do throws(ServiceError) {
            try checkPlaces(context)
            let message = try Self.decode(Message.self, frame)
            try (message as? any TemplateRequest)?.conversation?.check()
            taint = .untainted
            let entry = try context.models.addressed(message.model)
            if let facts = entry.facts { taint = Taint(addressing: facts) }
            generation = entry.facts?.generation ?? 0
            let facts = try context.models.ready(entry)
            try message.requirements?.check(against: facts)
            try checkDraining(context)
            let ticket = try context.admit(
                facts, connection: id, requestID: frame.header.requestID,
                size: frame.header.rawSize,
                deadline: Self.deadline(frame.header, now: now), now: now)
            if message.context?.attempt ?? 1 > 1 {
                context.counters.add(.requestsRetried, provenance: facts.provenance)
            }
            start(
                frame, ticket, request(message), message.context, facts, taint, now: now,
                effects: &effects)
        } catch {
            refuse(error, frame.header, taint, generation: generation, &context, &effects)
        }
    }

    private mutating func start(
        _ frame: Frame, _ ticket: UInt64, _ request: Work.Request,
        _ requestContext: RequestContext?, _ facts: ServedFacts?, _ taint: Taint, now: UInt64,
        effects: inout ConnectionEffects
    ) {
        effects.work.append(
            register(frame, ticket, request, requestContext, facts, taint, now: now))
    }

    /// Takes a request into the requests in flight. Returns its work.
    mutating func register(
        _ frame: Frame, _ ticket: UInt64, _ request: Work.Request,
        _ requestContext: RequestContext?, _ facts: ServedFacts?, _ taint: Taint, now: UInt64
    ) -> Work {
        guard let kind = frame.header.kind else { preconditionFailure("work of no kind") }
        requests[frame.header.requestID] = RequestMachine(
            requestID: frame.header.requestID, kind: kind, ticket: ticket, receivedAt: now,
            facts: facts, taint: taint)
        // Room for the field's header and the frame's number in a frame of the peer's size.
        let number = revision >= 3 ? Limits.fieldHeaderSize + MemoryLayout<UInt64>.size : 0
        let chunkSize = min(logitsChunkSize, peerBodySizeMax - Limits.fieldHeaderSize - number)
        return Work(
            ticket: ticket, request: request, model: facts, receivedAt: now,
            deadline: Self.deadline(frame.header, now: now), logitsChunkCount: chunkSize / 4,
            answerSizeMax: peerBodySizeMax, connection: id, context: requestContext,
            principal: principal)
    }

    private var logitsChunkSize: Int { ServiceLimits.logitsChunkSize }

    static func deadline(_ header: FrameHeader, now: UInt64) -> UInt64? {
        header.deadlineMilliseconds == 0
            ? nil : now + UInt64(header.deadlineMilliseconds) * 1000
    }

    func checkPlaces(_ context: borrowing ServiceContext) throws(ServiceError) {
        guard requests.count >= context.limits.inFlightMax else { return }
        throw ServiceError(
            .resourceExhausted, .inFlightExceeded,
            "accepting one more request: \(requests.count) are in flight on this connection, "
                + "allowed: \(context.limits.inFlightMax)", retryAfterMilliseconds: 10)
    }

    func checkDraining(_ context: borrowing ServiceContext) throws(ServiceError) {
        guard context.isDraining || phase == .draining else { return }
        throw ServiceError(
            .unavailable, .draining, "accepting one more request: the server is shutting down")
    }

    // MARK: - Answers made here

    private mutating func cancel(
        _ frame: Frame, now: UInt64, context: inout ServiceContext,
        effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            let message = try Self.decode(CancelRequest.self, frame)
            // An unload cannot be taken back, because its model refuses requests already.
            let target = requests[message.target].flatMap { $0.kind == .unload ? nil : $0 }
            var taint = Taint.untainted
            if let target {
                taint.absorb(target.provenance)
                effects.cancelled.append(target.ticket)
                context.cancel(target.ticket, now: now)
                context.counters.add(.requestsCancelled, provenance: target.provenance)
            }
            send(CancelResponse(found: target != nil), to: frame.header, taint, &context, &effects)
        } catch {
            refuse(error, frame.header, context.unreadableTaint, &context, &effects)
        }
    }

    private mutating func health(
        _ frame: Frame, now: UInt64, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        var taint = context.unreadableTaint
        var generation: UInt32 = 0
        do throws(ServiceError) {
            let message = try Self.decode(HealthRequest.self, frame)
            guard message.model != nil || message.requirements != nil || message.verify else {
                return send(context.serverHealth, to: frame.header, taint, &context, &effects)
            }
            taint = .untainted
            let entry = try context.models.addressed(message.model)
            if let facts = entry.facts { taint = Taint(addressing: facts) }
            generation = entry.facts?.generation ?? 0
            if let requirements = message.requirements {
                try requirements.check(against: try context.models.ready(entry))
            }
            if message.verify {
                return try verify(
                    entry, frame, taint, now: now, context: &context, effects: &effects)
            }
            send(
                context.health(of: entry), to: frame.header, taint, generation: generation,
                &context, &effects)
        } catch {
            refuse(error, frame.header, taint, generation: generation, &context, &effects)
        }
    }

    /// Hands a verification over. The answer is a Health answer.
    private mutating func verify(
        _ entry: ModelRegistry.Entry, _ frame: Frame, _ taint: Taint, now: UInt64,
        context: inout ServiceContext, effects: inout ConnectionEffects
    ) throws(ServiceError) {
        try checkPlaces(context)
        let facts = try context.models.ready(entry)
        try checkDraining(context)
        try context.beginVerification(of: facts)
        let ticket = context.admitControl(
            .verifying, of: entry.name, provenance: taint.provenance, connection: id,
            requestID: frame.header.requestID, deadline: Self.deadline(frame.header, now: now))
        start(frame, ticket, .verify, nil, facts, taint, now: now, effects: &effects)
    }

    private func list(
        _ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            _ = try Self.decode(ModelsRequest.self, frame)
            try checkOutput(effects, context)
            let models = context.models.entries.map { ModelInfo($0) }.sorted { $0.name < $1.name }
            send(
                ModelsResponse(models: models), to: frame.header, .untainted, &context, &effects)
        } catch {
            refuse(error, frame.header, .untainted, &context, &effects)
        }
    }

    private func stats(
        _ frame: Frame, context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        do throws(ServiceError) {
            _ = try Self.decode(StatsRequest.self, frame)
            try checkOutput(effects, context)
            context.counters.set(
                .modelsNotCausal, to: context.models.entries.count { $0.facts?.isCausal == false })
            let answer = StatsResponse(counters: context.counters.records(in: revision))
            var taint = Taint.untainted
            taint.absorb(answer.provenance)
            send(answer, to: frame.header, taint, &context, &effects)
        } catch {
            refuse(error, frame.header, .untainted, &context, &effects)
        }
    }

    /// Bounds the answers to a single read, because a request of 32 bytes can ask for kilobytes.
    private func checkOutput(
        _ effects: borrowing ConnectionEffects, _ context: borrowing ServiceContext
    ) throws(ServiceError) {
        guard effects.output.count > context.limits.outputHighSize else { return }
        throw ServiceError(
            .resourceExhausted, .overloaded,
            "answering at once: \(effects.output.count) bytes of answers are waiting already",
            retryAfterMilliseconds: 10)
    }

    // MARK: - Frames

    func send(
        _ message: some ResponseMessage, to header: FrameHeader, _ taint: Taint,
        generation: UInt32 = 0, _ context: inout ServiceContext,
        _ effects: inout ConnectionEffects
    ) {
        do throws(WireError) {
            try effects.output.appendResponse(
                message, to: header.requestID, provenance: taint.provenance,
                generation: generation)
            context.counters.add(.answersOK, provenance: taint.provenance)
        } catch {
            let tooLarge = ServiceError(.outOfRange, .init(error.code.name), error.message)
            refuse(tooLarge, header, taint, generation: generation, &context, &effects)
        }
    }

    /// Writes the only frame of a refused request. The connection lives on.
    func refuse(
        _ error: ServiceError, _ header: FrameHeader, _ taint: Taint, generation: UInt32 = 0,
        _ context: inout ServiceContext, _ effects: inout ConnectionEffects
    ) {
        context.counters.add(.answersFailed, provenance: taint.provenance)
        effects.output.appendError(
            ErrorBody(error, context.serverLoad(withoutOne: false)), status: error.status,
            toKind: header.kindByte,
            requestID: header.requestID, provenance: taint.provenance, generation: generation)
    }
}
