// Listening: who owns an address, what is left behind, and running out of descriptors.

import EventLoop
import Glibc
import Testing

@Suite struct ListenerTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private var unix: Address { .unix(path: directory.path("s")) }

    @Test func portZeroGivesTheBoundPortBack() throws {
        try withLoop { loop in
            let listener = try Fresh.listener(loop, .tcp, in: directory)
            guard case .tcp("127.0.0.1", let port) = listener.address else {
                Issue.record("\(listener.address)")
                return
            }
            #expect(port != 0)
        }
    }

    @Test func version6IsServed() throws {
        try withLoop { loop in
            let listener: Listener
            do {
                listener = try Listener(loop: loop, address: .tcp(host: "::1", port: 0))
            } catch let error as EventLoopError where error.code == .addressUnavailable {
                print("skipped: this machine has no IPv6 loopback")
                return
            }
            listener.start { $0.echo() }
            let peer = try Peer(connecting: listener.address)
            try peer.send("six")
            try turn(loop) { try peer.receiveAvailable() == Array("six".utf8) }
        }
    }

    @Test func takenPortIsAddressInUse() throws {
        try withLoop { loop in
            let first = try Fresh.listener(loop, .tcp, in: directory)
            #expect { try Listener(loop: loop, address: first.address) } throws: { error in
                let error = error as? EventLoopError
                return error?.code == .addressInUse && error?.systemName == "EADDRINUSE"
                    && error?.tried == "listening on \(first.address)"
            }
        }
    }

    @Test func connectionsBeforeStartWait() throws {
        try withLoop { loop in
            let listener = try Fresh.listener(loop, .unix, in: directory)
            let peer = try Peer(connecting: listener.address)
            try peer.send("early")
            listener.start { $0.echo() }
            try turn(loop) { try peer.receiveAvailable() == Array("early".utf8) }
        }
    }

    @Test func pausedListenerAcceptsNobodyUntilResumed() throws {
        try withLoop { loop in
            let listener = try Fresh.listener(loop, .unix, in: directory)
            var accepted = 0
            listener.start { [unowned listener] _ in
                accepted += 1
                listener.pause()
                loop.stop()
            }
            let peers = try (0..<3).map { _ in try Peer(connecting: listener.address) }
            for expected in 1...3 {
                try loop.runUntilStopped()
                #expect(accepted == expected)
                listener.resume()
            }
            #expect(peers.count == 3)
        }
    }

    // MARK: The socket file

    @Test func socketFileHasTheModeAndGoesWithTheListener() throws {
        try withLoop { loop in
            var settings = Listener.Settings()
            settings.unixMode = 0o600
            let listener = try Listener(loop: loop, address: unix, settings: settings)
            var facts = stat()
            #expect(lstat(directory.path("s"), &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o600)
            #expect(facts.st_mode & S_IFMT == S_IFSOCK)
            listener.close()
            #expect(lstat(directory.path("s"), &facts) == -1)
        }
    }

    @Test func staleSocketPathIsTakenOver() throws {
        try leaveSocketBehind()
        try withLoop { loop in
            let listener = try Listener(loop: loop, address: unix)
            listener.start { $0.echo() }
            let peer = try Peer(connecting: unix)
            try peer.send("hello")
            try turn(loop) { try peer.receiveAvailable() == Array("hello".utf8) }
        }
    }

    @Test func liveSocketPathIsNeverTaken() throws {
        try withLoop { loop in
            let first = try Listener(loop: loop, address: unix)
            #expect { try Listener(loop: loop, address: unix) } throws: { error in
                (error as? EventLoopError)?.code == .addressInUse
            }
            let peer = try Peer(connecting: first.address)
            first.start { $0.echo() }
            try peer.send("mine")
            try turn(loop) { try peer.receiveAvailable() == Array("mine".utf8) }
        }
    }

    @Test func liveSocketWithAFullBacklogIsNeverTaken() throws {
        try withLoop { loop in
            var settings = Listener.Settings()
            settings.backlog = 0
            let first = try Listener(loop: loop, address: unix, settings: settings)
            let waiting = try Peer(connecting: first.address)
            #expect { try Listener(loop: loop, address: unix) } throws: { error in
                (error as? EventLoopError)?.code == .addressInUse
            }
            waiting.close()
        }
    }

    @Test func otherFilesAtThePathAreLeftAlone() throws {
        let path = directory.path("plain")
        close(creat(path, 0o600))
        try withLoop { loop in
            #expect { try Listener(loop: loop, address: .unix(path: path)) } throws: { error in
                (error as? EventLoopError)?.code == .pathOccupied
            }
        }
        #expect(access(path, F_OK) == 0)
    }

    @Test func socketFileOfASuccessorSurvivesOurClose() throws {
        try withLoop { loop in
            let first = try Listener(loop: loop, address: unix)
            #expect(rename(directory.path("s"), directory.path("other")) == 0)
            let second = try Listener(loop: loop, address: unix)
            first.close()
            let peer = try Peer(connecting: second.address)
            peer.close()
        }
    }

    @Test func aRemovedSocketFileIsNoticedAndBoundAnew() throws {
        try withLoop { loop in
            let first = try Listener(loop: loop, address: unix)
            first.start { $0.echo() }
            let old = try Peer(connecting: unix)
            #expect(first.checkSocketFile() == .present)
            #expect(unlink(directory.path("s")) == 0)
            #expect(first.checkSocketFile() == .missing)
            let second = try first.rebound()
            #expect(second.checkSocketFile() == .present)
            let new = try Peer(connecting: unix)
            for peer in [old, new] { try peer.send("both") }
            // The old one waited in the backlog when its listener closed.
            for peer in [old, new] {
                try turn(loop) { try peer.receiveAvailable() == Array("both".utf8) }
            }
        }
    }

    @Test func aReplacedSocketFileIsLeftToItsServer() throws {
        try withLoop { loop in
            let first = try Listener(loop: loop, address: unix)
            #expect(unlink(directory.path("s")) == 0)
            let other = try Listener(loop: loop, address: unix)
            #expect(first.checkSocketFile() == .replaced)
            #expect { try first.rebound() } throws: { error in
                (error as? EventLoopError)?.code == .addressInUse
            }
            other.close()
            // With the other server gone the path is free again.
            #expect(first.checkSocketFile() == .missing)
            let second = try first.rebound()
            #expect(second.checkSocketFile() == .present)
        }
    }

    @Test func aFileThatIsNoSocketIsNotRemovedForARebinding() throws {
        try withLoop { loop in
            let first = try Listener(loop: loop, address: unix)
            #expect(unlink(directory.path("s")) == 0)
            close(creat(directory.path("s"), 0o600))
            #expect { try first.rebound() } throws: { error in
                (error as? EventLoopError)?.code == .pathOccupied
            }
            first.close()
            #expect(access(directory.path("s"), F_OK) == 0)
        }
    }

    @Test func aPortNeedsNoFile() throws {
        try withLoop { loop in
            let listener = try Fresh.listener(loop, .tcp, in: directory)
            #expect(listener.checkSocketFile() == .present)
        }
    }

    @Test func missingDirectoryIsAddressUnavailable() throws {
        try withLoop { loop in
            let nowhere = Address.unix(path: directory.path("no/such/directory"))
            #expect { try Listener(loop: loop, address: nowhere) } throws: { error in
                (error as? EventLoopError)?.code == .addressUnavailable
            }
        }
    }

    @Test func pathTooLongIsRefusedBeforeTheKernelCutsIt() throws {
        try withLoop { loop in
            let long = Address.unix(path: "/" + String(repeating: "p", count: 200))
            #expect { try Listener(loop: loop, address: long) } throws: { error in
                (error as? EventLoopError)?.code == .pathTooLong
            }
        }
    }

    // MARK: Help

    private func leaveSocketBehind() throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: directory.path("s").utf8) }
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(descriptor)
        try #require(status == 0)
    }
}

/// Lets the loop run in short turns until `isDone`, at most thirty seconds.
func turn(
    _ loop: Loop, until isDone: () throws -> Bool, _ location: SourceLocation = #_sourceLocation
) throws {
    let pulse = try Timer(loop: loop)
    pulse.start(after: .milliseconds(1), repeating: .milliseconds(1)) { loop.stop() }
    let start = Loop.now()
    while try !isDone() {
        try loop.runUntilStopped(location)
        if Loop.now() - start > 30_000_000_000 {
            Issue.record("waited in vain", sourceLocation: location)
            break
        }
    }
    pulse.close()
}
