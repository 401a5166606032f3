// Turns of connections: one item each, in order, whoever has how many.

import Service
import TestSupport
import Testing

@Suite struct TurnQueueTests {
    private func queue(_ items: [(Int, UInt64)]) -> TurnQueue<Int> {
        var queue = TurnQueue<Int>()
        for (item, connection) in items { queue.add(item, of: connection) }
        return queue
    }

    private func drained(_ queue: TurnQueue<Int>, without held: Set<UInt64> = []) -> [Int] {
        var queue = queue
        var items: [Int] = []
        while let item = queue.next(without: held) { items.append(item) }
        return items
    }

    @Test func aLongLineDelaysNobodyElse() {
        let items: [(Int, UInt64)] = [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 2)]
        #expect(drained(queue(items)) == [1, 4, 5, 2, 6, 3])
        #expect(drained(queue([])) == [])
    }

    @Test func whoeverWasServedGoesToTheEnd() {
        var queue = queue([(1, 1), (2, 1), (3, 2)])
        #expect(queue.next() == 1)
        queue.add(4, of: 3)
        #expect(drained(queue) == [3, 2, 4])
    }

    @Test func heldConnectionsKeepTheirPlace() {
        var queue = queue([(1, 1), (2, 2), (3, 2)])
        #expect(queue.next(without: [1]) == 2)
        #expect(queue.next(without: [1, 2]) == nil)
        #expect(drained(queue) == [1, 3])
    }

    @Test func removedItemsLeaveNoEmptyTurn() {
        var queue = queue([(1, 1), (2, 2), (3, 2)])
        #expect(queue.remove(of: 1) { $0 == 2 } == nil)
        #expect(queue.remove(of: 1) { $0 == 1 } == 1)
        #expect(queue.remove(of: 7) { _ in true } == nil)
        #expect(queue.remove(of: 2) { $0 == 3 } == 3)
        #expect(drained(queue) == [2])
        #expect(!queue.isEmpty)
    }

    @Test func randomHistoriesLoseNothingAndKeepOrder() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("TurnQueueTests"))
        for _ in 0..<50 {
            var queue = TurnQueue<Int>()
            var lines: [UInt64: [Int]] = [:]
            for item in 0..<200 {
                let connection = UInt64(random.below(4))
                switch random.below(4) {
                case 0, 1:
                    queue.add(item, of: connection)
                    lines[connection, default: []].append(item)
                case 2:
                    let found = queue.next()
                    let owner = found.flatMap { item in
                        lines.first { $0.value.first == item }?.key
                    }
                    #expect((found == nil) == lines.values.allSatisfy(\.isEmpty))
                    if let owner { lines[owner]?.removeFirst() }
                default:
                    let victim = lines[connection]?.last
                    #expect(queue.remove(of: connection) { $0 == victim } == victim)
                    if victim != nil { lines[connection]?.removeLast() }
                }
            }
            #expect(queue.count == lines.values.joined().count)
            for (connection, line) in lines { #expect(queue.count(of: connection) == line.count) }
            #expect(Set(drained(queue)) == Set(lines.values.joined()))
        }
    }
}
