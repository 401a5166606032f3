// One call from its first attempt to its end: a connection, the request, the answer, and again
// where RetryRule allows it.
//
// Guarantees: a request that breaks its own table is refused before anything is sent. Requests that
// can say so demand a real model unless the client allows mocks, and say which attempt they are.
// The deadline holds for all attempts together, and the pauses between them are waited for in the
// pool, like a connection. A task that is cancelled leaves at once, and the server is told to stop.
// What breaks the protocol ends the connection before anything of it is handed over.

import Wire

/// A request of a client.
package protocol CallRequest: RequestMessage {
    /// The same with the demand for a real model, where it can state one.
    func demandingReal() -> Self
    /// The same saying which attempt of its call it is, where it can.
    func numbered(_ attempt: Int) -> Self
}

extension CallRequest {
    package func demandingReal() -> Self { self }
    package func numbered(_ attempt: Int) -> Self { self }

    /// Throws `request_invalid` for what breaks the request's own table.
    func check() throws(AssayError) {
        var writer = BodyWriter()
        encode(into: &writer)
        _ = try Self.decoded(writer.bytes).mapError { AssayError.invalid($0) }.get()
    }
}

/// A request to a model, which can state demands on it.
package protocol DemandingRequest: CallRequest {
    var requirements: Requirements? { get set }
    var context: RequestContext? { get set }
}

extension DemandingRequest {
    package func demandingReal() -> Self {
        // The health of a server as a whole is of no model that could be real.
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

/// A call whose answer is taken part by part, or as a whole. For one task at a time; when it goes,
/// what has not come is given up.
final class Exchange<Request: CallRequest, Pieces: AnswerPieces> {
    /// What the caller takes.
    enum Part: Sendable {
        case chunk(Pieces.Chunk, Provenance, generation: UInt32)
        case last(Pieces.Last, Reply<Pieces.Last>)
    }

    /// Not closed while the call is under way.
    private let client: Client
    private let request: Request
    /// What an attempt begins with, and what it has.
    private let noPieces: Pieces
    private var pieces: Pieces
    private var frameCount: UInt64 = 0
    /// True when parts reach the caller: a call is not repeated after that.
    private let handsOut: Bool
    private var hasHandedOut = false
    private var rule: RetryRule
    /// When the next attempt may be sent.
    private var start = Moment.past
    /// By which the pool knows its attempts, one after the other.
    private let ticket: UInt64
    private var isUnderWay = false
    private var outcome: Result<Reply<Pieces.Last>, AssayError>?

    /// - Parameters:
    ///   - deadlineMilliseconds: of all attempts together, from now; 0 for none.
    ///   - handsOut: true for a caller who takes chunks as they come.
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

    /// Gives up what has not come; afterwards there is no part any more.
    func close() {
        if outcome == nil { outcome = .failure(.cancelled) }
        drop()
    }

    private func drop() {
        if isUnderWay { client.pool.giveUp(ticket) }
        isUnderWay = false
    }

    /// Takes what is left; the whole answer, or the error that it ended with.
    func whole() async throws(AssayError) -> Reply<Pieces.Last> {
        while true {
            if let outcome { return try outcome.get() }
            _ = try await next()
        }
    }

    /// The next part, nil behind the last one and behind an error.
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

    /// The next frame, of an attempt that begins if need be.
    private func frame() async throws(AssayError) -> Received {
        if Fork.isChild { throw .processForked }
        let isNew = !isUnderWay
        if isNew, rule.attempt == 1 { try request.check() }
        isUnderWay = true
        let attempt = Attempt(
            request: request, number: rule.attempt, deadline: rule.deadline, start: start)
        return try await client.pool.next(of: ticket, beginning: isNew ? attempt : nil).get()
    }

    /// Refuses a mock before a failure is looked at: nobody should act on a mock's words unawares.
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

    /// What a frame says, its flag and number being what is expected. Frames of an older server
    /// have no number.
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

    /// Sets when the next attempt begins; throws the error when there is none.
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
