// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// One method per kind of request, named like the kind. A method returns when the answer is
// complete, on the caller's own executor. A deadline is milliseconds from now for the whole call,
// repetitions included (0 for none). The request carries the time that remains when sent.

import Wire

extension Client {
    /// Returns the payload unchanged.
    @discardableResult
    public func ping(
        _ request: PingRequest = PingRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<PingResponse> {
        try await call(request, SinglePiece { $0.breach(of: request) }, deadlineMilliseconds)
    }

    /// Reports if a model, or the server, accepts work.
    public func health(
        _ request: HealthRequest = HealthRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<HealthResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Lists the models.
    public func models(
        _ request: ModelsRequest = ModelsRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<ModelsResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Stops serving a model.
    @discardableResult
    public func unload(
        _ request: UnloadRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<UnloadResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Turns text into token ids.
    public func tokenize(
        _ request: TokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<TokenizeResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Turns token ids into text.
    public func detokenize(
        _ request: DetokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<DetokenizeResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Continues a prompt (streamed).
    public func generate(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<GenerateResponse> {
        try await call(request, GeneratePieces(request), deadlineMilliseconds)
    }

    /// Computes log-probabilities of given continuations.
    public func score(
        _ request: ScoreRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<ScoreResponse> {
        try await call(request, SinglePiece { $0.breach(of: request) }, deadlineMilliseconds)
    }

    /// Computes raw scores of the vocabulary (streamed).
    public func logits(
        _ request: LogitsRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<LogitsResponse> {
        try await call(request, LogitsPieces(request), deadlineMilliseconds)
    }

    /// Turns inputs into vectors (streamed).
    public func embed(
        _ request: EmbedRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<EmbedResponse> {
        try await call(request, EmbedPieces(request), deadlineMilliseconds)
    }

    /// Returns counters, split by provenance.
    public func stats(
        _ request: StatsRequest = StatsRequest(), deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<StatsResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Renders a conversation by the model's chat template.
    public func render(
        _ request: RenderRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<RenderResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Returns to the generation before the last swap.
    public func rollback(
        _ request: RollbackRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<RollbackResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Keeps a model in memory, or lets it go.
    public func pin(
        _ request: PinRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<PinResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }

    /// Gives a generation of a model a label, with a share of the requests.
    public func alias(
        _ request: AliasRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<AliasResponse> {
        try await call(request, SinglePiece(), deadlineMilliseconds)
    }
}

extension HelloRequest: CallRequest {}
extension PingRequest: CallRequest {}
extension HealthRequest: DemandingRequest {}
extension ModelsRequest: CallRequest {}
extension LoadRequest: CallRequest {}
extension SwapRequest: CallRequest {}
extension UnloadRequest: CallRequest {}
extension TokenizeRequest: DemandingRequest {}
extension DetokenizeRequest: DemandingRequest {}
extension GenerateRequest: DemandingRequest {}
extension ScoreRequest: DemandingRequest {}
extension LogitsRequest: DemandingRequest {}
extension EmbedRequest: DemandingRequest {}
extension CancelRequest: CallRequest {}
extension StatsRequest: CallRequest {}
extension RenderRequest: DemandingRequest {}
extension RollbackRequest: CallRequest {}
extension PinRequest: CallRequest {}
extension AliasRequest: CallRequest {}

extension GenerateChunk {
    /// Makes a chunk from the last frame.
    init(of last: GenerateResponse) {
        self.init(
            tokens: last.tokens,
            text: last.text,
            logprobs: last.logprobs,
            promptLogprobs: last.promptLogprobs)
    }
}

extension MessageKind {
    /// True when a repeated request has no further effect.
    package var isRetrySafe: Bool {
        switch self {
        case .load, .swap, .unload, .cancel, .rollback, .goAway: false
        default: true
        }
    }
}
