// Loads in turns: places, the order of waiting loads over connections, bounds, and every way out of
// the queue.

import Service
import Testing
import Wire

@Suite struct LoadQueueTests {
    /// Several connections on one shared state. The test plays the loaders.
    private struct Crowd: ~Copyable {
        var context: ServiceContext
        private var encoder = FrameEncoder()
        private let decoder = FrameDecoder(.response)
        /// Names of the loads that were started, in order.
        var started: [String] = []
        var tickets: [String: UInt64] = [:]
        var now: UInt64 = 1000

        init(_ change: (inout ServiceLimits) -> Void = { _ in }) {
            var limits = ServiceLimits()
            change(&limits)
            context = ServiceContext(limits: limits, serverName: "assayd test")
        }

        mutating func connection(_ id: UInt64) throws -> Peer {
            context.crowd.join(id, now: now)
            var peer = Peer(id: id)
            _ = try send(HelloRequest(client: "test"), id: 1, by: &peer)
            return peer
        }

        /// Sends a request. Returns the codes of the errors among the answers, and carries out.
        mutating func send(
            _ message: some RequestMessage, id: UInt64, by peer: inout Peer, deadline: UInt32 = 0
        ) throws -> [String] {
            encoder.removeAll()
            try encoder.appendRequest(message, requestID: id, deadlineMilliseconds: deadline)
            var effects = ConnectionEffects()
            encoder.bytes.withUnsafeBytes {
                peer.machine.receive($0, now: now, context: &context, effects: &effects)
            }
            #expect(effects.work.isEmpty, "a load is started by its turn alone")
            return try codes(&effects) + carryOut(effects.cancelled, &peer)
        }

        mutating func load(
            _ name: String, id: UInt64, by peer: inout Peer, deadline: UInt32 = 0
        ) throws -> [String] {
            let codes = try send(
                LoadRequest(name: name, path: "/m/\(name).gguf"), id: id, by: &peer,
                deadline: deadline)
            start()
            return codes
        }

        mutating func start() {
            for work in context.takeLoads() {
                guard case .load(let request) = work.request else { continue }
                started.append(request.name)
                tickets[request.name] = work.ticket
            }
        }

        /// Ends a started load with a rejection. Starts the loads whose turn has come.
        mutating func reject(_ name: String, _ peer: inout Peer) throws -> [String] {
            let ticket = try #require(tickets[name])
            tickets[name] = nil
            context.models.failLoad(name, reason: "no")
            let error = ServiceError(.modelRejected, .modelNotReady, "no")
            context.completions.append((ticket, .failed(error)))
            return try carryOut([], &peer)
        }

        /// Cancels as the router does and delivers what waits, all to `peer`.
        mutating func carryOut(_ cancelled: [UInt64], _ peer: inout Peer) throws -> [String] {
            for ticket in cancelled { _ = context.cancelWaitingLoad(ticket) }
            var effects = ConnectionEffects()
            while !context.completions.isEmpty {
                let (ticket, event) = context.completions.removeFirst()
                context.conclude(ticket, event)
                guard let target = context.tickets[ticket] else { continue }
                let isKnown = peer.machine.handle(
                    event, requestID: target.requestID, ticket: ticket, now: now,
                    context: &context, effects: &effects)
                if !isKnown { context.finish(ticket, now: now) }
            }
            start()
            return try codes(&effects)
        }

        private func codes(_ effects: inout ConnectionEffects) throws -> [String] {
            defer { effects.output.removeAll() }
            return try decoder.frames(in: effects.output.bytes)
                .compactMap { (try? ErrorBody(decoding: $0.body))?.code }
        }

        var states: [String: ServingState] {
            Dictionary(uniqueKeysWithValues: context.models.entries.map { ($0.name, $0.state) })
        }
    }

    private struct Peer: ~Copyable {
        var machine: ConnectionMachine

        init(id: UInt64) { machine = ConnectionMachine(id: id, isOwner: true, peer: "uid 1") }
    }

    @Test func loadsBeyondThePlacesWaitAndAreListedAsLoading() throws {
        var crowd = Crowd()
        var peer = try crowd.connection(1)
        for (index, name) in ["a", "b", "c"].enumerated() {
            #expect(try crowd.load(name, id: UInt64(index) + 2, by: &peer) == [])
        }
        #expect(crowd.started == ["a", "b"])
        #expect(crowd.context.loads.runningCount == 2 && crowd.context.loads.waitingCount == 1)
        #expect(crowd.states == ["a": .loading, "b": .loading, "c": .loading])
        // A waiting load holds its name.
        #expect(try crowd.load("c", id: 9, by: &peer) == ["model_exists"])
        #expect(try crowd.reject("a", &peer) == ["model_not_ready"])
        #expect(crowd.started == ["a", "b", "c"])
        #expect(crowd.context.loads.runningCount == 2 && crowd.context.loads.waitingCount == 0)
    }

