// Numbers for people, and what a number of round trips allows to say.

import PlainText
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (996_864, "997 kB"), (999_499, "999 kB"),
        (999_500, "1.00 MB"), (1_051_232, "1.05 MB"), (13_400_000_000, "13.4 GB"),
        (UInt64.max, "18446744 TB"),
    ])
    func sizes(_ size: UInt64, _ text: String) {
        #expect(Quantity.bytes(size) == text)
    }

    @Test(arguments: [
        (0, "0"), (512, "512"), (1000, "1 k"), (2_097_152, "2.1 M"), (9_949_999, "9.9 M"),
        (9_960_000, "10 M"), (134_515_008, "135 M"), (999_600_000, "1.0 B"),
        (7_241_732_096, "7.2 B"),
    ])
    func counts(_ count: UInt64, _ text: String) {
        #expect(Quantity.count(count) == text)
    }

    @Test(arguments: [
        (0, "0 ms"), (0.00004, "0 ms"), (0.0123, "0.0123 ms"), (0.09996, "0.100 ms"),
        (0.1444, "0.144 ms"), (0.9996, "1.00 ms"), (9.994, "9.99 ms"), (9.996, "10.0 ms"),
        (37.401, "37.4 ms"), (99.96, "100 ms"), (999.4, "999 ms"), (999.6, "1.00 s"),
        (75_000, "75.0 s"), (312_400, "312 s"),
    ])
    func times(_ milliseconds: Double, _ text: String) {
        #expect(Quantity.time(milliseconds: milliseconds) == text)
    }

    @Test func fixedDecimals() {
        #expect(Quantity.fixed(-0.00001, 4) == "0.0000")
        #expect(Quantity.fixed(-0.4514, 4) == "-0.4514")
        #expect(Quantity.fixed(Float(15.393431), 4) == "15.3934")
        #expect(Quantity.fixed(2.5, 0) == "3" && Quantity.fixed(0.05, 1) == "0.1")
        #expect(Quantity.fixed(Double.nan, 4) == "nan" && Quantity.fixed(1e300, 2) == "1e+300")
    }

    private func trips(_ count: Int, lost: Int = 0) -> RoundTrips {
        var trips = RoundTrips()
        for index in 0..<count { trips.add(milliseconds: Double(count - index)) }
        for _ in 0..<lost { trips.addLost() }
        return trips
    }

    /// Ten round trips have to lie beyond a percentile; the median needs none.
    @Test(arguments: [(99, 90, false), (100, 90, true), (999, 99, false), (1000, 99, true)])
    func aPercentileNeedsTenBeyondIt(_ count: Int, _ percent: Int, _ isKnown: Bool) {
        #expect((trips(count).percentile(percent) != nil) == isKnown)
        #expect(trips(count).percentile(50) == Double(count / 2 + 1))
    }

    @Test func percentilesAreOfTheSortedTimes() {
        #expect(trips(1000).percentile(99) == 991)
        #expect(trips(1000).percentile(90) == 901)
        #expect(trips(1).percentile(50) == 1 && trips(0).percentile(50) == nil)
    }

    @Test func theSummaryTellsWhatIsKnown() {
        #expect(trips(0, lost: 3).summary == "0 of 3 round trips, 3 lost")
        #expect(trips(1).summary == "1 round trip: min 1.00 ms, p50 1.00 ms, max 1.00 ms")
        #expect(
            trips(4, lost: 1).summary
                == "4 of 5 round trips, 1 lost: min 1.00 ms, p50 3.00 ms, max 4.00 ms")
        #expect(trips(100).summary.contains("p90 91.0 ms, max 100 ms"))
    }

    /// Memory is bounded: the latest times are kept, the extremes of all.
    @Test func theOldestTimesMakeRoom() {
        var trips = RoundTrips()
        trips.add(milliseconds: 5)
        for _ in 0..<RoundTrips.timesMax { trips.add(milliseconds: 1) }
        #expect(trips.answered == RoundTrips.timesMax + 1)
        #expect(trips.percentile(99) == 1)
        #expect(trips.summary.hasSuffix("max 5.00 ms"))
    }
}
