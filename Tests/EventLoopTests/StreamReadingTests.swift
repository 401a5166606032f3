// A connection's incoming half under awkward timing: closes, stops, half-open and vanished peers.

import EventLoop
import Glibc
import Testing

@Suite struct StreamReadingTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    @Test(arguments: [Stream.Transport.tcp, .unix])
    func bytesArriveAndAnswersLeave(_ transport: Stream.Transport) throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, transport, in: directory)
            stream.onRead = { [unowned stream] bytes in
                stream.write("echo " + text(bytes))
                loop.stop()
            }
            stream.startReading()
            try peer.send("one")
            try loop.runUntilStopped()
            #expect(try peer.receiveText() == "echo one")
        }
    }

    @Test func closeWhileReadingEndsReadingAtOnce() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            var readCount = 0
            var reasons: [EventLoopError?] = []
            // More than one read buffer is waiting when the first callback closes.
            try peer.send(pattern(0..<150_000))
            stream.onRead = { [unowned stream] _ in
                readCount += 1
                stream.close()
                stream.close()
                #expect(reasons.isEmpty, "onClose must not come from inside close()")
            }
            stream.onClose = {
                reasons.append($0)
                loop.stop()
            }
            stream.startReading()
            try loop.runUntilStopped()
            #expect(readCount == 1)
            #expect(reasons == [nil])
        }
    }

    @Test func callbackThatIsReplacedLivesUntilItsReturn() throws {
        final class Guest {}
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            weak var guest: Guest?
            var heard: [String] = []
            // The callback alone holds the guest.
            func install(_ held: Guest) {
                guest = held
                stream.onRead = { [unowned stream] bytes in
                    _ = held
                    stream.onRead = { _ in heard.append("never") }
                    stream.onRead = { bytes in
                        heard.append("then \(text(bytes))")
                        loop.stop()
                    }
                    heard.append("first \(text(bytes)), guest is there: \(guest != nil)")
                    loop.stop()
                }
            }
            install(Guest())
            stream.startReading()
            try peer.send("one")
            try loop.runUntilStopped()
            #expect(guest == nil)
            try peer.send("two")
            try loop.runUntilStopped()
            #expect(heard == ["first one, guest is there: true", "then two"])
        }
    }

    @Test func stopInsideTheCallbackHoldsBackTheRest() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            var received = 0
            try peer.send(pattern(0..<150_000))
            stream.onRead = { [unowned stream] bytes in
                received += bytes.count
                stream.stopReading()
                loop.stop()
            }
            stream.startReading()
            try loop.runUntilStopped()
            #expect(received == 65536)
            stream.startReading()
            try loop.runUntilStopped()
            #expect(received == 131_072)
        }
    }

    @Test(arguments: [Stream.Transport.tcp, .unix])
    func halfOpenPeerStillGetsItsAnswer(_ transport: Stream.Transport) throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, transport, in: directory)
            var ends = 0
            stream.onRead = { _ in }
            stream.onEnd = { [unowned stream] in
                ends += 1
                #expect(stream.write("late answer"))
                stream.finish()
            }
            stream.onClose = {
                #expect($0 == nil)
                loop.stop()
            }
            stream.startReading()
            try peer.send("question")
            peer.finishSending()
            try loop.runUntilStopped()
            #expect(ends == 1)
            #expect(try peer.receiveToEnd() == Array("late answer".utf8))
        }
    }

    @Test func endWithoutACallbackFinishesTheStream() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.onClose = { _ in loop.stop() }
            stream.startReading()
            peer.close()
            try loop.runUntilStopped()
            #expect(!stream.isOpen)
        }
    }

    @Test func resetWhileReadingIsConnectionLost() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .tcp, in: directory)
            var reason: EventLoopError?
            stream.onClose = {
                reason = $0
                loop.stop()
            }
            stream.startReading()
            peer.reset()
            try loop.runUntilStopped()
            #expect(reason?.code == .connectionLost)
            #expect(reason?.systemName == "ECONNRESET")
        }
    }

    @Test func startingTwiceAndAfterTheEndIsHarmless() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.onEnd = { loop.stop() }
            stream.startReading()
            stream.startReading()
            peer.close()
            try loop.runUntilStopped()
            stream.startReading()
            #expect(!stream.isReading)
            stream.close()
            stream.startReading()
            stream.stopReading()
        }
    }

    @Test func closedStreamsAreReleased() throws {
        weak var observed: Stream?
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            observed = stream
            stream.echo()
            stream.close()
            peer.close()
        }
        #expect(observed == nil)
    }

    @Test func openStreamsStayAliveWithoutAnOwner() throws {
        try withLoop { loop in
            let peer: Peer
            do {
                let (stream, other) = try Fresh.pair(loop, .unix, in: directory)
                stream.echo()
                peer = other
            }
            try peer.send("still there?")
            let timer = try Timer(loop: loop)
            timer.start(after: .milliseconds(1)) { loop.stop() }
            try loop.runUntilStopped()
            #expect(try peer.receiveText() == "still there?")
        }
    }
}
