// A blocking client of the Assay protocol over TCP or a Unix socket.
//
//     let client = try AssayClient.connect(to: ServerAddress("unix:///run/assay.sock"))
//     let reply = try client.generate(GenerateRequest(prompt: .text("Once"))) { print($0.text) }
//     print(reply.message.finishReason, reply.provenance)
//
// Guarantees: an answer of a mock is never handed out unless `allowMock` was set: the call throws
// `mock_refused` at the first frame that says mock. Provenance, kind, request id and flags of every
// frame are verified. Every wait has an end when a timeout is set. After a protocol error or a
// time-out the connection is closed: its framing, or its order, can no longer be trusted.
//
// Not here: reconnecting, retrying, pooling, concurrency. One connection, one thread at a time.

import Wire

/// What a client says about itself and insists on.
public struct ClientConfiguration: Sendable {
    /// Name sent in Hello, for the server's log.
    public var name = "assay-swift/1"
    /// True: answers of mock models are handed out (and say so). False: they are refused.
    public var allowMock = false
    /// Offer LZ4 in Hello.
    public var compression = true
    /// Time to connect and say Hello, milliseconds.
    public var connectMilliseconds = 5_000
    /// Time to wait for each frame of an answer, milliseconds; nil waits for ever.
    public var answerMilliseconds: Int?
    /// Time beyond a request's deadline that its answer may take to arrive, milliseconds.
    public var graceMilliseconds = 2_000

    /// The defaults above.
    public init() {}
}

/// A connection to a server. Not Sendable: one thread at a time.
public final class AssayClient {
    /// What both sides agreed on.
    public private(set) var server = HelloResponse(server: "-")
    /// What the caller insists on.
    public let configuration: ClientConfiguration

