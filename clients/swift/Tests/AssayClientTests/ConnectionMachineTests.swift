// One connection without a socket and without a clock: time is a number here, bytes are arrays.

import AssayClient
import Synchronization
import Testing

/// A caller who writes down what he is told.
private final class Caller: Answer {
    struct Heard {
        var chunks = 0
        var answers = 0
        var failure: CallFailure?
        var resumes = 0
    }

    let heard = Mutex(Heard())
    var failure: CallFailure? { heard.withLock { $0.failure } }
    var answers: Int { heard.withLock { $0.answers } }

    func take(_ header: FrameHeader, _ body: UnsafeRawBufferPointer) throws(AssayError) -> Bool {
        heard.withLock { heard in
            let isLast = !header.flags.contains(.more)
            if isLast { heard.answers += 1 } else { heard.chunks += 1 }
            return isLast
        }
    }

    func fail(_ failure: CallFailure) { heard.withLock { $0.failure = failure } }

    func resume() { heard.withLock { $0.resumes += 1 } }
}

@Suite struct ConnectionMachineTests {
    /// One second after the beginning of time.
    private static let start = Moment(nanoseconds: 1_000_000_000)

    private static func at(_ milliseconds: Int) -> Moment {
        start.advanced(byMilliseconds: milliseconds)
    }

    /// Takes what the machine wants to write, `limit` bytes at most.
    private func written(_ machine: inout ConnectionMachine, limit: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        machine.write { view in
            bytes = Array(view.prefix(limit))
            return bytes.count
        }
        return bytes
    }

    private func requests(_ bytes: [UInt8]) throws -> [(header: FrameHeader, body: [UInt8])] {
        try FrameDecoder(.request, bodySizeMax: Limits.bodySizeMax).frames(in: bytes)
    }

    private func receive(_ bytes: [UInt8], _ machine: inout ConnectionMachine, at moment: Moment) {
        bytes.withUnsafeBytes { machine.receive($0, now: moment) }
    }

    /// A machine behind its Hello.
    private func open(_ change: (inout Options) -> Void = { _ in }) -> ConnectionMachine {
        var options = Options()
        change(&options)
        var machine = ConnectionMachine(options, helloEnd: Self.at(5000), now: Self.start)
        #expect(!written(&machine).isEmpty)
        receive(
            ScriptedServer.frame(HelloResponse(server: "s"), to: 1), &machine, at: Self.start)
        let effects = machine.takeEffects()
        #expect(effects.opened?.server == "s")
        return machine
    }

    private func send(
        _ machine: inout ConnectionMachine, deadline: UInt32 = 0
    ) throws -> Caller {
        let caller = Caller()
        try machine.send(
            StatsRequest(), caller, Deadline(milliseconds: deadline, from: Self.start),
            now: Self.start)
        return caller
    }

    @Test func helloComesFirstAndEndsWithItsTime() throws {
        var machine = ConnectionMachine(
            Options(), helloEnd: Self.at(5000), now: Self.start)
        #expect(machine.nextMoment == Self.at(5000))
        machine.expire(now: Self.at(4999))
        #expect(!machine.isOver)
        machine.expire(now: Self.at(5000))
        #expect(machine.takeEffects().over?.code == .timedOut)
    }

