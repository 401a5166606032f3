// The measuring client against servers that answer rightly, wrongly, and not at all.

import CPingPong
import EventLoop
import Foundation
import Synchronization
import Testing

@Suite struct PingPongTests {
    @Test(arguments: [UInt32(1), 16])
    func everyRoundTripIsTimed(connections: UInt32) throws {
        let server = try EchoServer { $0 }
        defer { server.stop() }
        var times = [UInt64](repeating: 0, count: 50 * Int(connections))
        #expect(try run(server.address, connections, expecting: request, into: &times) == 0)
        #expect(times.allSatisfy { $0 > 0 })
    }

    @Test(arguments: [UInt32(1), 16])
    func differingRepliesEndTheBlock(connections: UInt32) throws {
        let server = try EchoServer { $0.map { $0 &+ 1 } }
        defer { server.stop() }
        var times = [UInt64](repeating: 0, count: 50 * Int(connections))
        let status = try run(server.address, connections, expecting: request, into: &times)
        #expect(status == -EBADMSG)
    }

    @Test(arguments: [UInt32(1), 16])
    func peersThatLeaveEndTheBlock(connections: UInt32) throws {
        let server = try EchoServer { _ in [] }
        defer { server.stop() }
        var times = [UInt64](repeating: 0, count: 50 * Int(connections))
        let status = try run(server.address, connections, expecting: request, into: &times)
        #expect(status == -EPIPE || status == -ECONNRESET)
    }

    @Test func nobodyListeningIsAnErrorAndNoClient() {
        var client: OpaquePointer?
        #expect(pp_open("unix:///no/such/socket", 1, &client) == -ENOENT)
        #expect(client == nil)
        #expect(pp_open("neither", 1, &client) == -EINVAL)
    }

    private let request = [UInt8](0..<64)

    private func run(
        _ address: Address, _ connections: UInt32, expecting: [UInt8], into times: inout [UInt64]
    ) throws -> Int32 {
        var client: OpaquePointer?
        try #require(pp_open(address.description, connections, &client) == 0)
        defer { pp_close(client) }
        var elapsed: UInt64 = 0
        return request.withUnsafeBufferPointer { request in
            expecting.withUnsafeBufferPointer { expected in
                var block = pp_block(
                    request: request.baseAddress, request_size: request.count,
                    expected: expected.baseAddress, reply_size: expected.count, round_count: 50)
                return pp_run(client, &block, &times, &elapsed)
            }
        }
    }
}

/// A server on a thread of its own that answers each read with `answer`, or closes if that is
/// empty.
private final class EchoServer: Sendable {
    private let shared = Shared()

    /// What the two threads tell each other.
    private final class Shared: Sendable {
        let started = Mutex<(address: Address, stop: Wakeup)?>(nil)
        let ready = DispatchSemaphore(value: 0)
        let over = DispatchSemaphore(value: 0)
    }

    let address: Address

    init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]) throws {
        let shared = shared
        Thread.detachNewThread {
            try? EchoServer.serve(answer, shared)
            shared.ready.signal()
            shared.over.signal()
        }
        shared.ready.wait()
        address = try #require(shared.started.withLock { $0?.address })
    }

    func stop() {
        _ = shared.started.withLock { $0?.stop.send() }
        shared.over.wait()
    }

    private static func serve(
        _ answer: @escaping @Sendable ([UInt8]) -> [UInt8], _ shared: Shared
    ) throws {
        let loop = try Loop()
        defer { loop.close() }
        let listener = try Listener(loop: loop, address: .tcp(host: "127.0.0.1", port: 0))
        listener.start { stream in
            stream.onRead = { [unowned stream] bytes in
                let reply = answer(Array(bytes))
                if reply.isEmpty { return stream.close() }
                reply.withUnsafeBytes { _ = stream.write($0) }
            }
            stream.startReading()
        }
        let stop = try Wakeup(loop: loop) { [unowned loop] in loop.stop() }
        shared.started.withLock { $0 = (listener.address, stop) }
        shared.ready.signal()
        loop.run()
    }
}
