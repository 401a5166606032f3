// One method per kind of request, in the words of the protocol.
//
// Each blocks until its answer is complete. Errors: see `ClientError`. Deadlines are milliseconds
// from the moment the server has read the request; 0 is none.

import Wire

extension AssayClient {
    /// Sends `payload` and checks that exactly it comes back.
    public func ping(
        _ payload: [UInt8] = [], deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) {
        let reply = try call(
            PingRequest(payload: payload), as: PingResponse.self,
            deadlineMilliseconds: deadlineMilliseconds)
        if reply.message.payload != payload {
            close()
            throw .damage("pinging: other bytes came back than were sent")
        }
    }

    /// May this model, or this server, be sent work? With `verify` the server first compares the
    /// model with its seal, which takes as long as reading its file; see `HealthResponse.seal`.
    public func health(
        model: String? = nil, verify: Bool = false, requirements: Requirements? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<HealthResponse> {
        try call(
            HealthRequest(model: model, verify: verify, requirements: requirements),
            as: HealthResponse.self, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// What is being served. The list is real even when a model on it is not.
    public func models() throws(ClientError) -> Reply<ModelsResponse> {
        try call(ModelsRequest(), as: ModelsResponse.self)
    }

    /// Counters of the server, split by provenance.
    public func stats() throws(ClientError) -> Reply<StatsResponse> {
        try call(StatsRequest(), as: StatsResponse.self)
    }

    /// Has a file assayed and served; `onLayer` sees each layer's verdict as it comes.
    public func load(
        _ request: LoadRequest, deadlineMilliseconds: UInt32 = 0,
        onLayer: (LayerVerdictRecord) -> Void = { _ in }
    ) throws(ClientError) -> Reply<LoadResponse> {
        let id = try send(request, deadlineMilliseconds: deadlineMilliseconds)
        return try receive(
            id, chunk: LoadProgress.self, last: LoadResponse.self,
            deadlineMilliseconds: deadlineMilliseconds
        ) { progress, _ in
            onLayer(progress.layer)
            return true
        }
    }

    /// Stops serving a model.
    public func unload(name: String) throws(ClientError) -> Reply<UnloadResponse> {
        try call(UnloadRequest(name: name), as: UnloadResponse.self)
    }

    /// Text to token ids.
    public func tokenize(
        _ request: TokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<TokenizeResponse> {
        try call(
            request, as: TokenizeResponse.self, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Token ids to text.
    public func detokenize(
        _ request: DetokenizeRequest, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<DetokenizeResponse> {
        try call(
            request, as: DetokenizeResponse.self, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Continues a prompt. `onChunk` sees tokens, text and progress as they come; returning false
    /// cancels. The returned message holds *all* tokens, text and log-probabilities, those of the
    /// chunks included.
    public func generate(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0,
        onChunk: (GenerateChunk, Provenance) -> Bool = { _, _ in true }
    ) throws(ClientError) -> Reply<GenerateResponse> {
        var pieces = GenerationPieces(request)
        let id = try send(request, deadlineMilliseconds: deadlineMilliseconds)
        return try honouring(&pieces) { pieces throws(ClientError) in
            let reply = try receive(
                id, chunk: GenerateChunk.self, last: GenerateResponse.self,
                deadlineMilliseconds: deadlineMilliseconds
            ) { chunk, provenance in
                pieces.add(chunk) && onChunk(chunk, provenance)
            }
            return Reply(
                message: pieces.whole(reply.message), provenance: reply.provenance,
                generation: reply.generation)
        }
    }

    /// Log-probabilities of continuations of one prompt: one score each, in their order. Their
    /// number is verified.
    public func score(
        _ request: ScoreRequest, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<ScoreResponse> {
        let reply = try call(
            request, as: ScoreResponse.self, deadlineMilliseconds: deadlineMilliseconds)
        if let breach = reply.message.breach(of: request) {
            close()
            throw .damage(breach)
        }
        return reply
    }

    /// One vector per input. The returned message holds all values; their count is verified.
    public func embed(
        _ request: EmbedRequest, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<EmbedResponse> {
        var pieces = EmbeddingPieces(request)
        let id = try send(request, deadlineMilliseconds: deadlineMilliseconds)
        return try honouring(&pieces) { pieces throws(ClientError) in
            let reply = try receive(
                id, chunk: EmbedChunk.self, last: EmbedResponse.self,
                deadlineMilliseconds: deadlineMilliseconds
            ) { chunk, _ in pieces.add(chunk) }
            return Reply(
                message: pieces.whole(reply.message), provenance: reply.provenance,
                generation: reply.generation)
        }
    }

    /// Runs `body`; when the pieces it put together turn out to break the protocol, closes and
    /// throws that instead of whatever else came of it.
    private func honouring<Pieces: AnswerPieces, Value>(
        _ pieces: inout Pieces, _ body: (inout Pieces) throws(ClientError) -> Value
    ) throws(ClientError) -> Value {
        let result: Result<Value, ClientError>
        do throws(ClientError) {
            result = .success(try body(&pieces))
        } catch {
            result = .failure(error)
        }
        if let breach = pieces.breach {
            close()
            throw .damage(breach)
        }
        return try result.get()
    }

    /// Raw scores. The returned message holds all values; their count is verified.
    public func logits(
        _ request: LogitsRequest, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<LogitsResponse> {
        var values: [Float] = []
        let id = try send(request, deadlineMilliseconds: deadlineMilliseconds)
        let reply = try receive(
            id, chunk: LogitsChunk.self, last: LogitsResponse.self,
            deadlineMilliseconds: deadlineMilliseconds
        ) { chunk, _ in
            values += chunk.logits
            return true
        }
        var whole = reply.message
        whole.logits = values + whole.logits
        let (expected, overflows) = whole.vocabulary.multipliedReportingOverflow(
            by: whole.positions)
        if overflows || UInt64(whole.logits.count) != expected {
            close()
            throw .damage(
                "reading logits: found \(whole.logits.count) values, allowed: "
                    + "\(whole.vocabulary) times \(whole.positions)")
        }
        return Reply(message: whole, provenance: reply.provenance, generation: reply.generation)
    }
}
