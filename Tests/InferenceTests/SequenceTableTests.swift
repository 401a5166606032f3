// The bookkeeping of cache pages: budget, reuse, stale IDs. No model involved.

import Inference
import Testing

@Suite struct SequenceTableTests {
    @Test func reservesWholePages() throws {
        var table = SequenceTable(sequenceCountMax: 4, sequenceLengthMax: 512, pageCount: 4)
        let first = try table.open(capacity: 17)
        #expect(table.freeTokens == 32)
        _ = try table.open(capacity: 32)
        #expect(table.freeTokens == 0)
        table.close(first)
        #expect(table.freeTokens == 32)
    }

    @Test func aPageHasOneHolder() throws {
        var table = SequenceTable(sequenceCountMax: 4, sequenceLengthMax: 512, pageCount: 6)
        let first = try table.open(capacity: 40)
        let second = try table.open(capacity: 48)
        let held = [first, second].compactMap { table.index(of: $0) }
            .flatMap { table.places[$0].pages }
        #expect(held.sorted() == [0, 1, 2, 3, 4, 5])
    }

    /// Memory that was touched last is used first, in the order of the positions.
    @Test func pagesThatWereWrittenAreTakenBeforeNewOnes() throws {
        var table = SequenceTable(sequenceCountMax: 2, sequenceLengthMax: 512, pageCount: 8)
        let long = try table.open(capacity: 64)
        let first = try #require(table.index(of: long))
        #expect(table.places[first].pages == [0, 1, 2, 3])
        table.close(long)
        let short = try table.open(capacity: 17)
        let second = try #require(table.index(of: short))
        #expect(table.places[second].pages == [0, 1])
    }

    @Test func refusesMoreThanIsFreeAndTakesNothing() throws {
        var table = SequenceTable(sequenceCountMax: 4, sequenceLengthMax: 512, pageCount: 4)
        _ = try table.open(capacity: 40)
        let error = #expect(throws: InferenceError.self) { try table.open(capacity: 17) }
        #expect(error?.code == .cacheExhausted)
        #expect(error?.found == "16 tokens of cache free")
        #expect(table.freeTokens == 16)
        _ = try table.open(capacity: 16)
    }

    @Test func tellsNeverFromNotNow() {
        var table = SequenceTable(sequenceCountMax: 4, sequenceLengthMax: 100, pageCount: 4)
        for capacity in [101, 65, 0, -1, Int.max] {
            let error = #expect(throws: InferenceError.self) {
                try table.open(capacity: capacity)
            }
            #expect(error?.code == .sequenceTooLong)
        }
    }

    @Test func refusesMoreSequencesThanSlots() throws {
        var table = SequenceTable(sequenceCountMax: 2, sequenceLengthMax: 512, pageCount: 8)
        let first = try table.open(capacity: 1)
        _ = try table.open(capacity: 1)
        let error = #expect(throws: InferenceError.self) { try table.open(capacity: 1) }
        #expect(error?.code == .tooManySequences)
        #expect(table.freeTokens == 96)
        table.close(first)
        _ = try table.open(capacity: 1)
    }

    @Test func aClosedIDStaysInvalidAfterItsSlotIsReused() throws {
        var table = SequenceTable(sequenceCountMax: 1, sequenceLengthMax: 512, pageCount: 2)
        let first = try table.open(capacity: 1)
        table.close(first)
        let second = try table.open(capacity: 1)
        #expect(first != second)
        #expect(table.index(of: first) == nil)
        table.close(first)
        #expect(table.index(of: second) != nil)
    }

    @Test func closingTwiceFreesOnce() throws {
        var table = SequenceTable(sequenceCountMax: 2, sequenceLengthMax: 512, pageCount: 4)
        let sequence = try table.open(capacity: 16)
        table.close(sequence)
        table.close(sequence)
        #expect(table.freeTokens == 64)
    }

    @Test func ignoresAnIDBeyondItsSlots() {
        var table = SequenceTable(sequenceCountMax: 1, sequenceLengthMax: 512, pageCount: 1)
        table.close(SequenceID(place: 9, use: 1))
        #expect(table.freeTokens == 16)
    }
}
