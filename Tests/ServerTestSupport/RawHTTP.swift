// HTTP with its hands on the bytes: what is sent is sent as it is, what comes is read to the end.
//
// Every wait is bounded, so a server that does not answer fails the test instead of hanging it.

import Glibc

/// One answer, taken apart.
package struct RawHTTPAnswer: Sendable {
    /// The number in the status line.
    package let status: Int
    /// Header names in lower case.
    package let headers: [String: String]
    /// What follows the head.
    package let body: String

    /// Nil for bytes that are no answer.
    package init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            return nil
        }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstRange(of: ": ") else { return nil }
            headers[line[..<colon.lowerBound].lowercased()] = String(line[colon.upperBound...])
        }
        self.headers = headers
        body = String(text[end.upperBound...])
    }
}

/// One connection to an admin port. One thread.
package final class RawHTTP {
    private let descriptor: Int32

    /// Connects to `127.0.0.1:PORT`.
    package init(_ address: String) throws {
        descriptor = try RawClient.connect("tcp://" + address, receiveBuffer: nil)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends bytes as they are. Returns false when the peer is gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool { RawClient.send(bytes, on: descriptor) }

    /// Says that nothing more will be sent.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything until the peer closes; throws after 20 s of silence.
    package func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN { throw RawClientError.timedOut }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// The answer; nil when the connection ended without one.
    package func answer() throws -> RawHTTPAnswer? { RawHTTPAnswer(try readToEnd()) }

    /// Asks for one page the way a monitor does.
    package static func get(
        _ path: String, _ address: String, method: String = "GET"
    ) throws -> RawHTTPAnswer {
        let connection = try RawHTTP(address)
        connection.send(
            Array("\(method) \(path) HTTP/1.1\r\nHost: \(address)\r\nAccept: */*\r\n\r\n".utf8))
        guard let answer = try connection.answer() else { throw RawClientError.closed }
        return answer
    }
}
