// A client of the Assay protocol over TCP or a Unix socket.
//
//     let client = try Client("unix:///run/assay.sock")
//     let reply = try await client.generate(GenerateRequest(prompt: .text("Once")))
//     print(reply.text, reply.provenance)
//
// Guarantees: Sendable; any number of calls at once share its connections, which are made on
// demand and made anew when lost. An answer of a mock is never handed out unless `allowMock` was
// set. A call is repeated only where that can do no harm (see RetryRule), and never past its
// deadline. Cancelling a task that waits gives its request up; the connection lives on. In a forked
// process every call throws `process_forked`, and the parent's connections are left alone.

@_exported import Wire

/// The error by its former name.
public typealias ClientError = AssayError
/// The options by their former name.
public typealias ClientOptions = Options

/// A server as seen by a program: connections on demand, one method per kind of request.
public final class Client: Sendable {
    /// Where the server listens.
    public let address: ServerAddress
    /// What the caller insists on.
    public let options: Options
    /// The thread of this client. Tasks that prefer it get their answers without a change of
    /// threads: see `ClientExecutor`.
    public let executor: ClientExecutor
    let pool: Pool

    /// A client of the server at `address`; connects with the first call.
    ///
    /// - Parameter executor: a thread to share with other clients; nil starts one of its own.
    /// - Throws: `request_invalid` for options that cannot be meant; `process_forked` in a process
    ///   that was forked from one with clients.
    public init(
        _ address: ServerAddress, options: Options = Options(), executor: ClientExecutor? = nil
    ) throws(AssayError) {
        try options.check()
        if Fork.isChild { throw .processForked }
        self.address = address
        self.options = options
        self.executor = if let executor { executor } else { try ClientExecutor() }
        pool = Pool(address, options, self.executor.loop)
    }

    deinit { pool.close() }

    /// The same with the address as a URL: `tcp://host:port` or `unix:///path`. Throws
    /// `address_invalid` too.
    public convenience init(
        _ address: String, options: Options = Options(), executor: ClientExecutor? = nil
    ) throws(AssayError) {
        try self.init(ServerAddress(address), options: options, executor: executor)
    }

    /// Makes all connections of the pool now and returns what the server said in Hello. Calls do
    /// this by themselves, one connection at a time; this is for those who want to know early.
    @discardableResult
    public func connect(deadlineMilliseconds: UInt32 = 0) async throws(AssayError)
        -> HelloResponse
    {
        // It is not sent: the connections that it waits for say Hello by themselves.
        let hello = HelloRequest(client: options.name)
        return try await call(hello, SinglePiece(), deadlineMilliseconds).message
    }

    /// What the server said in the latest Hello; nil before the first.
    public var server: HelloResponse? { pool.server }

    /// Closes all connections; what is in flight fails with `connection_closed`, and so does every
    /// later call. Safe to repeat.
    public func close() { pool.close() }

    // MARK: - Calls that are more than a request and a response

    /// Sends `payload` and checks that exactly it comes back.
    @discardableResult
    public func ping(
        _ payload: [UInt8], deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<PingResponse> {
        try await ping(PingRequest(payload: payload), deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Has a file assayed and served; `onLayer` sees each layer's verdict as it comes. Never sent
    /// again once it may have begun.
    public func load(
        _ request: LoadRequest, deadlineMilliseconds: UInt32 = 0,
        onLayer: (LayerVerdictRecord) -> Void = { _ in }
    ) async throws(AssayError) -> Reply<LoadResponse> {
        let exchange = Exchange(
            self, request, LoadPieces(), deadlineMilliseconds, handsOut: true)
        while case .chunk(let progress, _, _)? = try await exchange.next() {
            onLayer(progress.layer)
        }
        return try await exchange.whole()
    }

    /// Continues a prompt; the parts come as they are made, the last one with the whole answer.
    /// Nothing is sent before the first part is asked for.
    public func generateStream(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) -> GenerateStream {
        GenerateStream(
            Exchange(
                self, request, GeneratePieces(request), deadlineMilliseconds, handsOut: true))
    }

    /// Sends a request until it is answered or has failed for good.
    func call<Pieces: AnswerPieces>(
        _ request: some CallRequest, _ pieces: Pieces, _ deadlineMilliseconds: UInt32
    ) async throws(AssayError) -> Reply<Pieces.Last> {
        try await Exchange(self, request, pieces, deadlineMilliseconds).whole()
    }
}
