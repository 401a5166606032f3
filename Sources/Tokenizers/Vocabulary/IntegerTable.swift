// UInt64 -> UInt64: an open-addressing hash table for prefixes of tokens and merge rules.
//
// Guarantees: lookups allocate nothing. The hash is seeded per table, so a file cannot choose its
// collisions. Any key is allowed but `UInt64.max`, which marks a free slot.
// Does not: remove entries.

struct IntegerTable: Sendable {
    private struct Slot: Sendable {
        var key = UInt64.max
        var value: UInt64 = 0
    }

    private var slots: [Slot]
    private let seed = UInt64.random(in: .min ... .max)
    private(set) var count = 0

    /// - Parameter countMin: expected entries. The table grows beyond.
    init(countMin: Int = 0) {
        var capacity = 16
        while capacity * 3 < countMin * 4 { capacity *= 2 }
        slots = [Slot](repeating: Slot(), count: capacity)
    }

    /// A table of many entries at once. The first of equal keys counts.
    ///
    /// The loop does nothing but insert, so that the processor works on several cache misses at a
    /// time: twice as fast as inserting between lookups.
    init(_ entries: [(key: UInt64, value: UInt64)]) {
        self.init(countMin: entries.count)
        for entry in entries { insert(entry.key, entry.value) }
    }

    /// The value stored under `key`, or nil.
    @inline(__always)
    func find(_ key: UInt64) -> UInt64? {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: fold(key ^ seed)) & mask
        while true {
            let slot = slots[index]
            if slot.key == key { return slot.value }
            if slot.key == .max { return nil }
            index = (index + 1) & mask
        }
    }

    /// Stores `value` unless the table has the key. Returns true when the value was stored.
    @discardableResult
    @inline(__always)
    mutating func insert(_ key: UInt64, _ value: UInt64) -> Bool {
        precondition(key != .max, "key \(key) marks a free slot")
        // The table stays at most three quarters full, so probes stay short and one slot is always
        // free.
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: fold(key ^ seed)) & mask
        while slots[index].key != .max {
            if slots[index].key == key { return false }
            index = (index + 1) & mask
        }
        slots[index] = Slot(key: key, value: value)
        count += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        count = 0
        for slot in old where slot.key != .max { insert(slot.key, slot.value) }
    }
}
