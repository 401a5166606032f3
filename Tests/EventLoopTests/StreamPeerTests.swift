// Who is at the other end of a stream, and what of the written bytes the peer has taken.

import EventLoop
import Glibc
import Testing

@Suite struct StreamPeerTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func accept(_ address: Address, _ loop: Loop) throws -> (stream: Stream, peer: Peer) {
        try Fresh.accept(Listener(loop: loop, address: address), loop)
    }

    @Test func aTCPPeerIsItsAddressWithoutThePort() throws {
        try withLoop { loop in
            let (stream, peer) = try accept(.tcp(host: "127.0.0.1", port: 0), loop)
            #expect(stream.peerHost == "127.0.0.1" && stream.peerUser == nil)
            peer.close()
        }
    }

    @Test func aUnixPeerIsItsUser() throws {
        try withLoop { loop in
            let (stream, peer) = try accept(.unix(path: directory.path("s")), loop)
            #expect(stream.peerHost == nil && stream.peerUser == geteuid())
            peer.close()
        }
    }

    @Test func aMappedPeerIsItsIPv4Address() throws {
        try withLoop { loop in
            // A socket of both families accepts an IPv4 peer under a mapped address.
            let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            var off: Int32 = 0
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4)
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let isBound = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
                        && getsockname(descriptor, $0, &size) == 0
                }
            }
            guard isBound else { return }
            let port = UInt16(bigEndian: name.sin6_port)
            let peer = try Peer(connecting: .tcp(host: "127.0.0.1", port: port))
            let stream = try EventLoop.Stream(
                loop: loop, adopting: Glibc.accept(descriptor, nil, nil), transport: .tcp)
            #expect(stream.peerHost == "127.0.0.1")
            peer.close()
        }
    }

    @Test(arguments: [EventLoop.Stream.Transport.tcp, .unix])
    func whatThePeerTakesOfALargeWriteIsSeenBeforeItsEnd(
        _ transport: EventLoop.Stream.Transport
    ) throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, transport, in: directory)
            let size = 12 << 20
            var backlogs = 0
            var before: (pending: Int, untaken: Int)?
            stream.onBacklog = { [unowned stream] in
                backlogs += 1
                before = (stream.pendingWriteSize, stream.untakenSize)
            }
            let timer = try Timer(loop: loop)
            timer.start(after: .zero, repeating: .milliseconds(1)) { [unowned loop] in
                guard let before else {
                    if stream.writtenSize == 0 { stream.write([UInt8](repeating: 7, count: size)) }
                    return
                }
                let received = try? peer.receiveAvailable(atMost: 1 << 18)
                #expect(received != nil)
                if stream.untakenSize < before.untaken - (1 << 20) { loop.stop() }
            }
            try loop.runUntilStopped()
            timer.close()
            #expect(backlogs == 1 && stream.writtenSize == size)
            let start = try #require(before)
            #expect(start.pending > 0 && start.untaken >= start.pending)
            #expect(stream.pendingWriteSize == start.pending, "the chunk is held to its end")
            stream.close()
            peer.close()
        }
    }
}
