// Times as people write them: exact, bounded, or refused.

import PlainText
import Testing

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("250us", 250_000), ("50ms", 50_000_000), ("1.5s", 1_500_000_000), ("2m", 120_000_000_000),
        ("1h", 3_600_000_000_000), ("0s", 0), ("7ns", 7), ("3µs", 3_000), ("0.000001s", 1_000),
        ("0.1m", 6_000_000_000), (".5s", 500_000_000), ("5.s", 5_000_000_000),
        ("18446744073709551615ns", UInt64.max), ("0.00000000100s", 1),
    ])
    func readsExactNanoseconds(text: String, nanoseconds: UInt64) {
        #expect(TimeText.nanoseconds(text, bare: nil) == nanoseconds)
    }

    @Test(arguments: [
        "", " 5s", "5 s", "-1s", "+1s", "1e3s", "s", ".s", ".", "1..5s", "1.2.3s", "5S", "5sec",
        "0x5s", "٥s", "inf", "nan", "0.1ns", "1.0000000001s", "18446744073709551616ns", "5124096h",
        "5124095576030431h", String(repeating: "0", count: 40) + "1s", "5\u{0}s",
    ])
    func refusesWhatIsNoTime(text: String) {
        #expect(TimeText.nanoseconds(text, bare: .seconds) == nil)
    }

    @Test func aBareNumberHasTheUnitOfItsPlaceOrNone() {
        #expect(TimeText.nanoseconds("5", bare: .seconds) == 5_000_000_000)
        #expect(TimeText.nanoseconds("0.25", bare: .seconds) == 250_000_000)
        #expect(TimeText.nanoseconds("50", bare: .milliseconds) == 50_000_000)
        #expect(TimeText.nanoseconds("50", bare: nil) == nil)
    }

    /// Every sum of units reads as itself, whatever the number of decimals.
    @Test func decimalsOfEveryLengthAreExact() {
        for decimals in 1...9 {
            let digits = String(String(123_456_789).prefix(decimals))
            let text = "1." + digits + "s"
            let rest = UInt64(digits + String(repeating: "0", count: 9 - decimals))
            #expect(TimeText.nanoseconds(text, bare: nil) == 1_000_000_000 + (rest ?? 0))
        }
    }
}
