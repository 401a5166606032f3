// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// One method per kind of request, in the words of the protocol. Each returns when its answer is
// complete, on the caller's own executor. Deadlines are milliseconds from now for the whole call,
// repetitions included; 0 is none. The server is told what remains when the request is sent.

import Wire

extension Client {
    /// Same bytes back.
    @discardableResult
    public func ping(
        _ request: PingRequest = PingRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<PingResponse> {
        try await call(request, SinglePiece { $0.breach(of: request) }, deadlineMilliseconds)
    }

    /// May this model, or this server, be sent work.
    public func health(
        _ request: HealthRequest = HealthRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<HealthResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// List of models.
    public func models(
        _ request: ModelsRequest = ModelsRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<ModelsResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Stop serving a model.
    @discardableResult
    public func unload(
        _ request: UnloadRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<UnloadResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Text to token ids.
    public func tokenize(
        _ request: TokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<TokenizeResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Token ids to text.
    public func detokenize(
        _ request: DetokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<DetokenizeResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Continue a prompt; streamed.
    public func generate(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<GenerateResponse> {
        try await call(request, GeneratePieces(request), deadlineMilliseconds)
    }

    /// Log-probabilities of given continuations.
    public func score(
        _ request: ScoreRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<ScoreResponse> {
        try await call(request, SinglePiece { $0.breach(of: request) }, deadlineMilliseconds)
    }

    /// Raw scores; streamed.
    public func logits(
        _ request: LogitsRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<LogitsResponse> {
        try await call(request, LogitsPieces(request), deadlineMilliseconds)
    }

    /// Inputs to vectors; streamed.
    public func embed(
        _ request: EmbedRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<EmbedResponse> {
        try await call(request, EmbedPieces(request), deadlineMilliseconds)
    }

    /// Counters, split by provenance.
    public func stats(
        _ request: StatsRequest = StatsRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<StatsResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }
}

extension HelloRequest: CallRequest {}
extension PingRequest: CallRequest {}
extension HealthRequest: DemandingRequest {}
extension ModelsRequest: CallRequest {}
extension LoadRequest: CallRequest {}
extension UnloadRequest: CallRequest {}
extension TokenizeRequest: DemandingRequest {}
extension DetokenizeRequest: DemandingRequest {}
extension GenerateRequest: DemandingRequest {}
extension ScoreRequest: DemandingRequest {}
extension LogitsRequest: DemandingRequest {}
extension EmbedRequest: DemandingRequest {}
extension CancelRequest: CallRequest {}
extension StatsRequest: CallRequest {}

extension GenerateChunk {
    /// What the last frame itself brought.
    init(of last: GenerateResponse) {
        self.init(
            tokens: last.tokens,
            text: last.text,
            logprobs: last.logprobs,
            promptLogprobs: last.promptLogprobs)
    }
}

extension MessageKind {
    /// True when asking twice does no more than asking once.
    package var isRetrySafe: Bool {
        switch self {
        case .load, .swap, .unload, .cancel, .goAway: false
        default: true
        }
    }
}
