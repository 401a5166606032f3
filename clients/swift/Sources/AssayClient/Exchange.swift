// One call from its first attempt to its end: a connection, the request, the answer, and again
// where RetryRule allows it.
//
// Guarantees: a request that breaks its own table is refused before anything is sent. Requests that
// can say so demand a real model unless the client allows mocks, and say which attempt they are.
// The deadline holds for all attempts together. A task that is cancelled leaves at once, and the
// server is told to stop. A server that is waited for costs no attempt.

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
        do throws(WireError) {
            _ = try Self(decoding: writer.bytes)
        } catch {
            throw .invalid(error)
        }
    }
}

/// A request to a model, which can state demands on it.
package protocol DemandingRequest: CallRequest {
    /// True when it is about one model.
    var namesModel: Bool { get }
    var requirements: Requirements? { get set }
    var context: RequestContext? { get set }
}

extension DemandingRequest {
    package var namesModel: Bool { true }

    package func demandingReal() -> Self {
        guard namesModel else { return self }
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

extension HealthRequest {
    /// The health of a server as a whole is of no model that could be real.
    package var namesModel: Bool { model != nil }
}

/// The attempts of one call.
struct Attempts {
    private let pool: Pool
    private let kind: MessageKind
    private let waitEnd: Moment
    private(set) var rule: RetryRule
    let deadline: Deadline

    /// How soon a call that pauses notices that its client was closed, nanoseconds.
    private static let pauseStep: UInt64 = 50_000_000

    init(_ client: Client, _ kind: MessageKind, deadlineMilliseconds: UInt32) {
        pool = client.pool
        self.kind = kind
        rule = RetryRule(client.options)
        deadline = Deadline(milliseconds: deadlineMilliseconds)
        let wait = client.options.waitMilliseconds
        waitEnd = wait > 0 ? .now.advanced(byMilliseconds: wait) : Moment(nanoseconds: 0)
    }

    /// A connection with a place for the request; waits and tries again as it may.
    mutating func connection() async throws(AssayError) -> Connection {
        while true {
            switch await pool.connection(until: deadline) {
            case .success(let connection): return connection
            case .failure(let failure): try await pause(after: failure)
            }
        }
    }

    /// Waits before the next attempt; throws the error when there is none.
    mutating func pause(after failure: CallFailure) async throws(AssayError) {
        let now = Moment.now
        let pause = rule.pause(
            after: failure, of: kind, left: deadline.moment.nanoseconds(since: now),
            waitLeft: waitEnd.nanoseconds(since: now), jitter: .random(in: 0.5...1))
        guard let pause, !pool.isClosed else { throw failure.error }
        let end = now.advanced(byNanoseconds: pause)
        do {
            // In steps: when the client is closed meanwhile, the next attempt says so.
            while case let left = end.nanoseconds(since: .now), left > 0, !pool.isClosed {
                try await Task.sleep(nanoseconds: min(left, Self.pauseStep))
            }
        } catch {
            throw .cancelled
        }
    }
}

/// A call whose answer is taken part by part, or as a whole. For one task at a time; when it goes,
/// what has not come is given up.
final class Exchange<Request: CallRequest, Pieces: AnswerPieces> {
    typealias Part = PendingAnswer<Pieces>.Part

    private let client: Client
    private let request: Request
    private let pieces: Pieces
    private let keepsChunks: Bool
    private var attempts: Attempts
    private var current: (connection: Connection, answer: PendingAnswer<Pieces>)?
    /// Parts that have come.
    private var waiting: ArraySlice<Part> = []
    private var hasHandedOut = false
    private var outcome: Result<Reply<Pieces.Last>, AssayError>?

    init(
        _ client: Client, _ request: Request, _ pieces: Pieces, _ deadlineMilliseconds: UInt32,
        keepsChunks: Bool
    ) {
        let demands = client.options.demandsReal && !client.options.allowMock
        self.client = client
        self.request = demands ? request.demandingReal() : request
        self.pieces = pieces
        self.keepsChunks = keepsChunks
        attempts = Attempts(client, Request.kind, deadlineMilliseconds: deadlineMilliseconds)
    }

    deinit { close() }

    /// Gives up what has not come; afterwards there is no part any more.
    func close() {
        guard outcome == nil else { return }
        outcome = .failure(.cancelled)
        if let (connection, answer) = current { connection.giveUp(answer, .cancelled) }
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
        if outcome != nil { return nil }
        do throws(AssayError) {
            let part = try await advance()
            if case .last(_, let reply) = part { outcome = .success(reply) }
            return part
        } catch {
            outcome = .failure(error)
            throw error
        }
    }

    private func advance() async throws(AssayError) -> Part {
        while true {
            if Fork.isChild { throw .processForked }
            if let part = waiting.popFirst() {
                hasHandedOut = true
                return part
            }
            let (connection, answer) = try await begun()
            await withTaskCancellationHandler {
                await answer.wait()
            } onCancel: {
                connection.giveUp(answer, .cancelled)
            }
            let (parts, failure) = answer.taken()
            waiting = parts[...]
            if parts.isEmpty, let failure {
                current = nil
                if hasHandedOut { throw failure.error }
                try await attempts.pause(after: failure)
            }
        }
    }

    /// The attempt under way.
    private func begun() async throws(AssayError) -> (Connection, PendingAnswer<Pieces>) {
        if let current { return current }
        if attempts.rule.attempt == 1 { try request.check() }
        let connection = try await attempts.connection()
        let answer = PendingAnswer(
            pieces, keepsChunks: keepsChunks, sizeMax: client.options.answerSizeMax)
        current = (connection, answer)
        connection.send(request, answer, attempts.deadline, attempt: attempts.rule.attempt)
        return (connection, answer)
    }
}
