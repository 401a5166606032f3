// A client of the Assay protocol over TCP or a Unix socket.
//
//     let client = try Client("unix:///run/assay.sock")
//     let reply = try await client.generate(GenerateRequest(prompt: .text("Once")))
//     print(reply.text, reply.provenance)
//
// Guarantees:
// - Sendable: any number of concurrent calls share the connections. Connections are made on demand
//   and made anew when lost.
// - An answer of a mock is never handed out unless `allowMock` is set.
// - A call is repeated only where a repetition does no harm (see RetryRule), and never past its
//   deadline.
// - Cancelling a waiting task gives up its request, and the connection stays open.
// - In a forked process every call throws `process_forked`, and the parent's connections are left
//   alone.

@_exported import Wire

/// Former name of the error.
public typealias ClientError = AssayError
/// Former name of the options.
public typealias ClientOptions = Options

/// Client of one server: connections on demand, a method per kind of request.
public final class Client: Sendable {
    /// Listening address of the server.
    public let address: ServerAddress
    /// Options of the caller.
    public let options: Options
    /// The thread of this client. Tasks with a preference for `executor` get answers without a
    /// change of threads: see `ClientExecutor`.
    public let executor: ClientExecutor
    let pool: Pool

    /// Makes a client of the server at `address`. The first call connects.
    ///
    /// - Parameter executor: a thread to share with other clients. Nil starts a thread for this
    ///   client.
    /// - Throws: `request_invalid` for options out of range. `process_forked` in a process that was
    ///   forked from a process with clients.
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

    /// Makes a client from a URL: `tcp://host:port` or `unix:///path`. Throws `address_invalid`
    /// too.
    public convenience init(
        _ address: String, options: Options = Options(), executor: ClientExecutor? = nil
    ) throws(AssayError) {
        try self.init(ServerAddress(address), options: options, executor: executor)
    }

    /// Makes all connections of the pool now and returns the server's Hello. Without `connect`,
    /// calls make connections as they need them.
    @discardableResult
    public func connect(deadlineMilliseconds: UInt32 = 0) async throws(AssayError)
        -> HelloResponse
    {
        // The request itself is not sent: `connect` waits for new connections, and each sends a
        // Hello.
        let hello = HelloRequest(client: options.name)
        return try await call(hello, SinglePiece(), deadlineMilliseconds).message
    }

    /// The server's latest Hello. Nil before the first.
    public var server: HelloResponse? { pool.server }

    /// Closes all connections. Requests in flight and all later calls fail with
    /// `connection_closed`. Safe to repeat.
    public func close() { pool.close() }

    // MARK: - Calls that are more than a request and a response

    /// Sends `payload` and checks that the server returns the same bytes.
    @discardableResult
    public func ping(
        _ payload: [UInt8], deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<PingResponse> {
        try await ping(PingRequest(payload: payload), deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Has a file assayed and served. `onLayer` receives the verdict of each layer. The request is
    /// never repeated once the work may have begun.
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

    /// Has a file assayed beside the served model, and switches to it. `onProgress` receives each
    /// step. The request is never repeated once the work may have begun.
    public func swap(
        _ request: SwapRequest, deadlineMilliseconds: UInt32 = 0,
        onProgress: (SwapProgress) -> Void = { _ in }
    ) async throws(AssayError) -> Reply<SwapResponse> {
        let exchange = Exchange(
            self, request, SwapPieces(), deadlineMilliseconds, handsOut: true)
        while case .chunk(let progress, _, _)? = try await exchange.next() {
            onProgress(progress)
        }
        return try await exchange.whole()
    }

    /// Continues a prompt. Parts arrive as the server makes them, and the last part holds the whole
    /// answer. The request is sent when the caller asks for the first part.
    public func generateStream(
        _ request: GenerateRequest, deadlineMilliseconds: UInt32 = 0
    ) -> GenerateStream {
        GenerateStream(
            Exchange(
                self, request, GeneratePieces(request), deadlineMilliseconds, handsOut: true))
    }

    /// Sends a request until an answer arrives or the call has failed for good.
    func call<Pieces: AnswerPieces>(
        _ request: some CallRequest, _ pieces: Pieces, _ deadlineMilliseconds: UInt32
    ) async throws(AssayError) -> Reply<Pieces.Last> {
        try await Exchange(self, request, pieces, deadlineMilliseconds).whole()
    }
}
