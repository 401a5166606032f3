// A real server as the target of a load test, with a client per connection and a send per sample.
//
// Guarantees: nothing is sent twice, because the client's retries are off. Every client has a
// single connection. Times are taken right around the client's call, on the thread that reads the
// socket. The client itself refuses mocks unless mocks are allowed.

import AssayClient
import LoadTesting
import PlainText

/// Target of a run's requests.
struct AssayTarget: LoadTarget {
    private let clients: [Client]
    private let model: String?
    private let allowMock: Bool
    private let address: ServerAddress
    /// Threads of the clients. Connections 0, 1, ... use the threads in turn.
    let executors: [ClientExecutor]

    /// Makes clients for `connections` connections on `threads` threads. Connects nothing yet.
    ///
    /// - Parameter wait: nanoseconds to wait for a missing server. 0 for a server to be measured,
    ///   since no sample may wait.
    init(
        _ address: ServerAddress, token: String?, model: String?, connections: Int, threads: Int,
        allowMock: Bool, compression: Bool, wait: UInt64 = 0
    ) throws(ClientError) {
        var options = ClientOptions()
        options.name = "assay-load/1"
        options.token = token
        options.allowMock = allowMock
        options.compression = compression
        options.connections = 1
        options.attempts = 1
        options.waitMilliseconds = UInt32(clamping: wait / 1_000_000)
        var executors: [ClientExecutor] = []
        for _ in 0..<min(threads, connections) { executors.append(try ClientExecutor()) }
        var clients: [Client] = []
        for lane in 0..<connections {
            clients.append(
                try Client(address, options: options, executor: executors[lane % executors.count]))
        }
        self.clients = clients
        self.executors = executors
        self.model = model
        self.allowMock = allowMock
        self.address = address
    }

    /// Opens all connections, so that no sample includes connecting.
    func connect() async throws(ClientError) {
        for client in clients { try await client.connect() }
    }

    /// Time limit for the server's list of models.
    private static let factsMilliseconds: UInt32 = 5000

    /// Returns the server and its models. Waits until `end` for a loading model.
    func facts(
        until end: ContinuousClock.Instant = .now
    ) async throws(ClientError) -> TargetFacts {
        // Connecting waits for a server as the options say. The deadline covers the answers alone.
        try await clients[0].connect()
        while true {
            // A server that greets but answers no request must not hold up the report.
            let list = try await clients[0].models(
                deadlineMilliseconds: Self.factsMilliseconds
            ).message.models
            let addressed = list.filter { model == nil || $0.name == model }
            if addressed.contains(where: { $0.state == .loading }), ContinuousClock.now < end {
                try? await Task.sleep(for: .milliseconds(100))
                continue
            }
            return TargetFacts(
                address: address.description, server: clients[0].server?.server ?? "-",
                models: addressed.map(TargetFacts.Model.init))
        }
    }

    /// Names of all served models.
    func modelNames() async throws(ClientError) -> [String] {
        try await clients[0].models(deadlineMilliseconds: Self.factsMilliseconds)
            .message.models.map(\.name)
    }

    /// Requests allowed in flight per connection by the server. Nil before any Hello.
    var depthMax: Int? { clients[0].server.map { Int(clamping: $0.requestsInFlightMax) } }

    /// Has every conversation rendered once, without generating, so that a model that cannot chat
    /// is found before the load.
    ///
    /// - Throws: the server's refusal, with the number of the conversation from 1.
    func checkConversations(
        _ conversations: [[ConversationTurn]]
    ) async throws(ClientError) -> (number: Int, error: ClientError)? {
        for (index, turns) in conversations.enumerated() {
            let request = RenderRequest(model: model, messages: turns.map(ChatMessage.init))
            do throws(ClientError) {
                _ = try await clients[0].render(
                    request, deadlineMilliseconds: Self.factsMilliseconds)
            } catch {
                guard error.code == .serverRefused else { throw error }
                return (index + 1, error)
            }
        }
        return nil
    }

    func close() async {
        for client in clients { client.close() }
    }

    // MARK: - Sending

    func perform(_ request: PlannedRequest, lane: Int) async -> Outcome {
        let client = clients[lane % clients.count]
        let deadline = request.deadlineMilliseconds
        let sent = LoadClock.now()
        do throws(ClientError) {
            switch request.kind {
            case .ping:
                return .one(
                    try await client.ping(request.payload, deadlineMilliseconds: deadline), sent)
            case .health:
                let whole = HealthRequest(model: model)
                return .one(
                    try await client.health(whole, deadlineMilliseconds: deadline), sent)
            case .models: return .one(try await client.models(deadlineMilliseconds: deadline), sent)
            case .stats: return .one(try await client.stats(deadlineMilliseconds: deadline), sent)
            case .generate, .chat: return try await generate(request, client, sent)
            default: return try await compute(request, client, sent)
            }
        } catch {
            return Outcome(error, sent: sent, hadDeadline: deadline > 0)
        }
    }

