// One call from its first attempt to its end: a connection, the request, the answer, and again
// where RetryRule allows it.
//
// Guarantees: requests that can say so demand a real model unless the client allows mocks. The
// deadline holds for all attempts together. A task that is cancelled leaves at once, and the
// server is told to stop. A server that is waited for costs no attempt.

import Wire

/// A request that can state demands on the model.
protocol DemandingRequest: RequestMessage {
    var requirements: Requirements? { get set }
}

extension HealthRequest: DemandingRequest {}
extension TokenizeRequest: DemandingRequest {}
extension DetokenizeRequest: DemandingRequest {}
extension GenerateRequest: DemandingRequest {}
extension ScoreRequest: DemandingRequest {}
extension LogitsRequest: DemandingRequest {}
extension EmbedRequest: DemandingRequest {}

extension DemandingRequest {
    /// The same with the demand for a real model, unless mocks are allowed.
    func demandingReal(_ options: ClientOptions) -> Self {
        guard options.demandsReal, !options.allowMock else { return self }
        var request = self
        var requirements = requirements ?? Requirements()
        requirements.real = true
        request.requirements = requirements
        return request
    }
}

/// The attempts of one call.
struct Attempts {
    private let pool: Pool
    private let kind: MessageKind
    private var rule: RetryRule
    let deadline: Deadline
    private let waitEnd: Moment

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
    mutating func connection() async throws(ClientError) -> Connection {
        while true {
            switch await pool.connection(until: deadline) {
            case .success(let connection): return connection
            case .failure(let failure): try await pause(after: failure)
            }
        }
    }

    /// Waits before the next attempt; throws the error when there is none.
    mutating func pause(after failure: CallFailure) async throws(ClientError) {
        let now = Moment.now
        guard !pool.isClosed,
            let pause = rule.pause(
                after: failure, of: kind, left: deadline.moment.nanoseconds(since: now),
                waitLeft: waitEnd.nanoseconds(since: now), jitter: .random(in: 0.5...1))
        else { throw failure.error }
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

extension Client {
    /// Sends a request until it is answered or has failed for good.
    func call<Request: RequestMessage, Pieces: AnswerPieces>(
        _ request: Request, _ pieces: Pieces, _ deadlineMilliseconds: UInt32
    ) async throws(ClientError) -> Reply<Pieces.Last> {
        var attempts = Attempts(
            self, Request.kind, deadlineMilliseconds: deadlineMilliseconds)
        while true {
            let connection = try await attempts.connection()
            let ticket = connection.ticket()
            let deadline = attempts.deadline
            let outcome: WholeAnswer<Pieces>.Outcome = await withTaskCancellationHandler {
                await withUnsafeContinuation { caller in
                    connection.send(
                        request, ticket: ticket, answer: WholeAnswer(pieces, caller),
                        deadline: deadline)
                }
            } onCancel: {
                connection.giveUp(ticket, .cancelled)
            }
            switch outcome {
            case .success(let reply): return reply
            case .failure(let failure): try await attempts.pause(after: failure)
            }
        }
    }

    /// The same for a request that may state demands.
    func call<Request: DemandingRequest, Pieces: AnswerPieces>(
        demanding request: Request, _ pieces: Pieces, _ deadlineMilliseconds: UInt32
    ) async throws(ClientError) -> Reply<Pieces.Last> {
        try await call(
            request.demandingReal(options), pieces, deadlineMilliseconds)
    }
}

/// A call whose parts are taken one by one. Confined to one task at a time; when it goes, what has
/// not come is given up.
final class PartedCall<Request: RequestMessage, Pieces: AnswerPieces> {
    private let request: Request
    private let pieces: Pieces
    private let sizeMax: Int
    private var attempts: Attempts
    private var current: (connection: Connection, ticket: UInt64, queue: PartQueue<Pieces>)?
    private var hasHandedOut = false
    private var isOver = false

    init(_ client: Client, _ request: Request, _ pieces: Pieces, deadlineMilliseconds: UInt32) {
        self.request = request
        self.pieces = pieces
        sizeMax = client.options.backlogSizeMax
        attempts = Attempts(client, Request.kind, deadlineMilliseconds: deadlineMilliseconds)
    }

    deinit {
        guard let current, !isOver else { return }
        current.connection.giveUp(current.ticket, .cancelled)
    }

    /// The next part, nil behind the last one and behind an error.
    func next() async throws(ClientError) -> PartQueue<Pieces>.Part? {
        if isOver { return nil }
        if Fork.isChild { throw ending(.processForked) }
        while true {
            if current == nil { try await begin() }
            guard let (connection, ticket, queue) = current else { return nil }
            switch queue.take() {
            case .part(let part):
                hasHandedOut = true
                if case .last = part { isOver = true }
                return part
            case .failure(let failure):
                current = nil
                if hasHandedOut { throw ending(failure.error) }
                do throws(ClientError) {
                    try await attempts.pause(after: failure)
                } catch {
                    throw ending(error)
                }
            case .nothing:
                await withTaskCancellationHandler {
                    await withUnsafeContinuation { queue.wait($0) }
                } onCancel: {
                    connection.giveUp(ticket, .cancelled)
                }
            }
        }
    }

    private func ending(_ error: ClientError) -> ClientError {
        isOver = true
        return error
    }

    private func begin() async throws(ClientError) {
        let connection: Connection
        do throws(ClientError) {
            connection = try await attempts.connection()
        } catch {
            throw ending(error)
        }
        let queue = PartQueue<Pieces>()
        let ticket = connection.ticket()
        current = (connection, ticket, queue)
        connection.send(
            request, ticket: ticket, answer: PartedAnswer(pieces, queue, sizeMax: sizeMax),
            deadline: attempts.deadline)
    }
}
