// A client with its hands on the bytes: blocking socket, wire codec, nothing in between.
//
// For tests that must see every frame, send what no client would, or not read at all. Every wait
// is bounded, so a server that does not answer fails the test instead of hanging it.

import Glibc
import Wire

/// One answer frame, checked by the wire's own decoder.
package struct AnswerFrame: Sendable {
    /// As received.
    package let header: FrameHeader
    /// Decompressed.
    package let body: [UInt8]

    /// The header's status.
    package var status: Status { header.status }
    /// Whether the response ends here.
    package var isLast: Bool { !header.flags.contains(.more) }
    /// The error body of a frame with a status.
    package var error: ErrorBody? { status == .ok ? nil : try? ErrorBody(decoding: body) }

    /// The body as a message.
    package func decoded<Message: WireRecord>(_ type: Message.Type) throws -> Message {
        try Message(decoding: body)
    }
}

/// What went wrong on the client's side.
package enum RawClientError: Error, Sendable {
    case address(String)
    case system(String, Int32)
    case timedOut
    case closed
}

/// See the head of the file. One thread.
package final class RawClient {
    private let descriptor: Int32
    private var encoder = FrameEncoder()
    private let decoder = FrameDecoder(.response)
    private var waiting: [AnswerFrame] = []
    private var nextID: UInt64 = 100
    /// Every frame ever received, in order.
    package private(set) var seen: [AnswerFrame] = []

    /// Connects to `tcp://127.0.0.1:PORT` or `unix:///PATH`.
    ///
    /// - Parameter receiveBuffer: bytes of the kernel's buffer, for slow readers.
    package init(_ address: String, receiveBuffer: Int32? = nil) throws {
        descriptor = try Self.connect(address, receiveBuffer: receiveBuffer)
        setReadTimeout(seconds: 20)
    }

    deinit { close(descriptor) }

    /// How long a read may wait.
    package func setReadTimeout(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: - Sending

    /// Sends bytes as they are. Returns false when the peer is gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool { Self.send(bytes, on: descriptor) }

    /// Sends bytes to a connected peer. Returns false when it is gone.
    static func send(_ bytes: [UInt8], on descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return false }
            offset += sent
        }
        return true
    }

    /// Sends a request and returns its id.
    @discardableResult
    package func request(
        _ message: some RequestMessage, id: UInt64? = nil, deadlineMilliseconds: UInt32 = 0
    ) throws -> UInt64 {
        let number = id ?? nextID
        nextID = max(nextID, number) + 1
        encoder.removeAll()
        try encoder.appendRequest(
            message, requestID: number, deadlineMilliseconds: deadlineMilliseconds)
        guard send(encoder.bytes) else { throw RawClientError.closed }
        return number
    }

    /// Says that nothing more will be sent.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: - Receiving

    /// The next frame; nil when the server has closed.
    package func next() throws -> AnswerFrame? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        return try read()
    }

    /// Waits for a frame and keeps it for whoever asks for it; nil when the server has closed.
    package func peek() throws -> AnswerFrame? {
        if let first = waiting.first { return first }
        guard let frame = try read() else { return nil }
        waiting.insert(frame, at: 0)
        return frame
    }

    /// All frames of one request, up to its last. Others are kept for later.
    package func answers(to id: UInt64) throws -> [AnswerFrame] {
        var mine: [AnswerFrame] = []
        var others: [AnswerFrame] = []
        defer { waiting = others + waiting }
        while true {
            guard let frame = try next() else { throw RawClientError.closed }
            guard frame.header.requestID == id else {
                others.append(frame)
                continue
            }
            mine.append(frame)
            if frame.isLast { return mine }
        }
    }

    /// Sends a request and returns its only frame.
    package func call(_ message: some RequestMessage) throws -> AnswerFrame {
        let frames = try answers(to: try request(message))
        return frames[frames.count - 1]
    }

    /// Greets; every conversation begins with it.
    package func hello(
        compression: Bool = false, bodySizeMax: UInt64 = UInt64(Limits.bodySizeMax)
    ) throws {
        let answer = try call(
            HelloRequest(client: "test", compression: compression, bodySizeMax: bodySizeMax))
        precondition(answer.status == .ok, "Hello refused: \(String(describing: answer.error))")
    }

    private func read() throws -> AnswerFrame? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw errno == EAGAIN ? RawClientError.timedOut : .system("recv", errno)
            }
            let frames = try decoder.frames(in: Array(buffer[..<count]))
                .map { AnswerFrame(header: $0.header, body: $0.body) }
            seen += frames
            guard let first = frames.first else { continue }
            waiting += frames.dropFirst()
            return first
        }
    }

    // MARK: - Connecting

    static func connect(_ address: String, receiveBuffer: Int32?) throws -> Int32 {
        let isUnix = address.hasPrefix("unix://")
        let descriptor = socket(isUnix ? AF_UNIX : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RawClientError.system("socket", errno) }
        if var size = receiveBuffer {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let status =
            isUnix
            ? connectUnix(descriptor, String(address.dropFirst(7)))
            : try connectTCP(descriptor, address)
        guard status == 0 else {
            let number = errno
            close(descriptor)
            throw RawClientError.system("connect", number)
        }
        return descriptor
    }

    private static func connectUnix(_ descriptor: Int32, _ path: String) -> Int32 {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { field in
            for (index, byte) in path.utf8.prefix(field.count - 1).enumerated() {
                field[index] = byte
            }
        }
        return withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func connectTCP(_ descriptor: Int32, _ address: String) throws -> Int32 {
        guard let colon = address.lastIndex(of: ":"),
            let port = UInt16(address[address.index(after: colon)...])
        else { throw RawClientError.address(address) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var one: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

extension [AnswerFrame] {
    /// Tokens of a streamed generation, chunks and last frame together.
    package var tokens: [UInt32] {
        get throws {
            try flatMap { frame in
                frame.isLast
                    ? try frame.decoded(GenerateResponse.self).tokens
                    : try frame.decoded(GenerateChunk.self).tokens
            }
        }
    }

    /// Text of a streamed generation.
    package var text: String {
        get throws {
            try map { frame in
                frame.isLast
                    ? try frame.decoded(GenerateResponse.self).text
                    : try frame.decoded(GenerateChunk.self).text
            }.joined()
        }
    }

    /// The account at the end of a streamed generation.
    package var generated: GenerateResponse {
        get throws { try self[count - 1].decoded(GenerateResponse.self) }
    }
}