    private func compute(
        _ request: PlannedRequest, _ client: Client, _ sent: Int64
    ) async throws(ClientError) -> Outcome {
        let deadline = request.deadlineMilliseconds
        switch request.kind {
        case .tokenize:
            let reply = try await client.tokenize(
                TokenizeRequest(model: model, text: request.text), deadlineMilliseconds: deadline)
            return .one(reply, sent, reply.message.answer, prompt: reply.message.tokens.count)
        case .detokenize:
            let reply = try await client.detokenize(
                DetokenizeRequest(model: model, tokens: request.tokens),
                deadlineMilliseconds: deadline)
            return .one(reply, sent, reply.message.answer)
        case .score:
            let reply = try await client.score(
                ScoreRequest(
                    model: model, prompt: request.wirePrompt,
                    continuations: request.continuations.map { .tokens($0) }),
                deadlineMilliseconds: deadline)
            return .one(
                reply, sent, reply.message.answer, prompt: Int(clamping: reply.message.promptTokens)
            )
        case .logits:
            let reply = try await client.logits(
                LogitsRequest(model: model, prompt: request.wirePrompt),
                deadlineMilliseconds: deadline)
            return .one(reply, sent, reply.message.answer, prompt: request.tokens.count)
        default:
            let reply = try await client.embed(
                EmbedRequest(model: model, inputs: [request.wireInput]),
                deadlineMilliseconds: deadline)
            return .one(
                reply, sent, reply.message.answer, prompt: Int(clamping: reply.message.promptTokens)
            )
        }
    }

    private func generate(
        _ request: PlannedRequest, _ client: Client, _ sent: Int64
    ) async throws(ClientError) -> Outcome {
        var message = GenerateRequest(model: model, prompt: request.wirePrompt)
        message.maxTokens = UInt64(max(1, request.outputTokens))
        let stream = client.generateStream(
            message, deadlineMilliseconds: request.deadlineMilliseconds)
        var chunks: [ChunkArrival] = []
        for try await part in stream {
            let now = LoadClock.now()
            if !part.tokens.isEmpty {
                chunks.append(ChunkArrival(at: now, tokens: part.tokens.count))
            }
            if let answer = part.answer { return .generated(answer, sent, now, chunks, request) }
            if let limit = request.cancelAfterChunks, chunks.count >= limit {
                var outcome = Outcome(.cancelled, sent: sent, finished: now)
                outcome.isMock = part.provenance == .mock
                return outcome
            }
        }
        return Outcome(.failed("protocol_error"), sent: sent, finished: LoadClock.now())
    }
}

extension Outcome {
    /// A complete answer, from a single frame or several joined frames.
    fileprivate static func one<Message>(
        _ reply: Reply<Message>, _ sent: Int64, _ answer: AnswerRecord? = nil, prompt: Int = 0
    ) -> Outcome {
        var outcome = Outcome(.succeeded, sent: sent, finished: LoadClock.now())
        outcome.isMock = reply.provenance == .mock
        outcome.promptTokens = prompt
        if let answer { outcome.take(answer) }
        return outcome
    }

    /// A streamed answer at its end.
    fileprivate static func generated(
        _ reply: Reply<GenerateResponse>, _ sent: Int64, _ finished: Int64,
        _ chunks: [ChunkArrival], _ request: PlannedRequest
    ) -> Outcome {
        var outcome = Outcome(.succeeded, sent: sent, finished: finished)
        switch reply.message.finishReason {
        // This client cancelled nothing, so the server gave the request up.
        case .cancelled: outcome.end = .failed("cancelled_by_server")
        case .deadline:
            outcome.end =
                request.deadlineMilliseconds > 0
                ? .deadlineExceeded : .failed("deadline_of_server")
        default: break
        }
        outcome.isMock = reply.provenance == .mock
        outcome.promptTokens = Int(clamping: reply.message.promptTokens)
        outcome.outputTokens = Int(clamping: reply.message.completionTokens)
        outcome.chunks = chunks
        outcome.take(reply.message.answer)
        return outcome
    }

    private mutating func take(_ answer: AnswerRecord) {
        degradations = answer.degradations
        serverMicroseconds = (answer.timing.total, answer.timing.queue)
    }

    /// A request without an answer.
    fileprivate init(_ error: ClientError, sent: Int64, hadDeadline: Bool) {
        let end: End
        switch error.code {
        case .mockRefused: end = .mockRefused(error.message)
        case .unreachable: end = .unreachable(error.message)
        case .timedOut: end = hadDeadline ? .deadlineExceeded : .failed(error.code.name)
        case .serverRefused where error.status == .deadlineExceeded && hadDeadline:
            end = .deadlineExceeded
        case .serverRefused:
            let code = error.serverError.map { " " + LoadTestError.clipped($0.code) } ?? ""
            end = .refused(error.status.description + code)
        default: end = .failed(error.code.name)
        }
        self.init(end, sent: sent, finished: LoadClock.now())
        isMock = error.provenance == .mock
    }
}

extension TargetFacts.Model {
    fileprivate init(_ info: ModelInfo) {
        self.init(
            name: info.name, isMock: info.provenance == .mock, architecture: info.architecture,
            device: info.device,
            fingerprint: hexText(info.fingerprint ?? []),
            generation: UInt32(clamping: info.generation),
            vocabulary: Int(clamping: info.vocabulary), context: Int(clamping: info.context))
    }
}

extension ChatMessage {
    fileprivate init(_ turn: ConversationTurn) {
        self.init(role: ChatMessage.Role(rawValue: turn.role) ?? .user, content: turn.text)
    }
}

extension PlannedRequest {
    fileprivate var payload: [UInt8] {
        if case .payload(let bytes) = prompt { bytes } else { [] }
    }

    fileprivate var tokens: [UInt32] {
        if case .tokens(let tokens) = prompt { tokens } else { [] }
    }

    fileprivate var text: [UInt8] {
        if case .text(let text) = prompt { Array(text.utf8) } else { [] }
    }

    fileprivate var wirePrompt: Prompt {
        switch prompt {
        case .text(let text): .text(text)
        case .conversation(let turns): .messages(turns.map(ChatMessage.init))
        default: .tokens(tokens)
        }
    }

    fileprivate var wireInput: Input {
        if case .text(let text) = prompt { .text(text) } else { .tokens(tokens) }
    }
}
