// What passes between the decisions and the threads that carry them out: work one way, events the
// other. Plain values, made to cross threads.
//
// An answer travels as the wire message it will become, with the parts that only the network side
// knows (identity, write and total time) still empty; `RequestMachine` fills those in.

import Wire

/// One accepted request on its way to the engine or to a loader.
package struct Work: Sendable {
    package enum Request: Sendable {
        case tokenize(TokenizeRequest)
        case detokenize(DetokenizeRequest)
        case generate(GenerateRequest)
        case logits(LogitsRequest)
        case score(ScoreRequest)
        case embed(EmbedRequest)
        case load(LoadRequest)
        case verify
    }

    /// Names the request everywhere but on the wire; never reused.
    package let ticket: UInt64
    package let request: Request
    /// The model as it was when the request was accepted; nil for Load.
    package let model: ModelFacts?
    /// When the frame was read, in microseconds.
    package let receivedAt: UInt64
    /// When it was decoded and admitted; set where there is a clock.
    package var acceptedAt: UInt64
    /// Absolute, in microseconds.
    package let deadline: UInt64?
    /// Most values a frame of logits or embeddings to this peer may hold.
    package let logitsChunkCount: Int
    /// Bytes of the largest body this peer accepts.
    package let answerSizeMax: Int
    /// The connection it came on.
    package let connection: UInt64
    /// What it says of its place among others.
    package let context: RequestContext?

    package init(
        ticket: UInt64, request: Request, model: ModelFacts?, receivedAt: UInt64, deadline: UInt64?,
        logitsChunkCount: Int, answerSizeMax: Int, connection: UInt64 = 0,
        context: RequestContext? = nil
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
    }

    /// Its place among the requests of its connection.
    package var turn: WorkTurn {
        WorkTurn(
            connection: connection, priority: context?.priority ?? Limits.priorityDefault,
            since: acceptedAt)
    }
}

/// What is known of a generation once its prompt is tokens.
package struct WorkStart: Sendable, Equatable {
    package let promptTokens: UInt64
    package let acceptedAt: UInt64
    /// When the engine took it in.
    package let startedAt: UInt64
    package let tokenizeMicroseconds: UInt64
    package let degradations: [String]

    package init(
        promptTokens: UInt64, acceptedAt: UInt64, startedAt: UInt64, tokenizeMicroseconds: UInt64,
        degradations: [String]
    ) {
        self.promptTokens = promptTokens
        self.acceptedAt = acceptedAt
        self.startedAt = startedAt
        self.tokenizeMicroseconds = tokenizeMicroseconds
        self.degradations = degradations
    }
}

/// What happened to a piece of work. Exactly one final event follows every `Work`.
package enum WorkEvent: Sendable {
    // No frame of their own.
    case started(WorkStart)
    /// The peer is answered now with what it has been sent; the work's own end is still to come.
    case due(FinishReason)
    case generateChunk(GenerateChunk)
    case logitsChunk(LogitsChunk)
    case embedChunk(EmbedChunk)
    case loadProgress(LoadProgress)
    // Final, with the time the answer was ready in microseconds.
    case tokenized(TokenizeResponse, at: UInt64)
    case detokenized(DetokenizeResponse, at: UInt64)
    case generated(GenerateResponse, at: UInt64)
    case logits(LogitsResponse, at: UInt64)
    case scored(ScoreResponse, at: UInt64)
    case embedded(EmbedResponse, at: UInt64)
    case loaded(LoadResponse, ModelFacts)
    case unloaded
    case verified(HealthResponse)
    case failed(ServiceError)

    /// Whether nothing follows.
    package var isFinal: Bool {
        switch self {
        case .started, .due, .generateChunk, .logitsChunk, .embedChunk, .loadProgress: false
        case .tokenized, .detokenized, .generated, .logits, .scored, .embedded, .loaded,
            .unloaded, .verified, .failed:
            true
        }
    }
}

extension ServiceError {
    /// A request that was cancelled before it had an answer to show.
    package static func cancelled(_ what: String) -> ServiceError {
        ServiceError(.cancelled, .cancelled, "\(what): cancelled before there was an answer")
    }

    /// A request whose time ran out before it had an answer to show.
    package static func deadline(_ what: String) -> ServiceError {
        ServiceError(
            .deadlineExceeded, .deadlineExceeded,
            "\(what): its deadline passed before there was an answer")
    }
}
