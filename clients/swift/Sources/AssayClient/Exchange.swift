// A call from its first attempt to its end: connection, request and answer, repeated where
// RetryRule allows another attempt.
//
// Guarantees:
// - A request that breaks its own table is refused before anything is sent.
// - Requests with requirements demand a real model, unless the client allows mocks. Requests with a
//   context carry the number of the attempt.
// - The deadline holds for all attempts together. The pool waits out the pauses between attempts.
// - A cancelled task leaves at once, and the server is told to stop.
// - A breach of the protocol ends the connection before any part of the frame is handed over.

import Wire

/// A request of a client.
package protocol CallRequest: RequestMessage {
    /// Returns the request with the demand for a real model, for requests with requirements.
    func demandingReal() -> Self
    /// Returns the request with the number of its attempt, for requests with a context.
    func numbered(_ attempt: Int) -> Self
}

extension CallRequest {
    package func demandingReal() -> Self { self }
    package func numbered(_ attempt: Int) -> Self { self }

    /// Throws `request_invalid` when the request breaks its own table.
    func check() throws(AssayError) {
        var writer = BodyWriter()
        encode(into: &writer)
        _ = try Self.decoded(writer.bytes).mapError { AssayError.invalid($0) }.get()
    }
}

/// A request to a model, with fields for demands on the model.
package protocol DemandingRequest: CallRequest {
    var requirements: Requirements? { get set }
    var context: RequestContext? { get set }
}

extension DemandingRequest {
    package func demandingReal() -> Self {
        // The health of a whole server concerns no single model.
        if let health = self as? HealthRequest, health.model == nil { return self }
        var request = self
        request.requirements = requirements ?? Requirements()
        request.requirements?.real = true
        return request
    }

    package func numbered(_ attempt: Int) -> Self {
        var request = self
        request.context = context ?? RequestContext()
        request.context?.attempt = UInt64(attempt)
        return request
    }
}

/// A call whose answer is taken part by part, or as a whole. For one task at a time. When the
/// object goes away, the rest of the answer is given up.
final class Exchange<Request: CallRequest, Pieces: AnswerPieces> {
    /// A part of the answer, as the caller takes it.
    enum Part: Sendable {
        case chunk(Pieces.Chunk, Provenance, generation: UInt32)
        case last(Pieces.Last, Reply<Pieces.Last>)
    }

    /// Held here so that the client stays open during the call.
    private let client: Client
    private let request: Request
    /// The empty pieces at the start of an attempt, and the pieces so far.
    private let noPieces: Pieces
    private var pieces: Pieces
    private var frameCount: UInt64 = 0
    /// True when parts reach the caller. A call is not repeated after the first part.
    private let handsOut: Bool
    private var hasHandedOut = false
    private var rule: RetryRule
    /// Earliest time to send the next attempt.
    private var start = Moment.past
    /// The pool's name for the call, shared by all attempts.
    private let ticket: UInt64
    private var isUnderWay = false
    private var outcome: Result<Reply<Pieces.Last>, AssayError>?

    /// - Parameters:
    ///   - deadlineMilliseconds: for all attempts together, from now. 0 for none.
    ///   - handsOut: true for a caller that takes chunks as they arrive.
    init(
        _ client: Client, _ request: Request, _ pieces: Pieces, _ deadlineMilliseconds: UInt32,
        handsOut: Bool = false
    ) {
        let demands = client.options.demandsReal && !client.options.allowMock
        self.client = client
        self.request = demands ? request.demandingReal() : request
        self.noPieces = pieces
        self.pieces = pieces
        self.handsOut = handsOut
        ticket = client.pool.ticket()
        let now = Moment.now
        let deadline =
            deadlineMilliseconds == 0 ? .never : now.after(milliseconds: deadlineMilliseconds)
        rule = RetryRule(client.options, Request.kind, deadline: deadline, now: now)
    }

    deinit { drop() }

    /// Gives up the rest of the answer. No part is returned afterwards.
    func close() {
        if outcome == nil { outcome = .failure(.cancelled) }
        drop()
    }

    private func drop() {
        if isUnderWay { client.pool.giveUp(ticket) }
        isUnderWay = false
    }

    /// Takes the rest of the answer. Returns the whole answer, or throws the error that ended the
    /// call.
    func whole() async throws(AssayError) -> Reply<Pieces.Last> {
        while true {
            if let outcome { return try outcome.get() }
            _ = try await next()
        }
    }

    /// The next part. Nil after the last part and after an error.
    func next() async throws(AssayError) -> Part? {
        while outcome == nil {
            do throws(AssayError) {
                let part = try read(try await frame())
                hasHandedOut = handsOut
                return part
            } catch {
                drop()
                try prepareAnother(after: error)
            }
        }
        return nil
    }

    /// The next frame. Begins an attempt when none is under way.
    private func frame() async throws(AssayError) -> Received {
        if Fork.isChild { throw .processForked }
        let isNew = !isUnderWay
        if isNew, rule.attempt == 1 { try request.check() }
        isUnderWay = true
        let attempt = Attempt(
            request: request, number: rule.attempt, deadline: rule.deadline, start: start)
        return try await client.pool.next(of: ticket, beginning: isNew ? attempt : nil).get()
    }

    /// Refuses a mock before looking at a failure: a caller must not act on a mock's error
    /// unawares.
    private func read(_ frame: Received) throws(AssayError) -> Part {
        if frame.isLast { isUnderWay = false }
        do throws(AssayError) {
            let refusal = try frame.refusal()
            if frame.provenance == .mock, !client.options.allowMock {
                throw AssayError(
                    .mockRefused,
                    "the answer comes from a mock model, not from a real one, and was refused",
                    provenance: .mock)
            }
            if let refusal { throw refusal }
            let generation = frame.header.generation
            if frame.isLast {
                let last: Pieces.Last = try message(frame)
                let reply = Reply(
                    message: try pieces.whole(last), provenance: frame.provenance,
                    generation: generation)
                outcome = .success(reply)
                return .last(last, reply)
            }
            guard Pieces.isStreamed else { throw Pieces.breach("more frames than one") }
            let chunk: Pieces.Chunk = try message(frame)
            try pieces.add(chunk)
            return .chunk(chunk, frame.provenance, generation: generation)
        } catch {
            if error.code == .protocolError { client.pool.end(frame.connection, error) }
            throw error
        }
    }

    /// Decodes a frame and checks its degraded flag and its number. Frames of an older server have
    /// no number.
    private func message<Message: ResponseMessage>(
        _ frame: Received
    ) throws(AssayError) -> Message {
        let message = try Message(server: frame.body)
        if message.isDegraded != frame.header.flags.contains(.degraded) {
            throw Pieces.breach("its degraded flag and its list disagree")
        }
        if Pieces.isStreamed, let number = (message as? any NumberedResponse)?.frame,
            number != frameCount
        {
            throw Pieces.breach(
                "found frame \(number), allowed: frame \(frameCount); one was lost, doubled or "
                    + "swapped")
        }
        frameCount += 1
        return message
    }

    /// Sets the start of the next attempt, or throws the error when no attempt is left.
    private func prepareAnother(after error: AssayError) throws(AssayError) {
        guard !hasHandedOut, !client.pool.isClosed, let start = rule.start(after: error) else {
            outcome = .failure(error)
            throw error
        }
        self.start = start
        pieces = noPieces
        frameCount = 0
    }
}
