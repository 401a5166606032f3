// Work for the threads that carry out decisions, and the events in return. Plain values, made to
// cross threads.
//
// An answer travels as its wire message. The parts that only the network side knows (identity,
// write and total time) are empty until `RequestMachine` fills them in.

import Wire

/// An accepted request on its way to the engine or to a loader.
package struct Work: Sendable {
    package enum Request: Sendable {
        case tokenize(TokenizeRequest)
        case detokenize(DetokenizeRequest)
        case generate(GenerateRequest)
        case logits(LogitsRequest)
        case score(ScoreRequest)
        case embed(EmbedRequest)
        case render(RenderRequest)
        case load(LoadRequest)
        case verify
    }

    /// Id of the request everywhere except on the wire, never reused.
    package let ticket: UInt64
    package let request: Request
    /// The model at the time of acceptance, or nil for Load.
    package let model: ServedFacts?
    /// Time the frame was read, in microseconds.
    package let receivedAt: UInt64
    /// Time of decoding and admission, set where there is a clock.
    package private(set) var acceptedAt: UInt64
    /// Absolute deadline, in microseconds.
    package let deadline: UInt64?
    /// Most values in a frame of logits or embeddings to the peer.
    package let logitsChunkCount: Int
    /// Bytes of the peer's largest body.
    package let answerSizeMax: Int
    /// Connection of the request.
    package let connection: UInt64
    /// The client's statement about attempt, priority and trace.
    package let context: RequestContext?
    /// Who asks.
    package let principal: Principal
    /// Time that a chat template is told, in seconds since 1970: the request's own, else set where
    /// there is a clock. Nil without a conversation.
    package private(set) var templateTime: UInt64?

    package init(
        ticket: UInt64, request: Request, model: ServedFacts?, receivedAt: UInt64,
        deadline: UInt64?,
        logitsChunkCount: Int, answerSizeMax: Int, connection: UInt64 = 0,
        context: RequestContext? = nil, principal: Principal = .anyone
    ) {
        self.ticket = ticket
        self.request = request
        self.model = model
        self.receivedAt = receivedAt
        self.acceptedAt = receivedAt
        self.deadline = deadline
        self.logitsChunkCount = logitsChunkCount
        self.answerSizeMax = answerSizeMax
        self.connection = connection
        self.context = context
        self.principal = principal
        templateTime = request.template?.templateTime
    }

    /// Notes the time of admission in microseconds, and the time for a chat template in seconds
    /// since 1970 where the request has a conversation and states none.
    package mutating func accept(at now: UInt64, wallSeconds: @autoclosure () -> UInt64) {
        acceptedAt = now
        if let template = request.template {
            templateTime = template.templateTime ?? wallSeconds()
        }
    }

    /// Turn of the request among the requests of its connection.
    package var turn: WorkTurn {
        WorkTurn(
            connection: connection, priority: context?.priority ?? Limits.priorityDefault,
            since: acceptedAt)
    }
}

extension Work.Request {
    /// The request as a request with fields for a chat template, if it is one.
    private var asTemplateRequest: (any TemplateRequest)? {
        switch self {
        case .generate(let request): request
        case .logits(let request): request
        case .score(let request): request
        case .render(let request): request
        case .tokenize, .detokenize, .embed, .load, .verify: nil
        }
    }

    /// The request, if it has a conversation.
    package var template: (any TemplateRequest)? {
        asTemplateRequest.flatMap { $0.turns == nil ? nil : $0 }
    }
}

/// Facts about a generation once its prompt is tokens.
package struct WorkStart: Sendable, Equatable {
    package let promptTokens: UInt64
    package let acceptedAt: UInt64
    /// Time the engine took the request in.
    package let startedAt: UInt64
    package let tokenizeMicroseconds: UInt64
    package let degradations: [String]
    /// Time that a chat template was told, in seconds since 1970.
    package let templateTime: UInt64?

    package init(
        promptTokens: UInt64, acceptedAt: UInt64, startedAt: UInt64, tokenizeMicroseconds: UInt64,
        degradations: [String], templateTime: UInt64? = nil
    ) {
        self.promptTokens = promptTokens
        self.acceptedAt = acceptedAt
        self.startedAt = startedAt
        self.tokenizeMicroseconds = tokenizeMicroseconds
        self.degradations = degradations
        self.templateTime = templateTime
    }
}

/// Event of a piece of work. Exactly one final event follows every `Work`.
package enum WorkEvent: Sendable {
    // Events that are not final.
    case started(WorkStart)
    /// The peer gets an answer now, from the chunks sent so far. The final event of the work
    /// follows.
    case due(FinishReason)
    case generateChunk(GenerateChunk)
    case logitsChunk(LogitsChunk)
    case embedChunk(EmbedChunk)
    case loadProgress(LoadProgress)
    // Final events, most with the time the answer was ready in microseconds.
    case tokenized(TokenizeResponse, at: UInt64)
    case detokenized(DetokenizeResponse, at: UInt64)
    case generated(GenerateResponse, at: UInt64)
    case logits(LogitsResponse, at: UInt64)
    case scored(ScoreResponse, at: UInt64)
    case embedded(EmbedResponse, at: UInt64)
    case rendered(RenderResponse, at: UInt64)
    case loaded(LoadResponse, ServedFacts)
    case unloaded
    case verified(HealthResponse)
    case failed(ServiceError)

    /// True for the final event.
    package var isFinal: Bool {
        switch self {
        case .started, .due, .generateChunk, .logitsChunk, .embedChunk, .loadProgress: false
        case .tokenized, .detokenized, .generated, .logits, .scored, .embedded, .rendered,
            .loaded, .unloaded, .verified, .failed:
            true
        }
    }
}

extension ServiceError {
    /// Error of a request cancelled before any answer.
    package static func cancelled(_ what: String) -> ServiceError {
        ServiceError(.cancelled, .cancelled, "\(what): cancelled before there was an answer")
    }

    /// Error of a request whose deadline passed before any answer.
    package static func deadline(_ what: String) -> ServiceError {
        ServiceError(
            .deadlineExceeded, .deadlineExceeded,
            "\(what): its deadline passed before there was an answer")
    }
}

extension WorkEvent {
    /// Size of the lists and texts of the event, in bytes. What else a frame holds is small.
    package var size: Int {
        switch self {
        case .started, .due, .loadProgress, .loaded, .unloaded, .verified, .failed: 0
        case .generateChunk(let chunk):
            chunk.tokens.count * 4 + chunk.text.utf8.count + (chunk.logprobs?.size ?? 0)
                + (chunk.promptLogprobs?.size ?? 0)
        case .logitsChunk(let chunk): chunk.logits.count * 4
        case .embedChunk(let chunk): chunk.embeddings.count * 4
        case .tokenized(let answer, _): answer.tokens.count * 4
        case .detokenized(let answer, _): answer.text.count
        case .generated(let answer, _):
            answer.tokens.count * 4 + answer.text.utf8.count + (answer.logprobs?.size ?? 0)
        case .logits(let answer, _): answer.logits.count * 4
        case .scored(let answer, _): answer.scores.reduce(0) { $0 + $1.logprobs.size }
        case .embedded(let answer, _): answer.embeddings.count * 4
        case .rendered(let answer, _): answer.text.utf8.count + answer.tokens.count * 4
        }
    }
}

extension Logprobs {
    /// Size of the lists, in bytes.
    fileprivate var size: Int { count * 8 * (1 + Int(topCount)) }
}