    @Test func theHeaderSaysWhatIsLeftOfTheDeadline() throws {
        var machine = open()
        let caller = Caller()
        try machine.send(
            StatsRequest(), caller, Deadline(milliseconds: 1000, from: Self.start),
            now: Self.at(300))
        let frames = try requests(written(&machine))
        #expect(frames.map(\.header.deadlineMilliseconds) == [700])
        #expect(throws: AssayError.self) {
            try machine.send(
                StatsRequest(), caller, Deadline(milliseconds: 1000, from: Self.start),
                now: Self.at(1000))
        }
        #expect(machine.outputCount == 0)
    }

    @Test func anOverdueRequestIsCancelledAfterTheGraceAndNotBefore() throws {
        var machine = open { $0.graceMilliseconds = 50 }
        let caller = try send(&machine, deadline: 100)
        let id = try #require(try requests(written(&machine)).first).header.requestID
        #expect(machine.nextMoment == Self.at(150))
        machine.expire(now: Self.at(149))
        #expect(caller.failure == nil)
        machine.expire(now: Self.at(150))
        #expect(caller.failure?.error.code == .timedOut)
        #expect(machine.takeEffects().answers.count == 1)
        let cancel = try #require(try requests(written(&machine)).first)
        #expect(try CancelRequest(decoding: cancel.body).target == id)
        // Both answers come late and are dropped; the connection lives on.
        let late =
            ScriptedServer.frame(StatsResponse(), to: id)
            + ScriptedServer.frame(CancelResponse(found: false), to: cancel.header.requestID)
        receive(late, &machine, at: Self.at(200))
        #expect(!machine.isOver)
        #expect(caller.answers == 0)
    }

    @Test func silenceCountsFromTheLastFrame() throws {
        var machine = open { $0.answerMilliseconds = 100 }
        let caller = Caller()
        try machine.send(
            GenerateRequest(prompt: .text("x")), caller,
            Deadline(milliseconds: 0, from: Self.start), now: Self.start)
        let id = try #require(try requests(written(&machine)).first).header.requestID
        receive(
            ScriptedServer.frame(GenerateChunk(tokens: [1]), to: id), &machine, at: Self.at(90))
        machine.expire(now: Self.at(189))
        #expect(caller.failure == nil)
        machine.expire(now: Self.at(190))
        #expect(caller.failure?.error.code == .timedOut)
    }

    @Test func aConnectionWithoutAByteForTenSecondsIsOverWhenSomethingIsOverdue() throws {
        var machine = open { $0.answerMilliseconds = 11_000 }
        let caller = try send(&machine)
        machine.expire(now: Self.at(11_000))
        #expect(caller.failure?.error.code == .timedOut)
        #expect(machine.takeEffects().over?.code == .connectionClosed)
    }

    @Test func whatWasNotWrittenIsToldFromWhatWas() throws {
        var machine = open()
        let first = try send(&machine)
        let size = machine.outputCount
        let second = try send(&machine)
        #expect(written(&machine, limit: size).count == size)
        machine.end(AssayError(.connectionClosed, "m"))
        #expect(first.failure?.stage == .sent)
        #expect(second.failure?.stage == .unsent)
        #expect(machine.takeEffects().answers.count == 2)
    }

    @Test func halfOfARequestIsWrittenEnough() throws {
        var machine = open()
        let caller = try send(&machine)
        #expect(written(&machine, limit: 1).count == 1)
        machine.end(AssayError(.connectionClosed, "m"))
        #expect(caller.failure?.stage == .sent)
    }

    @Test func aDrainingConnectionEndsWithItsLastAnswer() throws {
        var machine = open()
        let caller = try send(&machine)
        let id = try #require(try requests(written(&machine)).first).header.requestID
        receive(
            ScriptedServer.frame(GoAway(reason: "shutting_down", drainMilliseconds: 1), to: 0),
            &machine, at: Self.at(1))
        #expect(machine.takeEffects().drains)
        #expect(!machine.isOver)
        #expect(throws: AssayError.self) { _ = try send(&machine) }
        receive(ScriptedServer.frame(StatsResponse(), to: id), &machine, at: Self.at(2))
        #expect(caller.answers == 1)
        #expect(machine.isOver)
    }

    @Test func givingUpTwiceOrTheUnknownDoesNothing() throws {
        var machine = open()
        let caller = try send(&machine)
        _ = written(&machine)
        let error = AssayError(.givenUp, "m")
        machine.giveUp(Caller(), error, now: Self.at(1))
        #expect(machine.outputCount == 0)
        machine.giveUp(caller, error, now: Self.at(1))
        #expect(try requests(written(&machine)).count == 1)
        machine.giveUp(caller, error, now: Self.at(1))
        #expect(machine.outputCount == 0)
        #expect(caller.failure?.error.code == .givenUp)
    }
}
