// The audit: which record a load, an unload and a refused right leave, and when.

import Service
import Testing
import Wire

@Suite struct AuditTests {
    private func conversation(
        _ right: LoadingRight = .anyone, isOwner: Bool = false, models: [ServedFacts] = [.real]
    ) throws -> ConnectionConversation {
        var limits = ServiceLimits()
        limits.loadingRight = right
        var talk = try ConnectionConversation(limits: limits, models: models)
        talk.machine = ConnectionMachine(id: 1, isOwner: isOwner, peer: "192.0.2.7:4000")
        try talk.hello()
        return talk
    }

    private static let fingerprint = [UInt8](repeating: 7, count: 32)

    @Test func aRefusedRightLeavesARecordAndChangesNothing() throws {
        var talk = try conversation(.sameUser)
        let load = try talk.send(LoadRequest(name: "real", path: "/etc/passwd"), id: 2)
        let unload = try talk.send(UnloadRequest(name: "none"), id: 3)
        #expect(
            (load + unload).map { $0.error?.code } == [
                "loading_not_allowed", "loading_not_allowed",
            ])
        let records = talk.context.audit.takeEnded()
        #expect(records.map(\.action) == [.load, .unload])
        #expect(records.map(\.outcome) == ["loading_not_allowed", "loading_not_allowed"])
        #expect(records.map(\.model) == ["real", "none"])
        #expect(records.map(\.path) == ["/etc/passwd", nil])
        #expect(records.allSatisfy { $0.peer == "192.0.2.7:4000" && $0.connection == 1 })
        #expect(records.allSatisfy { !$0.isChange })
        #expect(records.map(\.before.fingerprint) == [Self.fingerprint, nil])
        #expect(records.map(\.after.fingerprint) == [Self.fingerprint, nil])
        #expect(talk.context.audit.takeEnded() == [], "a record is taken once")
    }

    @Test func aLoadLeavesItsRecordAtItsEnd() throws {
        var talk = try conversation()
        _ = try talk.send(LoadRequest(name: "new", path: "/m/new.gguf"), id: 2)
        #expect(talk.context.audit.takeEnded() == [])
        var facts = ServedFacts("new", fingerprint: [UInt8](repeating: 9, count: 32))
        facts.generation = talk.context.models.reserveGeneration("new").generation
        talk.context.models.finishLoad(facts)
        let report = LoadResponse(accepted: true, layers: [])
        _ = try talk.deliver(.loaded(report, facts), to: talk.work[0].ticket)
        let record = try #require(talk.context.audit.takeEnded().first)
        #expect(record.outcome == "loaded" && record.isChange && record.path == "/m/new.gguf")
        #expect(record.before == .none && record.after.generation == 1)
        #expect(record.after.fingerprint == facts.fingerprint)
    }

    @Test func aRejectedLoadAndATakenNameLeaveTheirCodes() throws {
        var talk = try conversation()
        _ = try talk.send(LoadRequest(name: "new", path: "/secret"), id: 2)
        _ = try talk.send(LoadRequest(name: "real", path: "/other"), id: 3)
        talk.context.models.failLoad("new", reason: "no")
        _ = try talk.deliver(.failed(.pathNotAllowed), to: talk.work[0].ticket)
        let records = talk.context.audit.takeEnded()
        #expect(records.map(\.outcome) == ["model_exists", "path_not_allowed"])
        #expect(records.map(\.after.fingerprint) == [Self.fingerprint, nil])
        #expect(records.allSatisfy { !$0.isChange })
    }

    @Test func anUnloadLeavesItsRecordWhenTheModelIsGone() throws {
        var talk = try conversation()
        let request = GenerateRequest(prompt: .tokens([1]))
        _ = try talk.send(request, id: 2)
        _ = try talk.send(UnloadRequest(name: "real"), id: 3)
        #expect(try talk.settle().isEmpty && talk.context.audit.takeEnded() == [])
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        #expect(try talk.settle().map(\.status) == [.ok])
        let record = try #require(talk.context.audit.takeEnded().first)
        #expect(record.action == .unload && record.outcome == "unloaded" && record.isChange)
        #expect(record.before.fingerprint == Self.fingerprint && record.after.fingerprint == nil)
    }

    /// The answer came early, and the change is still on record.
    @Test func anUnloadThatWasAnsweredAtItsDeadlineLeavesTwoRecords() throws {
        var talk = try conversation()
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 2)
        _ = try talk.send(UnloadRequest(name: "real"), id: 3, deadline: 10)
        talk.now += 10_000
        _ = talk.context.takeDue(now: talk.now)
        #expect(try talk.settle().map(\.status) == [.deadlineExceeded])
        let early = talk.context.audit.takeEnded()
        #expect(early.map(\.outcome) == ["deadline_exceeded"])
        #expect(early.map(\.after.fingerprint) == [Self.fingerprint])
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        let late = talk.context.audit.takeEnded()
        #expect(late.map(\.outcome) == ["unloaded"] && late[0].after.fingerprint == nil)
        #expect(late[0].peer == "192.0.2.7:4000")
    }

    @Test func aLoadWhosePeerHasGoneLeavesARecord() throws {
        var talk = try conversation()
        _ = try talk.send(LoadRequest(name: "new", path: "/m/new.gguf"), id: 2)
        talk.machine.peerClosed(effects: &talk.effects)
        _ = try talk.collect()
        let ticket = talk.work[0].ticket
        #expect(talk.cancelled == [ticket])
        talk.context.models.abandonLoad("new")
        _ = try talk.deliver(.failed(.cancelled("loading")), to: ticket)
        #expect(talk.context.audit.takeEnded().map(\.outcome) == ["cancelled"])
    }

    @Test func aLoadOfTheStartIsOnRecord() throws {
        var talk = try conversation()
        try talk.context.models.beginLoad("boot")
        let ticket = talk.context.beginStartLoad(LoadRequest(name: "boot", path: "/b"))
        talk.context.models.failLoad("boot", reason: "no")
        talk.context.conclude(ticket, .failed(.cancelled("x")))
        let record = try #require(talk.context.audit.takeEnded().first)
        #expect(record.peer == "start" && record.connection == 0 && record.outcome == "cancelled")
    }
}
