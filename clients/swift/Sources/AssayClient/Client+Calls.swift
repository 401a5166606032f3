// One method per kind of request, in the words of the protocol.
//
// Each returns when its answer is complete, on the caller's own executor. All throw `ClientError`.
// Deadlines are milliseconds from now for the whole call, repetitions included; 0 is none. The
// server is told what remains of it when the request is sent.

import Wire

extension Client {
    /// Sends `payload` and checks that exactly it comes back.
    @discardableResult
    public func ping(
        _ payload: [UInt8] = [], deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<PingResponse> {
        try await call(
            PingRequest(payload: payload),
            SinglePiece { answer in
                answer.payload == payload
                    ? nil : "pinging: other bytes came back than were sent"
            }, deadlineMilliseconds)
    }

    /// May this model, or this server, be sent work? With `verify` the server first compares the
    /// model with its seal, which takes as long as reading its file; see `HealthResponse.seal`.
    public func health(
        model: String? = nil, verify: Bool = false, requirements: Requirements? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<HealthResponse> {
        let request = HealthRequest(model: model, verify: verify, requirements: requirements)
        // The health of a server as a whole is of no model that could be real.
        if model == nil { return try await call(request, SinglePiece(), deadlineMilliseconds) }
        return try await call(demanding: request, SinglePiece(), deadlineMilliseconds)
    }

    /// What is being served. The list is real even when a model on it is not.
    public func models(
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<ModelsResponse> {
        try await call(ModelsRequest(), SinglePiece(), deadlineMilliseconds)
    }

    /// Counters of the server, split by provenance.
    public func stats(
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<StatsResponse> {
        try await call(StatsRequest(), SinglePiece(), deadlineMilliseconds)
    }

    /// Has a file assayed and served; `onLayer` sees each layer's verdict as it comes. Never sent
    /// twice.
    public func load(
        _ request: LoadRequest, deadlineMilliseconds: UInt32 = 0,
        onLayer: (LayerVerdictRecord) -> Void = { _ in }
    ) async throws(ClientError) -> Reply<LoadResponse> {
        let call = PartedCall(
            self, request, LoadPieces(), deadlineMilliseconds: deadlineMilliseconds)
        while true {
            switch try await call.next() {
            case .chunk(let progress, _, _)?: onLayer(progress.layer)
            case .last(_, let reply)?: return reply
            case nil: throw .closed("loading a model")
            }
        }
    }

    /// Stops serving a model. Never sent twice.
    public func unload(
        name: String, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<UnloadResponse> {
        try await call(UnloadRequest(name: name), SinglePiece(), deadlineMilliseconds)
    }

    /// Text to token ids.
    public func tokenize(
        _ request: TokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<TokenizeResponse> {
        try await call(demanding: request, SinglePiece(), deadlineMilliseconds)
    }

    /// Token ids to text.
    public func detokenize(
        _ request: DetokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<DetokenizeResponse> {
        try await call(demanding: request, SinglePiece(), deadlineMilliseconds)
    }

    /// Continues a prompt and returns the whole answer.
    public func generate(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<GenerateResponse> {
        try await call(demanding: request, GenerationPieces(request), deadlineMilliseconds)
    }

    /// Continues a prompt; the parts come as they are made, the last one with the whole answer.
    /// Nothing is sent before the first part is asked for.
    public func generateStream(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) -> GenerateStream {
        GenerateStream(
            client: self, request: request, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Log-probabilities of continuations of one prompt: one score each, in their order.
    public func score(
        _ request: ScoreRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<ScoreResponse> {
        try await call(
            demanding: request, SinglePiece { $0.breach(of: request) }, deadlineMilliseconds)
    }

    /// Raw scores of the next token.
    public func logits(
        _ request: LogitsRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<LogitsResponse> {
        try await call(demanding: request, LogitsPieces(request), deadlineMilliseconds)
    }

    /// One vector per input.
    public func embed(
        _ request: EmbedRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<EmbedResponse> {
        try await call(demanding: request, EmbeddingPieces(request), deadlineMilliseconds)
    }
}
