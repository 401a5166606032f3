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
    ) async throws(ClientError) -> Reply<PingResponse> { throw .closed("not written yet") }

    /// May this model, or this server, be sent work? With `verify` the server first compares the
    /// model with its seal, which takes as long as reading its file; see `HealthResponse.seal`.
    public func health(
        model: String? = nil, verify: Bool = false, requirements: Requirements? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<HealthResponse> { throw .closed("not written yet") }

    /// What is being served. The list is real even when a model on it is not.
    public func models(
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<ModelsResponse> { throw .closed("not written yet") }

    /// Counters of the server, split by provenance.
    public func stats(
        deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<StatsResponse> { throw .closed("not written yet") }

    /// Has a file assayed and served; `onLayer` sees each layer's verdict as it comes. Never sent
    /// twice.
    public func load(
        _ request: LoadRequest, deadlineMilliseconds: UInt32 = 0,
        onLayer: @escaping @Sendable (LayerVerdictRecord) -> Void = { _ in }
    ) async throws(ClientError) -> Reply<LoadResponse> { throw .closed("not written yet") }

    /// Stops serving a model. Never sent twice.
    public func unload(
        name: String, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<UnloadResponse> { throw .closed("not written yet") }

    /// Text to token ids.
    public func tokenize(
        _ request: TokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<TokenizeResponse> { throw .closed("not written yet") }

    /// Token ids to text.
    public func detokenize(
        _ request: DetokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<DetokenizeResponse> { throw .closed("not written yet") }

    /// Continues a prompt and returns the whole answer.
    public func generate(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<GenerateResponse> { throw .closed("not written yet") }

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
    ) async throws(ClientError) -> Reply<ScoreResponse> { throw .closed("not written yet") }

    /// Raw scores of the next token.
    public func logits(
        _ request: LogitsRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<LogitsResponse> { throw .closed("not written yet") }

    /// One vector per input.
    public func embed(
        _ request: EmbedRequest, deadlineMilliseconds: UInt32 = 0
    ) async throws(ClientError) -> Reply<EmbedResponse> { throw .closed("not written yet") }
}
