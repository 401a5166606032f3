// The other end of a socket pair: a thread that reads requests and answers by a script.
//
// It builds frames by hand where a test needs one that the encoder would never make.

import Glibc
import Wire

/// What the script decides for one request.
enum ScriptStep {
    /// Bytes to send back.
    case send([UInt8])
    /// Send these and close.
    case sendAndClose([UInt8])
    /// Send nothing, ever.
    case silence
}

/// A server of one connection. `handler` runs on the server's thread.
struct ScriptedServer: Sendable {
    typealias Handler = @Sendable (_ header: FrameHeader, _ body: [UInt8]) -> ScriptStep

    /// Starts the thread; returns the client's end of the pair.
    static func start(_ handler: @escaping Handler) -> Int32 {
        var ends: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let context = Unmanaged.passRetained(Context(ends[1], handler))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Context>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        precondition(status == 0)
        pthread_detach(thread)
        return ends[0]
    }

    /// Answers Hello, and hands everything else to `handler`.
    static func greeting(
        compression: Bool = false, _ handler: @escaping Handler
    ) -> Int32 {
        start { header, body in
            guard header.kind == .hello else { return handler(header, body) }
            let answer = HelloResponse(server: "scripted", compression: compression)
            return .send(frame(answer, to: header.requestID))
        }
    }

    /// One well-formed response frame.
    static func frame(
        _ message: some ResponseMessage, to requestID: UInt64, _ provenance: Provenance = .real,
        generation: UInt32 = 0
    ) -> [UInt8] {
        var encoder = FrameEncoder()
        try? encoder.appendResponse(
            message, to: requestID, provenance: provenance, generation: generation)
        return encoder.take()
    }

    /// One well-formed failure.
    static func failure(
        _ error: ErrorBody, _ status: Status, toKind kind: UInt8, _ requestID: UInt64,
        _ provenance: Provenance = .real
    ) -> [UInt8] {
        var encoder = FrameEncoder()
        encoder.appendError(
            error, status: status, toKind: kind, requestID: requestID, provenance: provenance)
        return encoder.take()
    }

    private final class Context: Sendable {
        let descriptor: Int32
        let handler: Handler

        init(_ descriptor: Int32, _ handler: @escaping Handler) {
            self.descriptor = descriptor
            self.handler = handler
        }

        func run() {
            let decoder = FrameDecoder(.request, bodySizeMax: Limits.bodySizeMax)
            var buffer = [UInt8](repeating: 0, count: 65536)
            defer { close(descriptor) }
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0,
                    let frames = try? decoder.frames(in: Array(buffer[..<count]))
                else { return }
                for frame in frames {
                    switch handler(frame.header, frame.body) {
                    case .send(let bytes): sendAll(bytes)
                    case .sendAndClose(let bytes):
                        sendAll(bytes)
                        return
                    case .silence: break
                    }
                }
            }
        }

        private func sendAll(_ bytes: [UInt8]) {
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
}