    @Test func freePlacesGoToTheConnectionsInTurn() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var first = try crowd.connection(1)
        var second = try crowd.connection(2)
        var third = try crowd.connection(3)
        for (index, name) in ["a1", "a2", "a3", "a4"].enumerated() {
            _ = try crowd.load(name, id: UInt64(index) + 2, by: &first)
        }
        _ = try crowd.load("b1", id: 2, by: &second)
        _ = try crowd.load("b2", id: 3, by: &second)
        _ = try crowd.load("c1", id: 2, by: &third)
        // Whoever asked first has one turn in three.
        while let running = crowd.tickets.keys.first {
            switch running.first {
            case "a": _ = try crowd.reject(running, &first)
            case "b": _ = try crowd.reject(running, &second)
            default: _ = try crowd.reject(running, &third)
            }
        }
        #expect(crowd.started == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"])
    }

    @Test func aConnectionsWaitingLoadsAndAllTogetherAreBounded() throws {
        var crowd = Crowd {
            $0.loadsMax = 1
            $0.loadsWaitingPerConnectionMax = 2
            $0.loadsWaitingMax = 3
        }
        var first = try crowd.connection(1)
        var second = try crowd.connection(2)
        for id in 2...4 { #expect(try crowd.load("a\(id)", id: UInt64(id), by: &first) == []) }
        #expect(try crowd.load("a5", id: 5, by: &first) == ["loads_exceeded"])
        #expect(try crowd.load("b1", id: 2, by: &second) == [])
        #expect(try crowd.load("b2", id: 3, by: &second) == ["loads_exceeded"])
        #expect(crowd.context.loads.waitingCount == 3)
        #expect(crowd.context.models.entries.count == 4, "a refused load leaves no entry")
        // A place that frees makes room to wait.
        _ = try crowd.reject("a2", &first)
        #expect(try crowd.load("b2", id: 4, by: &second) == [])
    }

    @Test func threadsThatDoNotComeBackAreBounded() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var peer = try crowd.connection(1)
        crowd.context.abandonedLoadCount = 4
        #expect(try crowd.load("a", id: 2, by: &peer) == ["loads_exceeded"])
        crowd.context.abandonedLoadCount = 3
        #expect(try crowd.load("a", id: 3, by: &peer) == [])
        #expect(crowd.started == ["a"])
    }

    @Test func aWaitingLoadIsCancelled() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var peer = try crowd.connection(1)
        for id in 2...4 { _ = try crowd.load("m\(id)", id: UInt64(id), by: &peer) }
        let codes = try crowd.send(CancelRequest(target: 3), id: 9, by: &peer)
        #expect(codes == ["cancelled"])
        #expect(crowd.states == ["m2": .loading, "m4": .loading])
        _ = try crowd.reject("m2", &peer)
        #expect(crowd.started == ["m2", "m4"])
        #expect(crowd.context.tickets.count == 1)
    }

    @Test func theDeadlineOfAWaitingLoadCounts() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var peer = try crowd.connection(1)
        _ = try crowd.load("a", id: 2, by: &peer)
        _ = try crowd.load("b", id: 3, by: &peer, deadline: 20)
        crowd.now += 20_000
        let due = crowd.context.takeDue(now: crowd.now)
        #expect(due.map(\.isControl) == [true])
        #expect(try crowd.carryOut(due.map(\.ticket), &peer) == ["deadline_exceeded"])
        #expect(crowd.context.loads.waitingCount == 0 && crowd.states == ["a": .loading])
    }

    @Test func aLostConnectionTakesItsWaitingLoadsAlong() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var first = try crowd.connection(1)
        var second = try crowd.connection(2)
        _ = try crowd.load("a", id: 2, by: &second)
        for id in 2...4 { _ = try crowd.load("m\(id)", id: UInt64(id), by: &first) }
        _ = try crowd.load("b", id: 3, by: &second)
        var effects = ConnectionEffects()
        first.machine.peerClosed(effects: &effects)
        #expect(try crowd.carryOut(effects.cancelled, &first) == [])
        #expect(crowd.states == ["a": .loading, "b": .loading])
        _ = try crowd.reject("a", &second)
        #expect(crowd.started == ["a", "b"])
    }

    @Test func aDrainRefusesWaitingLoads() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var peer = try crowd.connection(1)
        for id in 2...4 { _ = try crowd.load("m\(id)", id: UInt64(id), by: &peer) }
        crowd.context.isDraining = true
        crowd.context.refuseWaitingLoads()
        #expect(try crowd.carryOut([], &peer) == ["draining", "draining"])
        #expect(crowd.states == ["m2": .loading] && crowd.started == ["m2"])
    }

    @Test func aLoadOfTheStartTakesAPlace() throws {
        var crowd = Crowd { $0.loadsMax = 1 }
        var peer = try crowd.connection(1)
        try crowd.context.models.beginLoad("boot")
        let boot = crowd.context.beginStartLoad(LoadRequest(name: "boot", path: "/b"))
        _ = try crowd.load("a", id: 2, by: &peer)
        #expect(crowd.started == [])
        crowd.context.models.failLoad("boot", reason: "no")
        crowd.context.conclude(boot, .failed(.cancelled("x")))
        crowd.start()
        #expect(crowd.started == ["a"])
    }

    @Test(arguments: [
        "a\nb", "a\u{1B}[2J", "\u{7F}", "a\u{202E}b", "a\u{200D}b", "a\u{AD}b", "a\u{2028}b",
        "\u{FEFF}a", "a\u{E0041}",
    ])
    func aNameWithAnInvisibleCharacterIsRefused(name: String) throws {
        var crowd = Crowd()
        var peer = try crowd.connection(1)
        let codes = try crowd.send(LoadRequest(name: name, path: "/x"), id: 2, by: &peer)
        #expect(codes == ["field_out_of_range"])
        #expect(crowd.context.models.entries.isEmpty && crowd.context.loads.waitingCount == 0)
        #expect(try crowd.load("straße 漢字-7b", id: 3, by: &peer) == [])
    }
}
