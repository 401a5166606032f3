// UInt64 -> UInt64: an open-addressing hash table for prefixes of tokens and merge rules.
//
// Guarantees: lookups allocate nothing. The hash is seeded per table, so a file cannot choose its
// collisions. Any key is allowed but `UInt64.max`, which marks a free bucket.
// Does not: remove entries.

struct IntegerTable: Sendable {
    private struct Bucket: Sendable {
        var key = UInt64.max
        var value: UInt64 = 0
    }

    private var buckets: [Bucket]
    private let seed = UInt64.random(in: .min ... .max)
    private(set) var count = 0

    /// - Parameter countMin: expected entries. The table grows beyond.
    init(countMin: Int = 0) {
        var capacity = 16
        while capacity * 3 < countMin * 4 { capacity *= 2 }
        buckets = [Bucket](repeating: Bucket(), count: capacity)
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
        let mask = buckets.count - 1
        var index = Int(truncatingIfNeeded: fold(key ^ seed)) & mask
        while true {
            let bucket = buckets[index]
            if bucket.key == key { return bucket.value }
            if bucket.key == .max { return nil }
            index = (index + 1) & mask
        }
    }

    /// Stores `value` unless the table has the key. Returns true when the value was stored.
    @discardableResult
    @inline(__always)
    mutating func insert(_ key: UInt64, _ value: UInt64) -> Bool {
        precondition(key != .max, "key \(key) marks a free bucket")
        // The table stays at most three quarters full, so probes stay short and one bucket is
        // always free.
        if (count + 1) * 4 > buckets.count * 3 { grow() }
        let mask = buckets.count - 1
        var index = Int(truncatingIfNeeded: fold(key ^ seed)) & mask
        while buckets[index].key != .max {
            if buckets[index].key == key { return false }
            index = (index + 1) & mask
        }
        buckets[index] = Bucket(key: key, value: value)
        count += 1
        return true
    }

    private mutating func grow() {
        let old = buckets
        buckets = [Bucket](repeating: Bucket(), count: old.count * 2)
        count = 0
        for bucket in old where bucket.key != .max { insert(bucket.key, bucket.value) }
    }
}
