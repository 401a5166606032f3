// The life of an accepted request on its connection: events in, frames out.
//
//                 chunk (flag more)
//                   ┌────┐
//      accepted ────┴────▼──── final event ──── finished
//
// A deadline or a Cancel makes an answer due before the engine gives it. The machine then ends a
// generation with the tokens sent so far, and any other request with an error.
//
// Guarantees:
// - A request gets exactly one frame without the flag `more`, as its last. Later events are
//   dropped.
// - Every frame carries the taint of everything that went into the answer so far.
// - An answer too large for the peer becomes an error, so the request still gets its last frame.

import Wire

/// A request in flight.
package struct RequestMachine: Sendable {
    package let requestID: UInt64
    package let kind: MessageKind
    package let ticket: UInt64
    private let receivedAt: UInt64
    private var facts: ServedFacts?
    private var taint: Taint
    private var generation: UInt32
    package private(set) var isFinished = false
    /// Written frames of a streamed answer.
    private var frameCount: UInt64 = 0
    /// Start, sent tokens and first token time of a generation, for an end without the engine.
    private var start: WorkStart?
    private var tokenCount: UInt64 = 0
    private var firstTokenAt: UInt64?

    package init(
        requestID: UInt64, kind: MessageKind, ticket: UInt64, receivedAt: UInt64,
        facts: ServedFacts?, taint: Taint
    ) {
        self.requestID = requestID
        self.kind = kind
        self.ticket = ticket
        self.receivedAt = receivedAt
        self.facts = facts
        self.taint = taint
        self.generation = facts?.generation ?? 0
    }

    package var provenance: Provenance { taint.provenance }

    /// Writes the frame of `event`.
    ///
    /// - Parameter load: the server load for an answer of a model, or for an error.
    package mutating func handle(
        _ event: WorkEvent, now: UInt64, load: ServerLoad, counters: inout Counters,
        output: inout FrameEncoder
    ) {
        precondition(!isFinished, "\(kind): an event after the last frame")
        isFinished = event.isFinal
        if case .due(let reason) = event {
            return handle(
                end(reason, now: now), now: now, load: load, counters: &counters,
                output: &output)
        }
        do throws(WireError) {
            switch event {
            case .admitted(let facts):
                taint.absorb(facts.provenance)
                (self.facts, generation) = (facts, facts.generation)
            case .started(let start):
                self.start = start
            case .due:
                preconditionFailure("\(kind): an end is handled before")
            case .generateChunk(let chunk):
                handedOut(chunk, now: now)
                try append(chunk, to: &output)
            case .logitsChunk(let chunk):
                try append(chunk, to: &output)
            case .embedChunk(let chunk):
                try append(chunk, to: &output)
            case .loadProgress(let progress):
                try append(progress, to: &output)
            case .swapProgress(let progress):
                try append(progress, to: &output)
            case .failed(let error):
                fail(error, load, counters: &counters, output: &output)
                return
            case .unloaded:
                try append(UnloadResponse(), to: &output)
            case .verified(let answer):
                try append(answer, to: &output)
            case .loaded(let report, let facts):
                taint.absorb(facts.provenance)
                generation = facts.generation
                counters.add(.loadsAccepted, provenance: taint.provenance)
                try append(report, to: &output)
            case .swapped(let report, let facts):
                taint.absorb(facts.provenance)
                generation = facts.generation
                counters.add(.swapsAccepted, provenance: taint.provenance)
                try append(report, to: &output)
            case .tokenized, .detokenized, .generated, .logits, .scored, .embedded, .rendered:
                try finish(event, now: now, load, counters: &counters, output: &output)
            }
            if isFinished { counters.add(.answersOK, provenance: taint.provenance) }
        } catch {
            refuseSize(error, load, counters: &counters, output: &output)
        }
    }

    // MARK: - Ends that the engine does not bring

    private mutating func handedOut(_ chunk: GenerateChunk, now: UInt64) {
        tokenCount += UInt64(chunk.tokens.count)
        if firstTokenAt == nil, !chunk.tokens.isEmpty { firstTokenAt = now }
    }

    /// Returns the last event of an answer that is due. Counts only sent tokens, because a client
    /// compares the count with the tokens it received.
    private func end(_ reason: FinishReason, now: UInt64) -> WorkEvent {
        guard frameCount > 0, let start else {
            let attempt = "answering a request to model \"\(facts?.name ?? "")\""
            return .failed(reason == .deadline ? .deadline(attempt) : .cancelled(attempt))
        }
        let waited = start.startedAt - min(start.startedAt, start.acceptedAt)
        let first = firstTokenAt ?? now
        let timing = Timing(
            accept: start.acceptedAt - min(start.acceptedAt, receivedAt),
            queue: waited - min(waited, start.tokenizeMicroseconds),
            tokenize: start.tokenizeMicroseconds,
            prefill: first - min(first, start.startedAt), decode: now - min(now, first))
        return .generated(
            GenerateResponse(
                finishReason: reason, promptTokens: start.promptTokens,
                completionTokens: tokenCount,
                answer: AnswerRecord(
                    model: "", device: "", timing: timing, degradations: start.degradations,
                    templateTime: start.templateTime)),
            at: now)
    }

    // MARK: - Answers

    /// Completes the record in the answer of a model, then writes the answer.
    private mutating func finish(
        _ event: WorkEvent, now: UInt64, _ load: ServerLoad, counters: inout Counters,
        output: inout FrameEncoder
    ) throws(WireError) {
        switch event {
        case .tokenized(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            try append(answer, to: &output)
        case .detokenized(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            try append(answer, to: &output)
        case .generated(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            counters.add(.promptTokens, answer.promptTokens, provenance: provenance)
            counters.add(.completionTokens, answer.completionTokens, provenance: provenance)
            try append(answer, to: &output)
        case .logits(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            try append(answer, to: &output)
        case .scored(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            counters.add(.promptTokens, answer.promptTokens, provenance: provenance)
            try append(answer, to: &output)
        case .embedded(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            counters.add(.promptTokens, answer.promptTokens, provenance: provenance)
            try append(answer, to: &output)
        case .rendered(var answer, let at):
            complete(&answer.answer, load, readyAt: at, now: now)
            try append(answer, to: &output)
        default:
            preconditionFailure("\(kind): not an answer of a model")
        }
    }

    private func complete(
        _ answer: inout AnswerRecord, _ load: ServerLoad, readyAt: UInt64, now: UInt64
    ) {
        guard let facts else { preconditionFailure("\(kind): an answer without a model") }
        answer.model = facts.name
        answer.device = facts.device
        answer.fingerprint = facts.fingerprint
        answer.degradations = facts.degradations + answer.degradations
        answer.timing.write = now - min(now, readyAt)
        answer.timing.total = now - min(now, receivedAt)
        answer.serverLoad = load
    }

    private mutating func append(
        _ message: some NumberedResponse, to output: inout FrameEncoder
    ) throws(WireError) {
        var message = message
        message.frame = frameCount
        frameCount += 1
        try output.appendResponse(
            message, to: requestID, provenance: taint.provenance, generation: generation)
    }

    private func append(
        _ message: some ResponseMessage, to output: inout FrameEncoder
    ) throws(WireError) {
        try output.appendResponse(
            message, to: requestID, provenance: taint.provenance, generation: generation)
    }

    private func fail(
        _ error: ServiceError, _ load: ServerLoad, counters: inout Counters,
        output: inout FrameEncoder
    ) {
        counters.add(.answersFailed, provenance: taint.provenance)
        output.appendError(
            ErrorBody(error, load), status: error.status, toKind: kind.requestByte,
            requestID: requestID, provenance: taint.provenance, generation: generation)
    }

    /// Ends the request with an error, for a body above the limit that the peer stated in Hello.
    private mutating func refuseSize(
        _ error: WireError, _ load: ServerLoad, counters: inout Counters,
        output: inout FrameEncoder
    ) {
        isFinished = true
        fail(
            ServiceError(.outOfRange, .init(error.code.name), error.message), load,
            counters: &counters, output: &output)
    }
}

extension ErrorBody {
    /// Makes the body that reports `error`.
    ///
    /// - Parameter load: server load in an answer to a request, nil in a GoAway.
    package init(_ error: ServiceError, _ load: ServerLoad? = nil) {
        self.init(
            code: error.code.name, message: error.message, field: error.field,
            retryAfterMilliseconds: error.retryAfterMilliseconds, layer: error.layer,
            serverLoad: load)
    }
}
