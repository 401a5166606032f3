// Merging bytes into tokens by rank: the core of byte-level BPE.
//
// Guarantees: the pair with the lowest rank merges first, leftmost among equals, until no pair has
// a rule. Nearly all pre-tokens are short and merge by scanning a small array. Long pre-tokens
// merge with a queue, so that a megabyte without a boundary takes n log n.
// Does not: look at text. The merger sees symbols only.

struct BytePairMerger {
    /// Most symbols for which a scan beats a queue.
    private static let scanCountMax = 64

    private let merges: MergeTable
    private let watch: EncodingWatch?
    private var slots = [Slot](repeating: Slot(symbol: 0), count: scanCountMax)
    private var links: [Link] = []
    private var queue = Heap<PairMerge>()

    init(_ merges: MergeTable, _ watch: EncodingWatch? = nil) {
        self.merges = merges
        self.watch = watch
    }

    /// Merges `symbols` in place. A watch may end the merging half-way.
    mutating func merge(_ symbols: inout [Int32]) {
        if symbols.count < 2 { return }
        if symbols.count <= Self.scanCountMax {
            mergeByScan(&symbols)
        } else {
            mergeByQueue(&symbols)
        }
    }

    private mutating func mergeByScan(_ symbols: inout [Int32]) {
        let merges = merges
        var count = symbols.count
        slots.withUnsafeMutableBufferPointer { slots in
            func update(_ index: Int) {
                let merge = merges.merge(slots[index].symbol, slots[index + 1].symbol)
                slots[index].rank = merge?.rank ?? .max
                slots[index].merged = merge?.symbol ?? 0
            }
            for index in 0..<count { slots[index] = Slot(symbol: symbols[index]) }
            for index in 0..<count - 1 { update(index) }
            while true {
                var best = 0
                var rank = UInt32.max
                for index in 0..<count where slots[index].rank < rank {
                    best = index
                    rank = slots[index].rank
                }
                if rank == .max { break }
                let merged = slots[best].merged
                count -= 1
                for index in best..<count { slots[index] = slots[index + 1] }
                slots[best].symbol = merged
                if best + 1 < count { update(best) } else { slots[best].rank = .max }
                if best > 0 { update(best - 1) }
            }
            for index in 0..<count { symbols[index] = slots[index].symbol }
        }
        symbols.removeLast(symbols.count - count)
    }

    private mutating func mergeByQueue(_ symbols: inout [Int32]) {
        links.removeAll(keepingCapacity: true)
        queue.removeAll()
        for index in symbols.indices {
            if let watch, watch.isCancelled { return }
            let next = index + 1 < symbols.count ? Int32(index + 1) : -1
            links.append(Link(previous: Int32(index) - 1, next: next))
            if next >= 0, let pair = pair(symbols, Int32(index), next) { queue.append(pair) }
        }
        queue.order()
        while let pair = queue.popFirst() {
            if let watch, watch.isCancelled { break }
            let left = Int(pair.left)
            let right = Int(pair.right)
            // An entry is stale once either side has become another symbol. -1 marks a symbol that
            // was merged into its left neighbour.
            guard symbols[left] == pair.leftSymbol, symbols[right] == pair.rightSymbol,
                links[left].next == pair.right
            else { continue }
            symbols[left] = pair.merged
            symbols[right] = -1
            let next = links[right].next
            links[left].next = next
            if next >= 0 {
                links[Int(next)].previous = pair.left
                if let following = self.pair(symbols, pair.left, next) { queue.push(following) }
            }
            let previous = links[left].previous
            if previous >= 0, let preceding = self.pair(symbols, previous, pair.left) {
                queue.push(preceding)
            }
        }
        symbols.removeAll { $0 == -1 }
    }

    private func pair(_ symbols: [Int32], _ left: Int32, _ right: Int32) -> PairMerge? {
        let leftSymbol = symbols[Int(left)]
        let rightSymbol = symbols[Int(right)]
        return merges.merge(leftSymbol, rightSymbol).map {
            PairMerge(
                rank: $0.rank, left: left, right: right, leftSymbol: leftSymbol,
                rightSymbol: rightSymbol, merged: $0.symbol)
        }
    }
}

/// A symbol of a scan, and the merge with the symbol behind. The rank of none is the largest.
private struct Slot {
    var symbol: Int32
    var rank = UInt32.max
    var merged: Int32 = 0
}

private struct Link {
    var previous: Int32
    var next: Int32
}

/// A possible merge. The order is lower rank first, then further left.
private struct PairMerge: HeapElement {
    var rank: UInt32
    var left: Int32
    var right: Int32
    var leftSymbol: Int32
    var rightSymbol: Int32
    var merged: Int32

    @inline(__always)
    func precedes(_ other: PairMerge) -> Bool {
        rank != other.rank ? rank < other.rank : left < other.left
    }
}