    private let socket: Socket
    private let decoder = FrameDecoder(.response)
    private var encoder = FrameEncoder()
    private var inbox = Inbox()
    private var nextID: UInt64 = 1
    private var broken: ClientError?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 64 << 10, alignment: 16)

    deinit { buffer.deallocate() }

    // MARK: - Connecting

    /// Connects and says Hello. Blocks up to `connectMilliseconds` for each of the two.
    public static func connect(
        to address: ServerAddress, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(ClientError) -> AssayClient {
        let socket = try Socket.connect(
            to: address, timeoutMilliseconds: configuration.connectMilliseconds)
        return try AssayClient(socket, configuration)
    }

    /// Says Hello on a descriptor that is connected already, and owns it from now on.
    public convenience init(
        adopting descriptor: Int32, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(ClientError) {
        try self.init(Socket(adopting: descriptor), configuration)
    }

    private init(
        _ socket: Socket, _ configuration: ClientConfiguration
    ) throws(ClientError) {
        self.socket = socket
        self.configuration = configuration
        let hello = HelloRequest(
            client: configuration.name, compression: configuration.compression)
        let deadline = Deadline(milliseconds: configuration.connectMilliseconds)
        let id = try send(hello, deadline: deadline, deadlineMilliseconds: 0)
        server = try last(HelloResponse.self, for: id, within: deadline).message
        if server.revision > Limits.revision || (server.compression && !configuration.compression) {
            let error = ClientError.damage(
                "reading the server's Hello: it agrees to what was not offered")
            fail(error)
            throw error
        }
        encoder.compresses = server.compression
        encoder.bodySizeMax = Int(clamping: server.bodySizeMax)
    }

    /// Closes the connection; the server cancels what is in flight. Safe to repeat.
    public func close() { fail(.closed("closed by this client")) }

    /// True when the server has announced that it takes no new requests.
    public var isDraining: Bool { inbox.isDraining }

    // MARK: - Requests and answers

    /// Sends a request and returns its id without waiting for anything.
    public func send(
        _ request: some RequestMessage, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> UInt64 {
        try send(
            request, deadline: Deadline(milliseconds: configuration.answerMilliseconds),
            deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Sends a request and waits for its only frame.
    public func call<Answer: ResponseMessage>(
        _ request: some RequestMessage, as type: Answer.Type, deadlineMilliseconds: UInt32 = 0
    ) throws(ClientError) -> Reply<Answer> {
        let id = try send(request, deadlineMilliseconds: deadlineMilliseconds)
        return try last(type, for: id, within: wait(deadlineMilliseconds))
    }

    /// Waits for the rest of an answer: hands each frame that is followed by others to `onChunk`,
    /// decoded as `Chunk`, and returns the last one.
    ///
    /// `onChunk` may call `cancel`; returning false abandons the answer, which throws `given_up`.
    public func receive<Chunk: ResponseMessage, Answer: ResponseMessage>(
        _ requestID: UInt64, chunk: Chunk.Type, last: Answer.Type,
        deadlineMilliseconds: UInt32 = 0, onChunk: (Chunk, Provenance) -> Bool
    ) throws(ClientError) -> Reply<Answer> {
        let whole = wait(deadlineMilliseconds)
        while true {
            let limit = deadlineMilliseconds > 0 ? whole : wait(0)
            let frame = try frame(for: requestID, within: limit)
            if frame.isLast { return try reply(last, frame) }
            guard onChunk(try decode(chunk, frame), frame.provenance) else {
                abandon(requestID)
                throw ClientError(.givenUp, .cancelled, "the caller gave the answer up")
            }
        }
    }

    /// Asks the server to stop a request, without waiting; the request still gets its last frame.
    public func cancel(_ requestID: UInt64) throws(ClientError) {
        let id = try send(CancelRequest(target: requestID))
        inbox.abandon(id)
    }

    // MARK: - Frames

    private func send(
        _ request: some RequestMessage, deadline: Deadline, deadlineMilliseconds: UInt32
    ) throws(ClientError) -> UInt64 {
        if let broken { throw broken }
        guard request.revisionNeeded <= server.revision else {
            throw ClientError(
                .revisionTooLow, .unimplemented,
                "sending \(type(of: request).kind): needs revision \(request.revisionNeeded) of "
                    + "the protocol, the server speaks revision \(server.revision)")
        }
        let id = nextID
        nextID += 1
        do throws(WireError) {
            try encoder.appendRequest(
                request, requestID: id, deadlineMilliseconds: deadlineMilliseconds)
        } catch {
            throw ClientError(.requestInvalid, .invalidArgument, error.message)
        }
        inbox.expect(type(of: request).kind, for: id)
        try closingOnError { () throws(ClientError) in
            try socket.write(encoder.take(), until: deadline)
        }
        return id
    }

    /// The next frame for a request: not a failure, and not a mock unless allowed.
    private func frame(
        for requestID: UInt64, within deadline: Deadline
    ) throws(ClientError) -> ReceivedFrame {
        if let broken { throw broken }
        while true {
            if let frame = inbox.take(requestID) {
                try verify(frame)
                return frame
            }
            try closingOnError { () throws(ClientError) in try pump(until: deadline) }
        }
    }

    /// Reads once and files every whole frame.
    private func pump(until deadline: Deadline) throws(ClientError) {
        let count = try socket.read(into: buffer, until: deadline)
        decoder.lend(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        defer { decoder.settle() }
        while true {
            let frame: Frame
            do throws(WireError) {
                guard let next = try decoder.next() else { return }
                frame = next
            } catch {
                throw .damage(error)
            }
            try inbox.receive(ReceivedFrame(header: frame.header, body: frame.ownedBody))
        }
    }

    /// Refuses a mock first and a failure second: nobody should act on a mock's words unawares.
    private func verify(_ frame: ReceivedFrame) throws(ClientError) {
        let failed = frame.header.statusNumber != 0
        let body: ErrorBody? = failed ? try ErrorBody(server: frame.body) : nil
        if frame.provenance == .mock && !configuration.allowMock {
            if !frame.isLast { abandon(frame.header.requestID) }
            throw .mockRefused(body)
        }
        if let body { throw .refused(frame.header.status, body, frame.provenance) }
    }

    /// Stops listening to an answer and asks the server to stop making it. A failure to say so is
    /// no news to the caller, who is given the reason for stopping.
    private func abandon(_ requestID: UInt64) {
        inbox.abandon(requestID)
        _ = try? cancel(requestID)
    }

    private func last<Answer: ResponseMessage>(
        _ type: Answer.Type, for requestID: UInt64, within deadline: Deadline
    ) throws(ClientError) -> Reply<Answer> {
        let frame = try frame(for: requestID, within: deadline)
        guard frame.isLast else {
            return try breach("reading the answer to \(Answer.kind): more frames than one")
        }
        return try reply(type, frame)
    }

    private func reply<Answer: ResponseMessage>(
        _ type: Answer.Type, _ frame: ReceivedFrame
    ) throws(ClientError) -> Reply<Answer> {
        Reply(
            message: try decode(type, frame), provenance: frame.provenance,
            generation: frame.header.generation)
    }

    /// Decodes and compares the flags with what the message says.
    private func decode<Message: ResponseMessage>(
        _ type: Message.Type, _ frame: ReceivedFrame
    ) throws(ClientError) -> Message {
        let message = try closingOnError { () throws(ClientError) in
            try Message(server: frame.body)
        }
        if message.isDegraded != frame.header.flags.contains(.degraded) {
            return try breach(
                "reading the answer to \(Message.kind): its degraded flag and its list disagree")
        }
        return message
    }

    private func breach<Value>(_ message: String) throws(ClientError) -> Value {
        let error = ClientError.damage(message)
        fail(error)
        throw error
    }

    private func wait(_ deadlineMilliseconds: UInt32) -> Deadline {
        deadlineMilliseconds > 0
            ? Deadline(milliseconds: Int(deadlineMilliseconds) + configuration.graceMilliseconds)
            : Deadline(milliseconds: configuration.answerMilliseconds)
    }

    private func closingOnError<Value>(
        _ body: () throws(ClientError) -> Value
    ) throws(ClientError) -> Value {
        do throws(ClientError) {
            return try body()
        } catch {
            fail(error)
            throw error
        }
    }

    private func fail(_ error: ClientError) {
        broken = broken ?? error
        socket.close()
    }
}
