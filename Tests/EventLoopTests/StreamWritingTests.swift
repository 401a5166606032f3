// A connection's outgoing half: gathering, slow readers, readers that never read, polite ends.

import EventLoop
import Glibc
import Testing

@Suite struct StreamWritingTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    @Test func writeAfterCloseIsRefused() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.close()
            #expect(!stream.write("too late"))
            #expect(stream.pendingWriteSize == 0)
            peer.close()
        }
    }

    @Test func writeAfterFinishIsRefused() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.write("last")
            stream.finish()
            #expect(!stream.write("too late"))
            stream.finish()
            peer.finishSending()
            stream.onClose = { _ in loop.stop() }
            try loop.runUntilStopped()
            #expect(try peer.receiveToEnd() == Array("last".utf8))
        }
    }

    @Test func writesOutsideACallbackLeaveAtOnce() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            #expect(stream.write("now"))
            #expect(stream.pendingWriteSize == 0)
            #expect(try peer.receiveText() == "now")
        }
    }

    /// A packet socket keeps the borders between writes, so it shows how many there were.
    @Test func writesOfOneCallbackLeaveAsOne() throws {
        try withLoop { loop in
            let (stream, peer) = try packetPair(loop)
            stream.onRead = { [unowned stream] _ in
                for index in 0..<16 { stream.write("frame \(index) ") }
                loop.stop()
            }
            stream.startReading()
            try peer.send("sixteen, please")
            try loop.runUntilStopped()
            let expected = (0..<16).map { "frame \($0) " }.joined()
            #expect(try peer.receiveText() == expected)
            #expect(try peer.receiveAvailable().isEmpty)
        }
    }

    @Test func flushSendsWhatWasGatheredSoFar() throws {
        try withLoop { loop in
            let (stream, peer) = try packetPair(loop)
            stream.onRead = { [unowned stream] _ in
                stream.write("a")
                stream.write("b")
                stream.flush()
                stream.write("c")
                loop.stop()
            }
            stream.startReading()
            try peer.send("go")
            try loop.runUntilStopped()
            #expect(try peer.receiveText() == "ab")
            #expect(try peer.receiveText() == "c")
        }
    }

    @Test func largeWritesTakeTheGatheredBytesAlong() throws {
        try withLoop { loop in
            let (stream, peer) = try packetPair(loop)
            stream.onRead = { [unowned stream] _ in
                stream.write(pattern(0..<100))
                stream.write(pattern(100..<40_000))
                loop.stop()
            }
            stream.startReading()
            try peer.send("go")
            try loop.runUntilStopped()
            #expect(try peer.receive() == pattern(0..<40_000))
        }
    }

    @Test func manyAnswersToOneReadStayInOrder() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.onRead = { [unowned stream] _ in
                var offset = 0
                for size in (0..<700).map({ [100, 7, 3000, 1, 20_000][$0 % 5] }) {
                    stream.write(pattern(offset..<offset + size))
                    offset += size
                }
                #expect(stream.pendingWriteSize <= offset)
            }
            stream.onDrain = { loop.stop() }
            stream.startReading()
            try peer.send("all of it")
            let total = 140 * 23_108
            let received = receivedOnThread(peer, count: total)
            try loop.runUntilStopped()
            #expect(received() == pattern(0..<total))
        }
    }

    /// Every answer fits the kernel's buffer until one is cut somewhere in its middle.
    @Test(arguments: [Stream.Transport.tcp, .unix])
    func answersToARequesterThatStopsReadingStayInOrder(_ transport: Stream.Transport) throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, transport, in: directory)
            var answered = 0
            stream.onRead = { [unowned stream] _ in
                for _ in 0..<20 {
                    stream.write(pattern(answered * 777..<(answered + 1) * 777))
                    answered += 1
                }
                if stream.pendingWriteSize > 100_000 { loop.stop() }
            }
            stream.startReading()
            let pulse = try Timer(loop: loop)
            pulse.start(after: .zero, repeating: .microseconds(1)) { try? peer.send("?") }
            try loop.runUntilStopped()
            pulse.close()
            stream.stopReading()
            stream.onDrain = { loop.stop() }
            let total = answered * 777
            let received = receivedOnThread(peer, count: total)
            try loop.runUntilStopped()
            #expect(received() == pattern(0..<total))
        }
    }

    @Test func closeInsideTheReadCallbackDropsWhatWasGathered() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            let (other, otherPeer) = try Fresh.pair(loop, .unix, in: directory)
            stream.onRead = { [unowned stream] _ in
                stream.write("never sent")
                other.write("to a neighbour")
                stream.close()
                #expect(stream.pendingWriteSize == 0)
            }
            stream.onClose = { _ in loop.stop() }
            stream.startReading()
            try peer.send("go")
            try loop.runUntilStopped()
            #expect(try peer.receiveToEnd().isEmpty)
            #expect(try otherPeer.receiveText() == "to a neighbour")
        }
    }

    /// Sizes on both sides of the gathering limit, so that every path of the writer is taken.
    @Test(arguments: [Stream.Transport.tcp, .unix])
    func slowReaderGetsEverythingInOrder(_ transport: Stream.Transport) throws {
        var settings = Stream.Settings()
        settings.pendingWriteSizeMax = 64 * 1024 * 1024
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, transport, in: directory, settings: settings)
            var written = 0
            // About 16 MB: more than loopback TCP buffers, however well it tunes itself.
            for size in (0..<364).map({ [1, 63, 5000, 16_384, 16_385, 70_000, 200_000][$0 % 7] }) {
                #expect(stream.write(pattern(written..<written + size)))
                written += size
            }
            #expect(stream.pendingWriteSize > 0)
            var drains = 0
            stream.onDrain = {
                drains += 1
                loop.stop()
            }
            // The loop's turns are bounded by a timer, the peer's by what has arrived.
            let turn = try Timer(loop: loop)
            turn.start(after: .milliseconds(1), repeating: .milliseconds(1)) { loop.stop() }
            var received: [UInt8] = []
            while received.count < written {
                let part = try peer.receiveAvailable(atMost: 50_000)
                received += part
                if part.isEmpty { try loop.runUntilStopped() }
            }
            turn.close()
            #expect(received == pattern(0..<written))
            #expect(stream.pendingWriteSize == 0)
            #expect(drains == 1)
        }
    }

    @Test func smallWritesBehindABlockedOneShareMemory() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.write(pattern(0..<1_000_000))
            let blocked = stream.pendingWriteSize
            #expect(blocked > 0)
            for index in 0..<1000 {
                stream.write(pattern(1_000_000 + index..<1_000_001 + index))
            }
            #expect(stream.pendingWriteSize == blocked + 1000)
            stream.onDrain = { loop.stop() }
            let received = receivedOnThread(peer, count: 1_001_000)
            try loop.runUntilStopped()
            #expect(received() == pattern(0..<1_001_000))
        }
    }

    @Test func readerThatNeverReadsMeetsTheLimit() throws {
        var settings = Stream.Settings()
        settings.pendingWriteSizeMax = 1_000_000
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory, settings: settings)
            var reason: EventLoopError?
            stream.onClose = {
                reason = $0
                loop.stop()
            }
            let frame = pattern(0..<1000)
            var accepted = 0
            while stream.write(frame) {
                accepted += 1
                #expect(stream.pendingWriteSize <= 1_000_000)
                if accepted > 100_000 { break }
            }
            try loop.runUntilStopped()
            #expect(reason?.code == .writeBacklogExceeded)
            #expect(stream.pendingWriteSize == 0)
            peer.close()
        }
    }

    @Test func oneWriteOverTheLimitIsRefusedWhole() throws {
        var settings = Stream.Settings()
        settings.pendingWriteSizeMax = 1000
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory, settings: settings)
            #expect(stream.write(pattern(0..<1000)))
            #expect(!stream.write(pattern(0..<1001)))
            stream.onClose = { _ in loop.stop() }
            try loop.runUntilStopped()
            #expect(try peer.receiveToEnd() == pattern(0..<1000))
        }
    }

    @Test func writingToAVanishedPeerIsConnectionLost() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            var reason: EventLoopError?
            stream.onClose = {
                reason = $0
                loop.stop()
            }
            peer.close()
            #expect(!stream.write("anybody?"))
            try loop.runUntilStopped()
            #expect(reason?.code == .connectionLost)
            #expect(reason?.systemName == "EPIPE")
        }
    }

    @Test func peerVanishingWithBytesQueuedReleasesThem() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.write(pattern(0..<2_000_000))
            #expect(stream.pendingWriteSize > 0)
            var reason: EventLoopError?
            stream.onClose = {
                reason = $0
                loop.stop()
            }
            peer.close()
            try loop.runUntilStopped()
            #expect(reason?.code == .connectionLost)
            #expect(stream.pendingWriteSize == 0)
        }
    }

    @Test func closeInsideTheDrainCallbackIsSafe() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.write(pattern(0..<1_000_000))
            stream.onDrain = { [unowned stream] in stream.close() }
            stream.onClose = { _ in loop.stop() }
            let received = receivedOnThread(peer, count: 1_000_000)
            try loop.runUntilStopped()
            #expect(received().count == 1_000_000)
        }
    }

    /// TCP answers input that nobody takes with a reset, and a reset may overtake the last words.
    /// So the peer may go on sending after them and still meets an orderly end.
    @Test func peerThatGoesOnSendingAfterFinishIsNotReset() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .tcp, in: directory)
            try peer.send(pattern(0..<100_000))
            stream.onRead = { [unowned stream] _ in
                stream.write("go away")
                stream.finish(within: .seconds(20))
            }
            stream.onClose = {
                #expect($0 == nil)
                loop.stop()
            }
            stream.startReading()
            let descriptor = dup(peer.descriptor)
            let outcome = Shared("nothing happened")
            let join = startThread {
                let talker = Peer(adopting: descriptor)
                do {
                    let words = try talker.receiveText()
                    for _ in 0..<20 { try talker.send(pattern(0..<50_000)) }
                    talker.finishSending()
                    outcome.set(try talker.receiveToEnd().isEmpty ? words : "more than \(words)")
                } catch {
                    outcome.set("\(error)")
                }
            }
            try loop.runUntilStopped()
            join()
            #expect(outcome.get() == "go away")
        }
    }

    @Test func finishGivesUpOnAPeerThatNeverEnds() throws {
        try withLoop { loop in
            let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
            stream.write(pattern(0..<2_000_000))
            stream.finish(within: .milliseconds(5))
            stream.onClose = {
                #expect($0 == nil)
                loop.stop()
            }
            try loop.runUntilStopped()
            #expect(!stream.isOpen)
            peer.close()
        }
    }

    // MARK: Peers

    private func packetPair(_ loop: Loop) throws -> (Stream, Peer) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        return (
            try Stream(loop: loop, adopting: ends[0], transport: .unix), Peer(adopting: ends[1])
        )
    }

    /// Receives on a thread of its own; the result waits for it.
    private func receivedOnThread(_ peer: Peer, count: Int) -> () -> [UInt8] {
        let descriptor = peer.descriptor
        let bytes = Shared<[UInt8]>([])
        let join = startThread {
            var all: [UInt8] = []
            let reader = Peer(adopting: dup(descriptor))
            while all.count < count, let part = try? reader.receive(), !part.isEmpty { all += part }
            bytes.set(all)
        }
        return {
            join()
            return bytes.get()
        }
    }
}
