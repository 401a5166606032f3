// Shares of labels: exact counts, the same order each time, and no request for who has no share.

import Service
import TestSupport
import Testing

@Suite struct TrafficSharesTests {
    private func counts(_ shares: [Double], requests: Int) throws -> [Int] {
        var traffic = try #require(TrafficShares(shares))
        var counts = [Int](repeating: 0, count: shares.count + 1)
        for _ in 0..<requests { counts[traffic.next() ?? shares.count] += 1 }
        return counts
    }

    @Test func sharesAreExactOverTenThousandRequests() throws {
        #expect(try counts([0.1], requests: 10_000) == [1000, 9000])
        #expect(try counts([0.25, 0.05], requests: 10_000) == [2500, 500, 7000])
        #expect(try counts([1], requests: 10_000) == [10_000, 0])
        #expect(try counts([0], requests: 10_000) == [0, 10_000])
    }

    @Test func theOrderIsSpreadOut() throws {
        var traffic = try #require(TrafficShares([0.25]))
        let order = (0..<8).map { _ in traffic.next() == 0 ? "c" : "-" }.joined()
        #expect(order == "--c---c-")
    }

    /// At no time is anyone a request per other share away from its part.
    @Test func everyPrefixIsCloseForAnyShares() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("TrafficSharesTests"))
        for _ in 0..<200 {
            let count = 1 + random.below(4)
            let shares = (0..<count).map { _ in
                Double(random.below(1001)) / 1000 / Double(count)
            }
            var traffic = try #require(TrafficShares(shares))
            var taken = [Int](repeating: 0, count: count)
            for request in 1...2000 {
                if let label = traffic.next() { taken[label] += 1 }
                for (share, number) in zip(shares, taken) {
                    #expect(abs(Double(number) - share * Double(request)) < Double(count) + 0.01)
                }
            }
        }
    }

    @Test func sharesAboveAWholeAreRefused() {
        #expect(TrafficShares([0.6, 0.6]) == nil)
        #expect(TrafficShares([-0.1]) == nil)
        #expect(TrafficShares([1.1]) == nil)
        #expect(TrafficShares([.nan]) == nil)
        #expect(TrafficShares([.infinity]) == nil)
        // Ten tenths are a little more than one as floating-point numbers.
        #expect(TrafficShares([Double](repeating: 0.1, count: 10)) != nil)
        #expect(TrafficShares([0.7, 0.2, 0.1]) != nil)
    }
}
