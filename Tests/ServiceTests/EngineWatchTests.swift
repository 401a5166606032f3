// When an engine counts as stuck: silence while there is work, for longer than a step may take.

import Service
import Testing
import Wire

@Suite struct EngineWatchTests {
    /// A watch that is looked at every quarter of a second.
    private struct Looks {
        var watch: EngineWatch
        var now: UInt64 = 5_000_000

        init(step: UInt64 = 250_000, live: UInt64 = 60_000_000) {
            var limits = ServiceLimits()
            limits.stepMicrosecondsMax = step
            limits.liveTimeoutMicroseconds = live
            watch = EngineWatch(limits: limits)
        }

        /// Looks until `seconds` have passed; the engine shows the same all the time.
        mutating func look(_ seconds: Double, beats: UInt64, hasWork: Bool) {
            for _ in 0..<Int(seconds * 4) {
                now += 250_000
                watch.look(beats: beats, hasWork: hasWork, now: now)
            }
        }
    }

    @Test func anEngineWithoutWorkIsWellForEver() {
        var looks = Looks()
        looks.look(1000, beats: 0, hasWork: false)
        #expect(looks.watch.verdict == .well && looks.watch.fault == nil)
    }

    @Test func silenceWithWorkIsAStallAfterThreeSeconds() {
        var looks = Looks()
        // The first look with work begins the silence.
        looks.look(3, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .well)
        looks.look(0.25, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .stalled)
        #expect(
            looks.watch.fault
                == "the engine has work and has made no progress for 3 s, allowed: 3 s")
        #expect(looks.watch.death == nil)
        looks.look(57, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .dead)
        #expect(looks.watch.death?.hasSuffix("for 60 s, allowed: 60 s") == true)
    }

    @Test func oneBeatOrTheEndOfTheWorkMakesItWellAgain() {
        for (beats, hasWork) in [(2, true), (1, false)] as [(UInt64, Bool)] {
            var looks = Looks()
            looks.look(10, beats: 1, hasWork: true)
            #expect(looks.watch.verdict == .stalled)
            looks.look(0.25, beats: beats, hasWork: hasWork)
            #expect(looks.watch.verdict == .well)
            looks.look(2.75, beats: beats, hasWork: hasWork)
            #expect(looks.watch.verdict == .well)
        }
    }

    @Test func longStepsAreAllowedWhereTheyAreConfigured() {
        var looks = Looks(step: 5_000_000)
        looks.look(20, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .well)
        looks.look(0.25, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .stalled)
    }

    @Test func itIsNeverDeadBeforeItIsNotReady() {
        var looks = Looks(step: 5_000_000, live: 1_000_000)
        looks.look(20, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .well)
        looks.look(0.25, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .dead)
    }

    @Test func aProcessThatWasSuspendedDoesNotBlameItsEngine() {
        var looks = Looks()
        looks.look(1, beats: 1, hasWork: true)
        looks.now += 3_600_000_000
        looks.look(0.25, beats: 1, hasWork: true)
        #expect(looks.watch.verdict == .well)
    }

    @Test func aStallIsSaidByTheServerAndByEveryModelThatIsReady() throws {
        var talk = try ConnectionConversation(models: [.real, .mock])
        try talk.hello()
        try talk.context.models.beginLoad("late")
        for look in 0..<20 {
            talk.context.condition.engine.look(
                beats: 1, hasWork: true, now: UInt64(look) * 250_000)
        }
        for (id, name) in [(2, nil), (3, "real"), (4, "mock")] as [(UInt64, String?)] {
            let answer = try talk.send(HealthRequest(model: name), id: id)[0]
            let health = try answer.decoded(HealthResponse.self)
            #expect(!health.ready && health.state == .failed)
            #expect(health.reason?.contains("no progress for 4 s") == true)
        }
        let late = try talk.send(HealthRequest(model: "late"), id: 5)[0]
        #expect(try late.decoded(HealthResponse.self).state == .loading)
        talk.context.condition.engine.look(beats: 2, hasWork: true, now: 6_000_000)
        let health = try talk.send(HealthRequest(model: "real"), id: 6)[0]
        #expect(try health.decoded(HealthResponse.self).ready)
    }
}
