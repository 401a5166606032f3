// The bytes the ping-pong client sends: Hello once per connection, then Ping batches.
//
// Made and checked with the Wire module, once, before anything is timed; from then on the client
// only compares bytes. The bare echo gets frames of the same size.

import CPingPong
import Glibc
import Wire

/// Frames for one pipeline depth.
struct PingFrames {
    static let payload = [UInt8](0..<24)

    /// `depth` Ping requests back to back, 64 bytes each, with different request ids.
    let request: [UInt8]
    let depth: Int

    init(depth: Int) throws {
        var encoder = FrameEncoder()
        for index in 0..<depth {
            try encoder.appendRequest(
                PingRequest(payload: Self.payload), requestID: UInt64(index + 2))
        }
        request = encoder.take()
        self.depth = depth
    }

    /// Exchanges Hello on connection `index`.
    static func greet(_ client: OpaquePointer, _ index: UInt32, _ peer: String) throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "assay-bench"), requestID: 1)
        var prefix = [UInt8](repeating: 0, count: 4)
        let hello = encoder.take()
        try BenchError.check(
            pp_exchange(client, index, hello, hello.count, &prefix, 4), "greeting \(peer)")
        let size = prefix.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard size < 4096 else {
            throw BenchError("greeting \(peer): an answer of \(size) bytes")
        }
        var rest = [UInt8](repeating: 0, count: size)
        try BenchError.check(pp_receive(client, index, &rest, size), "greeting \(peer)")
        let answer = try FrameDecoder(.response).frames(in: prefix + rest)
        guard answer.count == 1, answer[0].header.status == .ok else {
            throw BenchError("greeting \(peer): refused")
        }
    }

    /// One batch, decoded: every request must be answered with its own payload.
    /// Returns the exact bytes of the answer, which must be the same ever after.
    func firstReply(_ client: OpaquePointer, _ index: UInt32, _ peer: String) throws -> [UInt8] {
        var reply = [UInt8](repeating: 0, count: request.count)
        try BenchError.check(
            pp_exchange(client, index, request, request.count, &reply, reply.count),
            "pinging \(peer)")
        return reply
    }

    /// Stops unless `reply` is what an Assay server answers.
    func verify(_ reply: [UInt8]) throws {
        let frames = try FrameDecoder(.response).frames(in: reply)
        for (index, frame) in frames.enumerated() {
            let payload = try frame.body.withUnsafeBytes { try PingResponse(decoding: $0).payload }
            guard frame.header.requestID == UInt64(index + 2), frame.header.status == .ok,
                payload == Self.payload
            else { throw BenchError("ping answer \(index) is not the answer to request \(index)") }
        }
        guard frames.count == depth else {
            throw BenchError("\(frames.count) ping answers to \(depth) requests")
        }
    }
}

/// Anything that ends the benchmark, as a sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Turns a negative status of the C client into an error.
    static func check(_ status: Int32, _ tried: String) throws {
        guard status < 0 else { return }
        throw BenchError("\(tried): \(String(cString: strerror(-status)))")
    }
}
