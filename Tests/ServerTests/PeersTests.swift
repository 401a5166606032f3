// Peers of a whole server, on both transports: room at the limit, idle connections, half-closed
// connections, compression that was not agreed. States, counts and frames, and no time.

import Server
import ServerTestSupport
import Testing
import Wire

@Suite struct PeersTests {
    private func address(_ server: TestServer, _ isTCP: Bool) -> String {
        isTCP ? server.tcp : server.unix
    }

    @Test(arguments: [true, false])
    func atTheLimitTheLongestIdleConnectionMakesRoom(_ isTCP: Bool) throws {
        let server = try TestServer {
            $0.limits.connectionsMax = 2
            $0.limits.idleReplacedMicroseconds = 1
        }
        let first = try server.client(address(server, isTCP))
        let second = try server.client(address(server, isTCP))
        _ = try first.call(PingRequest())
        let third = try server.client(address(server, isTCP))
        let notice = try #require(try second.next())
        #expect(notice.header.kind == .goAway && notice.status == .ok)
        #expect(try notice.decoded(GoAway.self).reason == "idle")
        #expect(try second.next() == nil)
        #expect(try first.call(PingRequest()).status == .ok)
        #expect(try third.call(PingRequest()).status == .ok)
    }

    @Test(arguments: [true, false])
    func withoutAnIdleConnectionTheNewcomerIsRefusedAtOnce(_ isTCP: Bool) throws {
        let server = try TestServer { $0.limits.connectionsMax = 1 }
        let first = try server.client(address(server, isTCP))
        let refusal = try #require(try RawClient(address(server, isTCP)).next())
        #expect(refusal.header.kind == .goAway && refusal.status == .resourceExhausted)
        #expect(refusal.error?.code == "connections_exceeded")
        #expect(try first.call(PingRequest()).status == .ok)
    }

    /// The address of TCP and the user of Unix are two peers.
    @Test func aPeersOwnBoundDoesNotTouchOtherPeers() throws {
        let server = try TestServer { $0.limits.connectionsPerPeerMax = 1 }
        for address in [server.tcp, server.unix] {
            let first = try server.client(address)
            let refusal = try #require(try RawClient(address).next())
            #expect(refusal.error?.code == "connections_exceeded")
            #expect(try first.call(PingRequest()).status == .ok)
        }
    }

    @Test(arguments: [true, false])
    func anIdleConnectionIsToldAndClosed(_ isTCP: Bool) throws {
        let server = try TestServer { $0.limits.idleTimeoutMicroseconds = 60_000 }
        let client = try server.client(address(server, isTCP))
        let notice = try #require(try client.next())
        #expect(notice.header.kind == .goAway && notice.status == .ok)
        #expect(try notice.decoded(GoAway.self).reason == "idle")
        #expect(try client.next() == nil)
    }

    @Test(arguments: [true, false])
    func workOfAPeerThatFinishedIsCancelled(_ isTCP: Bool) throws {
        let server = try TestServer { $0.limits.peerFinishedMicroseconds = 1 }
        let client = try server.client(address(server, isTCP))
        _ = try client.request(GenerateRequest.stream(tokens: 400))
        client.finishSending()
        while try client.next() != nil {}
        while try server.counter("requests_in_flight") > 0 {}
    }

    @Test(arguments: [true, false])
    func aFrameThatStopsIsToldWhy(_ isTCP: Bool) throws {
        let server = try TestServer { $0.limits.frameTimeoutMicroseconds = 60_000 }
        let client = try server.client(address(server, isTCP))
        #expect(client.send([28]))
        let notice = try #require(try client.next())
        #expect(notice.error?.code == "frame_timeout")
        #expect(try client.next() == nil)
    }

    @Test(arguments: [true, false])
    func compressionThatWasNotAgreedEndsTheConnection(_ isTCP: Bool) throws {
        let server = try TestServer()
        let client = try server.client(address(server, isTCP))
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 0, count: 2000)), requestID: 7)
        #expect(client.send(Array(encoder.take()[..<32])))
        let notice = try #require(try client.next())
        #expect(notice.status == .protocolError)
        #expect(notice.error?.code == "compression_not_agreed")
        #expect(try client.next() == nil)
    }

    @Test func aFullRegistryRefusesALoad() throws {
        let server = try TestServer { $0.limits.modelsMax = 1 }
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "b.gguf")
        let answer = try client.call(LoadRequest(name: "b", path: path))
        #expect(answer.status == .resourceExhausted)
        #expect(answer.error?.code == "models_exceeded")
    }
}
