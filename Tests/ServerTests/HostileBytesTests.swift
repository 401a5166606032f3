// What a server must survive: strangers' protocols, broken frames, silence. Each time others are
// answered meanwhile. Crowds and readers that do not read are in EndToEndTests, where the memory
// and the descriptors of the server are its own.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct HostileBytesTests {
    private static let greetings: [(String, [UInt8])] = [
        ("zeros", [UInt8](repeating: 0, count: 64)),
        ("ones", [UInt8](repeating: 255, count: 64)),
    ]

    @Test(arguments: greetings.map(\.0))
    func anotherProtocolIsToldSoAndClosed(name: String) throws {
        let server = try TestServer()
        let bytes = try #require(Self.greetings.first { $0.0 == name }).1
        let stranger = try RawClient(server.tcp)
        stranger.send(bytes)
        let answer = try #require(try stranger.next())
        #expect(answer.header.kind == .goAway)
        #expect(answer.status == .protocolError)
        #expect(try stranger.next() == nil)
        #expect(try server.client().call(PingRequest()).status == .ok)
    }

    /// First bytes of a peer, and what the server's whole answer begins with.
    private static let strangers: [(first: [UInt8], answer: [UInt8])] =
        ["GET / HTTP/1.1", "HEAD / HTTP/1.1", "POST /v1/models HTTP/1.1", "PRI * HTTP/2.0"]
        .map { (Array("\($0)\r\nHost: x\r\n\r\n".utf8), Array("HTTP/1.1 400 Bad Request".utf8)) }
        + [
            (
                [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 7, count: 200),
                [21, 3, 1, 0, 2, 2, 70]
            ),
            (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), []),
        ]

    @Test(arguments: strangers.indices, [false, true])
    func aKnownProtocolIsAnsweredInItsOwnWords(_ index: Int, _ comesByteByByte: Bool) throws {
        let server = try TestServer()
        let (first, answer) = Self.strangers[index]
        let stranger = try RawHTTP(String(server.tcp.dropFirst("tcp://".count)))
        for piece in comesByteByByte ? first.map({ [$0] }) : [first] { stranger.send(piece) }
        let bytes = try stranger.readToEnd()
        #expect(bytes.starts(with: answer) && bytes.isEmpty == answer.isEmpty)
        if let page = RawHTTPAnswer(bytes) {
            #expect(page.body.contains("speaks Assay's own protocol, not HTTP"))
            #expect(page.body.contains("admin address"))
            #expect(page.headers["content-length"] == "\(page.body.utf8.count)")
        }
        #expect(try server.client().call(PingRequest()).status == .ok)
    }

    /// A length word of ours may be any bytes; after the first frame nobody is a stranger.
    @Test func bytesOfAnotherProtocolBehindAFrameAreDamage() throws {
        let server = try TestServer()
        let client = try server.client()
        client.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(try #require(try client.next()).header.kind == .goAway)
    }

    @Test func bytesOneAtATimeAreAnsweredLikeAnyOther() throws {
        let server = try TestServer()
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "drip"), requestID: 1)
        try encoder.appendRequest(PingRequest(payload: [1, 2, 3]), requestID: 2)
        let client = try RawClient(server.tcp)
        for byte in encoder.bytes { client.send([byte]) }
        #expect(try client.answers(to: 1).map(\.status) == [.ok])
        #expect(try client.answers(to: 2)[0].decoded(PingResponse.self).payload == [1, 2, 3])
    }

    @Test func aFrameThatStopsInTheMiddleCostsNobodyElse() throws {
        let server = try TestServer()
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: 100_000)), requestID: 9)
        let half = Array(encoder.bytes.prefix(50_000))
        do {
            let stuck = try (0..<20).map { _ in try server.client() }
            for client in stuck { client.send(half) }
            #expect(try server.client().call(PingRequest()).status == .ok)
        }
        #expect(try ProcessFacts.eventually { try server.counter("connections_open") == 1 })
    }

    @Test func anAnnouncedGiantIsRefusedBeforeItsBody() throws {
        let server = try TestServer()
        let client = try server.client()
        var header = [UInt8](repeating: 0, count: 32)
        header.replaceSubrange(0..<6, with: [0xFF, 0xFF, 0xFF, 0x7F, 1, 2])
        client.send(header)
        let answer = try #require(try client.next())
        #expect(answer.error?.code == "length_too_large")
    }

    @Test func whoNeverGreetsIsClosedAfterAWhile() throws {
        let server = try TestServer { $0.limits.helloTimeoutMicroseconds = 100_000 }
        let silent = try RawClient(server.unix)
        let answer = try #require(try silent.next())
        #expect(answer.header.kind == .goAway && answer.status == .deadlineExceeded)
        #expect(try silent.next() == nil)
    }

    @Test func aConnectionTooManyIsToldSo() throws {
        let server = try TestServer { $0.limits.connectionsMax = 2 }
        let kept = try [server.client(), server.client()]
        let third = try RawClient(server.unix)
        let answer = try #require(try third.next())
        #expect(answer.error?.code == "connections_exceeded")
        #expect(answer.error?.retryAfterMilliseconds != nil)
        #expect(try kept[0].call(PingRequest()).status == .ok)
    }
}
