// The figures of a load beside a model: a stall shows in the window in which it lies, and nowhere
// else.

import LoadMeasure
import Testing

@Suite struct BesideFiguresTests {
    /// A token each millisecond, but for a pause of `stall` milliseconds from 150 on.
    private func record(stall: Int64) -> BesideRecord {
        var record = BesideRecord()
        let times = Array(Int64(0)...150) + (Int64(150) + stall...400)
        record.answers = [times.map { $0 * 1_000_000 }]
        func window(_ start: Int64, _ end: Int64) -> Range<Int64> {
            start * 1_000_000..<end * 1_000_000
        }
        record.rounds = [
            .init(quiet: window(0, 100), load: window(120, 200), unload: window(300, 400))
        ]
        (record.alone, record.beside) = ([10], [80])
        return record
    }

    @Test func aStallDuringTheLoadIsAdded() throws {
        let figures = BesideFigures(beside: "a", path: "b", record(stall: 30))
        #expect(figures.quiet?.max == 1)
        #expect(figures.load?.max == 30 && figures.load?.worst == 30)
        #expect(figures.unload?.max == 1)
        #expect(figures.added == 29)
        #expect(figures.table.contains("added to the longest gap: 29.00 ms"))
        #expect(figures.table.contains("alone 10 ms, beside 80 ms"))
    }

    @Test func aLoadThatHurtsNobodyAddsNothing() {
        let figures = BesideFigures(beside: "a", path: "b", record(stall: 1))
        #expect(figures.added == 0)
        #expect(figures.load?.p50 == 1 && figures.load?.p99 == 1)
    }

    /// The end of an answer and the start of the next one are no gap.
    @Test func betweenAnswersThereIsNoGap() {
        var record = record(stall: 1)
        record.answers = [[0, 1_000_000], [90_000_000, 91_000_000]]
        let figures = BesideFigures(beside: "a", path: "b", record)
        #expect(figures.quiet?.count == 2 && figures.quiet?.max == 1)
        #expect(figures.load == nil && figures.unload == nil && figures.added == nil)
    }
}
