// The tester's own figures, against servers whose every delay is known.
//
// The point of the whole: a stall shows in the open loop in full, and the closed loop hides it.

import LoadTesting
import Testing

@Suite struct CoordinatedOmissionTests {
    private static let millisecond: Int64 = 1_000_000
    /// Nothing moves from 2.0 s to 2.1 s.
    private static let stall: Range<Int64> = 2_000_000_000..<2_100_000_000

    private func stalling() -> SimulatedServer {
        var server = SimulatedServer()
        server.stalls = [Self.stall]
        return server
    }

    /// Within the histogram's resolution of the truth, and never below it.
    private func isRight(_ value: Int64, _ truth: Int64) -> Bool {
        value >= truth && Double(value) <= Double(truth) * (1 + LatencyHistogram.resolution) + 1
    }

    @Test func percentilesAreRightWithinTheHistogramsResolution() throws {
        var server = SimulatedServer()
        // Any order, any size from 10 us to 3 s: 5,000 different delays.
        server.work = { index in 10_000 + Int64(index * 7_919 % 5_000) * 600_000 }
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 5), seconds: 5, connections: 4_096, drain: 60)
        let latency = Simulation.play(plan, server).total.latency
        #expect(latency.count == 5_000)
        #expect(latency.smallest == 10_000)
        #expect(latency.largest == 10_000 + 4_999 * 600_000)
        for percentile in [1, 25, 50, 75, 90, 95, 99, 99.9, 99.98] {
            let rank = Int64((percentile / 100 * 5_000 - 1e-9).rounded(.up))
            let truth = 10_000 + (rank - 1) * 600_000
            #expect(isRight(latency.value(at: percentile), truth), "p\(percentile)")
        }
    }

    @Test func timesAreCountedUpToABound() {
        var histogram = LatencyHistogram()
        for time in [5, 5, 7, 100, 2_000_000, 90_000_000] as [Int64] { histogram.record(time) }
        let bounds: [(Int64, Int)] = [
            (0, 0), (4, 0), (5, 2), (6, 2), (7, 3), (99, 3), (100, 4), (1_000_000, 4),
            (2_001_000, 5), (50_000_000, 5), (90_000_000, 6), (.max, 6),
        ]
        for (bound, count) in bounds {
            #expect(histogram.count(atMost: bound) == count, "\(bound)")
        }
        #expect([1, 34, 60, 100].map { histogram.value(at: $0) } == [5, 7, 100, 90_000_000])
        #expect(LatencyHistogram().value(at: 99) == 0 && LatencyHistogram().count(atMost: 9) == 0)
    }

    @Test(arguments: [100.0, 1_000, 10_000])
    func aStallShowsInTheOpenLoopAtEveryRate(_ rate: Double) throws {
        let plan = try Simulation.plan(
            Simulation.constant(rate, seconds: 5), seconds: 5, connections: 4_096)
        let latency = Simulation.play(plan, stalling()).total.latency
        // What each request took, by arithmetic: 1 ms, and the rest of the stall if it met it.
        let truth = (0..<Int(rate * 5)).map { index -> Int64 in
            let sent = Int64(Double(index) / rate * 1e9)
            let meets =
                sent < Self.stall.upperBound
                && sent + Self.millisecond > Self.stall.lowerBound
            let begun = max(0, Self.stall.lowerBound - sent)
            return Self.millisecond + (meets ? Self.stall.upperBound - sent - begun : 0)
        }.sorted()
        #expect(latency.count == truth.count)
        for percentile in [50, 90, 98.5, 99, 99.5, 99.9] {
            let rank = Int((percentile / 100 * Double(truth.count) - 1e-9).rounded(.up))
            #expect(isRight(latency.value(at: percentile), truth[rank - 1]), "p\(percentile)")
        }
        // A fiftieth of the time stood still: the 99th percentile is half the stall.
        #expect(latency.value(at: 50) < 2 * Self.millisecond)
        #expect(latency.value(at: 99) > 40 * Self.millisecond)
        #expect(latency.largest >= 100 * Self.millisecond)
    }

    @Test func aStallOfAThousandthShowsWhereItMust() throws {
        let plan = try Simulation.plan(Simulation.constant(1_000, seconds: 50), seconds: 50)
        let latency = Simulation.play(plan, stalling()).total.latency
        #expect(latency.value(at: 99) < 2 * Self.millisecond)
        #expect(abs(latency.value(at: 99.9) - 51 * Self.millisecond) < 2 * Self.millisecond)
    }

    @Test func theClosedLoopHidesTheStall() throws {
        let plan = try Simulation.plan(.closed, seconds: 5, connections: 4)
        let latency = Simulation.play(plan, stalling()).total.latency
        #expect(latency.count > 19_000)
        #expect(latency.value(at: 99.9) < 2 * Self.millisecond)
        #expect(latency.largest >= 100 * Self.millisecond)
        #expect(latency.count(atMost: 50 * Self.millisecond) == latency.count - 4)
    }

    @Test func waitingForAFreePlaceIsPartOfTheLatency() throws {
        // One place, 2 ms of work, one request due every millisecond: the nth waits n ms.
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 1), seconds: 1, connections: 1)
        let record = Simulation.play(plan, SimulatedServer(workers: 1, milliseconds: 2))
        #expect(record.total.succeeded == 1_000 && record.unsent == 0)
        #expect(record.total.latency.largest == (2 + 999) * Self.millisecond)
        #expect(isRight(record.total.latency.value(at: 50), (2 + 499) * Self.millisecond))
        #expect(record.total.service.largest == 2 * Self.millisecond)
        #expect(record.placeWait.largest == 999 * Self.millisecond)
        #expect(record.sendDelay.largest == 0)
    }

    @Test func whatIsNeverSentOrAnsweredIsCounted() throws {
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 1), seconds: 1, connections: 2, drain: 0.5)
        let record = Simulation.play(plan, SimulatedServer(workers: 2, milliseconds: 1_600))
        #expect(record.intended == 1_000)
        #expect(record.total.sent == 2 && record.unsent == 998)
        #expect(record.total.unfinished == 2 && record.total.latency.isEmpty)
    }

    @Test func warmUpIsNotCounted() throws {
        var server = SimulatedServer()
        server.work = { $0 < 100 ? 500_000_000 : 1_000_000 }
        let profile = RateProfile.constant(100, seconds: 2).warmed(seconds: 1)
        let plan = try Simulation.plan(
            .open(ArrivalSchedule(profile, .constant, seed: 1)), seconds: 2, warmup: 1)
        let record = Simulation.play(plan, server)
        #expect(record.total.succeeded == 200 && record.intended == 200)
        #expect(record.total.latency.largest == Self.millisecond)
        #expect(record.scheduledSeconds == 2)
    }

    @Test func failuresStayOutOfTheLatency() throws {
        var server = SimulatedServer()
        server.work = { $0 % 10 == 0 ? 1_000 : 5_000_000 }
        server.end = { $0 % 10 == 0 ? .refused("RESOURCE_EXHAUSTED queue_full") : .succeeded }
        let plan = try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1)
        let record = Simulation.play(plan, server)
        #expect(record.errors == ["RESOURCE_EXHAUSTED queue_full": 100])
        #expect(record.total.failed == 100 && record.total.succeeded == 900)
        #expect(record.total.latency.smallest == 5 * Self.millisecond)
    }
}
