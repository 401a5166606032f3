// Crowds and shortages: a thousand idle connections, no descriptors left, nothing leaked.
//
// Each runs in a process of its own, because limits and descriptor counts belong to a process
// and other tests run beside this one.

import EventLoop
import Glibc
import Testing

@Suite struct ExhaustionTests {
    @Test func outOfDescriptorsTurnsCallersAwayAndRecovers() async {
        await #expect(processExitsWith: .success) {
            let directory = try ScratchDirectory()
            try withLoop { loop in
                let listener = try Fresh.listener(loop, .unix, in: directory)
                var errors: [EventLoopError] = []
                listener.onError = { errors.append($0) }
                listener.start { $0.echo() }
                try turn(loop) { true }
                let early = try Peer(connecting: listener.address)
                try early.send("before")
                try turn(loop) { try early.receiveAvailable() == Array("before".utf8) }

                // One descriptor for the caller's own end, none for ours.
                let hogs = try takeDescriptors(leaving: 1)
                let turnedAway = try Peer(connecting: listener.address)
                try turn(loop) { !errors.isEmpty }
                #expect(errors.first?.code == .descriptorsExhausted)
                #expect(try turnedAway.receive().isEmpty, "told at once, not left hanging")

                // Those inside are served meanwhile, and the loop sleeps instead of spinning.
                try early.send("during")
                try turn(loop) { try early.receiveAvailable() == Array("during".utf8) }
                #expect(errors.count < 5)

                for hog in hogs { close(hog) }
                let late = try Peer(connecting: listener.address)
                try late.send("after")
                try turn(loop) { try late.receiveAvailable() == Array("after".utf8) }
            }
        }
    }

    @Test func outOfDescriptorsWithoutAReserveRestsInsteadOfSpinning() async {
        await #expect(processExitsWith: .success) {
            let directory = try ScratchDirectory()
            try withLoop { loop in
                var settings = Listener.Settings()
                settings.restAfterError = .seconds(1000)
                let listener = try Fresh.listener(loop, .unix, in: directory, settings: settings)
                var errors = 0
                listener.onError = { _ in errors += 1 }
                let caller = try Peer(connecting: listener.address)
                // Not even the reserve can be opened when accepting starts.
                let hogs = try takeDescriptors(leaving: 0)
                listener.start { $0.echo() }
                var turns = 0
                try turn(loop) {
                    turns += 1
                    return turns > 20
                }
                #expect(errors == 1, "one attempt, then rest, although the caller still waits")
                for hog in hogs { close(hog) }
                listener.resume()
                try caller.send("patience")
                try turn(loop) { try caller.receiveAvailable() == Array("patience".utf8) }
            }
        }
    }

    @Test func thousandIdleConnectionsDoNotDisturbOne() async {
        await #expect(processExitsWith: .success) {
            try raiseDescriptorLimit(to: 2500)
            let directory = try ScratchDirectory()
            try withLoop { loop in
                let listener = try Fresh.listener(loop, .tcp, in: directory)
                var accepted = 0
                listener.start { stream in
                    accepted += 1
                    stream.echo()
                }
                var idle: [Peer] = []
                for count in 1...1000 {
                    idle.append(try Peer(connecting: listener.address))
                    if count % 100 == 0 { try turn(loop) { accepted == count } }
                }
                let busy = try Peer(connecting: listener.address)
                for index in 0..<50 {
                    try busy.send("ping \(index)")
                    try turn(loop) { try busy.receiveAvailable() == Array("ping \(index)".utf8) }
                }
                #expect(accepted == 1001)
            }
        }
    }

    @Test func descriptorCountReturnsToTheStart() async {
        await #expect(processExitsWith: .success) {
            // The first round also opens what libuv keeps per process, its signal pipe.
            var counts: [Int] = []
            for transport in [Stream.Transport.tcp, .tcp, .unix] {
                let directory = try ScratchDirectory()
                try withLoop { loop in
                    let listener = try Fresh.listener(loop, transport, in: directory)
                    var accepted = 0
                    listener.start { stream in
                        accepted += 1
                        stream.echo()
                    }
                    let peers = try (0..<50).map { _ in try Peer(connecting: listener.address) }
                    _ = try Wakeup(loop: loop) {}
                    _ = try SignalWatcher(loop: loop, signal: SIGUSR1) {}
                    try turn(loop) { accepted == 50 }
                    // Some leave politely, some vanish, the rest is cut off by the loop's close.
                    for peer in peers.prefix(10) { peer.close() }
                    if transport == .tcp { for peer in peers[10..<20] { peer.reset() } }
                    #expect(throws: EventLoopError.self) {
                        try Listener(loop: loop, address: listener.address)
                    }
                    try turn(loop) { true }
                }
                counts.append(openDescriptorCount())
            }
            #expect(counts == [counts[0], counts[0], counts[0]])
        }
    }
}

/// Opens descriptors until only `spare` are left, under a limit lowered to what is open plus 64.
private func takeDescriptors(leaving spare: Int) throws -> [Int32] {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    getrlimit(kind, &limit)
    limit.rlim_cur = rlim_t(openDescriptorCount() + 64)
    setrlimit(kind, &limit)
    var taken: [Int32] = []
    while true {
        let descriptor = open("/dev/null", O_RDONLY)
        if descriptor < 0 { break }
        taken.append(descriptor)
    }
    for _ in 0..<spare { close(taken.removeLast()) }
    return taken
}

private func raiseDescriptorLimit(to count: Int) throws {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    getrlimit(kind, &limit)
    limit.rlim_cur = max(limit.rlim_cur, rlim_t(count))
    try #require(setrlimit(kind, &limit) == 0)
}
