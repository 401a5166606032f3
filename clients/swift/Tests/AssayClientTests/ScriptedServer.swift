// A server on a Unix socket. The script of a test gives the bytes of each answer.
//
// Tests can send frames that the encoder never makes. Each connection has a thread. The server ends
// with its object.

import AssayClient
import Glibc
import Synchronization
import TestSupport

/// Decision of the script on a request.
enum ScriptStep {
    /// Bytes to send back.
    case send([UInt8])
    /// Bytes to send back before closing the connection.
    case sendAndClose([UInt8])
    /// No bytes.
    case silence
}

/// A request as the server read it.
struct Asked: Sendable {
    /// Number of the connection, from 1.
    let connection: Int
    let header: FrameHeader
    let body: [UInt8]

    var id: UInt64 { header.requestID }
    var kind: MessageKind? { header.kind }

    func decoded<Message: RequestMessage>(_ type: Message.Type) throws -> Message {
        try Message(decoding: body)
    }
}

/// A server for any number of connections.
final class ScriptedServer: Sendable {
    typealias Handler = @Sendable (_ asked: Asked, _ server: ScriptedServer) -> ScriptStep

    private struct State {
        var asked: [Asked] = []
        var descriptors: [Int32] = []
        var waiters: [(count: Int, kind: MessageKind?, caller: CheckedContinuation<Void, Never>)] =
            []
        var isStopped = false
        var ended = 0
    }

    private let directory: TemporaryDirectory
    private let listener: Int32
    private let handler: Handler
    private let state = Mutex(State())

    /// Listens. `handler` runs on the threads of the connections.
    ///
    /// - Parameter directory: folder for the socket `s`. Nil for a new folder.
    init(in directory: TemporaryDirectory? = nil, _ handler: @escaping Handler) throws {
        self.directory = try directory ?? TemporaryDirectory()
        self.handler = handler
        listener = Self.listen(self.directory.path("s"))
        let descriptor = listener
        Self.start { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                guard let server = self else {
                    Glibc.close(connection)
                    return
                }
                server.begin(connection)
            }
        }
    }

    /// Answers Hello, and passes all other requests to `handler`.
    static func greeting(
        _ hello: HelloResponse = HelloResponse(server: "scripted"),
        in directory: TemporaryDirectory? = nil, _ handler: @escaping Handler
    ) throws -> ScriptedServer {
        try ScriptedServer(in: directory) { asked, server in
            guard asked.kind == .hello else { return handler(asked, server) }
            return .send(frame(hello, to: asked.id))
        }
    }

    deinit { stop() }

    var address: ServerAddress { .unix(path: directory.path("s")) }

    /// All requests so far, without Hello.
    var asked: [Asked] { state.withLock { $0.asked.filter { $0.kind != .hello } } }
    /// Connections accepted so far.
    var connectionCount: Int { state.withLock { $0.descriptors.count } }

    /// Connections that the clients have ended.
    var endedCount: Int { state.withLock { $0.ended } }

    /// Waits until `count` requests of `kind` have arrived. Nil counts all kinds except Hello.
    func received(_ count: Int, of kind: MessageKind? = nil) async {
        await withCheckedContinuation { caller in
            let isThere = state.withLock { state in
                if Self.count(state.asked, kind) >= count { return true }
                state.waiters.append((count, kind, caller))
                return false
            }
            if isThere { caller.resume() }
        }
    }

    private static func count(_ asked: [Asked], _ kind: MessageKind?) -> Int {
        asked.count { kind == nil ? $0.kind != .hello : $0.kind == kind }
    }

    /// Sends bytes on a connection, counted from 1, regardless of requests.
    func push(_ bytes: [UInt8], on connection: Int = 1) {
        sendAll(bytes, state.withLock { $0.descriptors[connection - 1] })
    }

    /// Ends a connection, counted from 1.
    func cut(_ connection: Int) {
        shutdown(state.withLock { $0.descriptors[connection - 1] }, Int32(SHUT_RDWR))
    }

    /// Stops accepting connections and ends the open connections.
    func stop() {
        let descriptors = state.withLock { state in
            let isFirst = !state.isStopped
            state.isStopped = true
            return isFirst ? state.descriptors : nil
        }
        guard let descriptors else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    // MARK: - Frames

    /// Encodes a well-formed response frame.
    static func frame(
        _ message: some ResponseMessage, to requestID: UInt64, _ provenance: Provenance = .real,
        generation: UInt32 = 0, compresses: Bool = false
    ) -> [UInt8] {
        var encoder = FrameEncoder()
        encoder.compresses = compresses
        try? encoder.appendResponse(
            message, to: requestID, provenance: provenance, generation: generation)
        return encoder.take()
    }

    /// Encodes a well-formed failure.
    static func failure(
        _ error: ErrorBody, _ status: Status, to asked: Asked, _ provenance: Provenance = .real
    ) -> [UInt8] {
        var encoder = FrameEncoder()
        encoder.appendError(
            error, status: status, toKind: asked.header.kindByte, requestID: asked.id,
            provenance: provenance)
        return encoder.take()
    }

    // MARK: - Threads

    private static func listen(_ path: String) -> Int32 {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(status == 0 && Glibc.listen(descriptor, 128) == 0, "no socket at \(path)")
        return descriptor
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Work(body)).toOpaque())
        precondition(status == 0)
        pthread_detach(thread)
    }

    private func begin(_ descriptor: Int32) {
        let index = state.withLock { state in
            state.descriptors.append(descriptor)
            return state.descriptors.count
        }
        Self.start { [weak self] in
            let decoder = FrameDecoder(.request, bodySizeMax: Limits.bodySizeMax)
            var buffer = [UInt8](repeating: 0, count: 65536)
            // Never closed: `cut` and `push` name descriptors, and a new connection must not reuse
            // the number of a closed connection. The process of a test is short.
            defer { shutdown(descriptor, Int32(SHUT_RDWR)) }
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count == 0 { self?.state.withLock { $0.ended += 1 } }
                guard count > 0, let server = self,
                    let frames = try? decoder.frames(in: Array(buffer[..<count]))
                else { return }
                for frame in frames {
                    let asked = Asked(connection: index, header: frame.header, body: frame.body)
                    if !server.answer(asked, descriptor) { return }
                }
            }
        }
    }

    /// False when the connection must end.
    private func answer(_ asked: Asked, _ descriptor: Int32) -> Bool {
        let ready = state.withLock { state in
            state.asked.append(asked)
            let known = state.asked
            let ready = state.waiters.filter { Self.count(known, $0.kind) >= $0.count }
            state.waiters.removeAll { Self.count(known, $0.kind) >= $0.count }
            return ready.map(\.caller)
        }
        for caller in ready { caller.resume() }
        switch handler(asked, self) {
        case .send(let bytes): sendAll(bytes, descriptor)
        case .sendAndClose(let bytes):
            sendAll(bytes, descriptor)
            return false
        case .silence: break
        }
        return true
    }

    private func sendAll(_ bytes: [UInt8], _ descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            offset += count
        }
    }
}
