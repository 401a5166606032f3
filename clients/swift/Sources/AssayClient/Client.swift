// A client of the Assay protocol over TCP or a Unix socket.
//
//     let client = try Client("unix:///run/assay.sock")
//     let reply = try await client.generate(GenerateRequest(prompt: .text("Once")))
//     print(reply.message.text, reply.provenance)
//
// Guarantees: Sendable; any number of calls at once share its connections, which are made on
// demand and made anew when lost. An answer of a mock is never handed out unless `allowMock` was
// set. A call is repeated only where that can do no harm (see RetryRule), and never past its
// deadline. Cancelling a task that waits gives its request up; the connection lives on. In a forked
// process every call throws `process_forked`, and the parent's connections are left alone.

import Wire

/// A server as seen by a program: connections on demand, one method per kind of request.
public final class Client: Sendable {
    /// Where the server listens.
    public let address: ServerAddress
    /// What the caller insists on.
    public let options: ClientOptions
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
        _ address: ServerAddress, options: ClientOptions = ClientOptions(),
        executor: ClientExecutor? = nil
    ) throws(ClientError) {
        try options.check()
        if Fork.isChild { throw .processForked }
        self.address = address
        self.options = options
        let executor =
            if let executor { executor } else {
                try ClientExecutor(spinMicroseconds: options.spinMicroseconds)
            }
        self.executor = executor
        pool = Pool(address, options, executor.loop)
    }

    deinit { pool.close() }

    /// The same with the address as a URL: `tcp://host:port` or `unix:///path`. Throws
    /// `address_invalid` too.
    public convenience init(
        _ address: String, options: ClientOptions = ClientOptions(),
        executor: ClientExecutor? = nil
    ) throws(ClientError) {
        try self.init(ServerAddress(address), options: options, executor: executor)
    }

    /// Makes all connections of the pool now and returns what the server said in Hello. Calls do
    /// this by themselves, one connection at a time; this is for those who want to know early.
    @discardableResult
    public func connect(deadlineMilliseconds: UInt32 = 0) async throws(ClientError)
        -> HelloResponse
    {
        var taken: [Connection] = []
        defer { for connection in taken { connection.release(1) } }
        var attempts = Attempts(self, .hello, deadlineMilliseconds: deadlineMilliseconds)
        for _ in 0..<options.connections { taken.append(try await attempts.connection()) }
        return pool.server ?? HelloResponse(server: "-")
    }

    /// What the server said in the latest Hello; nil before the first.
    public var server: HelloResponse? { pool.server }

    /// Closes all connections; what is in flight fails with `connection_closed`, and so does every
    /// later call. Safe to repeat.
    public func close() { pool.close() }
}
