// The rows of a pass over the weights, handed to a queue once and read by every block.
//
//     spans    A: tokens 5 6 7 at position 30   B: token 9 at 4   C: token 2 at 0
//     rows     0  1  2                          3                 4
//     slots    the place of each row in the cache: page of the position * 16 + position % 16
//     wanted         2                          3                 4      rows that are read back

/// Tokens, positions and slots of a pass, sequence after sequence. A value without device memory.
///
/// The lists keep their memory when they are emptied, so that a steady decode allocates nothing.
public struct PassInputs: Sendable {
    /// Token of each row.
    public private(set) var tokens: [Int32] = []
    /// Position of each row in its sequence.
    public private(set) var positions: [Int32] = []
    /// Slot of each row in the cache.
    public private(set) var slots: [Int32] = []
    /// The rows by sequence, in the order of the rows.
    public private(set) var spans: [AttentionSpan] = []
    /// Rows that are needed beyond the cache of the last block, ascending.
    public private(set) var wanted: [Int32] = []

    /// Creates inputs with room for `rowCountMax` rows.
    public init(rowCountMax: Int = 0) {
        tokens.reserveCapacity(rowCountMax)
        positions.reserveCapacity(rowCountMax)
        slots.reserveCapacity(rowCountMax)
        spans.reserveCapacity(rowCountMax)
        wanted.reserveCapacity(rowCountMax)
    }

    /// Number of rows.
    public var rowCount: Int { tokens.count }

    /// Empties the lists and keeps their memory.
    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        wanted.removeAll(keepingCapacity: true)
    }

    /// Appends consecutive tokens of a sequence. The first is at position `first`.
    ///
    /// - Parameters:
    ///   - pages: the sequence's pages, up to the last position at least.
    ///   - sees: number of positions that every row attends to, behind the row's own ones too. Nil
    ///     for causal attention.
    public mutating func append(
        _ more: ArraySlice<Int32>, first: Int, pages: [Int32], sees: Int? = nil
    ) {
        let pageSize = CacheShape.pagePositions
        let end = first + more.count
        precondition(
            first >= 0 && !more.isEmpty && max(end, sees ?? 0) <= pages.count * pageSize,
            "positions \(first)..<\(end) of \(sees ?? end) in \(pages.count) pages")
        precondition(sees ?? end >= end, "rows up to \(end) see \(sees ?? end) positions")
        spans.append(AttentionSpan(pages: pages, first: first, rows: more.count, sees: sees))
        tokens += more
        for position in first..<end {
            positions.append(Int32(position))
            slots.append(pages[position / pageSize] * Int32(pageSize) + Int32(position % pageSize))
        }
    }

    /// Adds a row to the wanted ones. Rows are added in ascending order.
    public mutating func want(row: Int) {
        precondition(row < rowCount && row > wanted.last.map(Int.init) ?? -1, "row \(row)")
        wanted.append(Int32(row))
    }

    /// Takes over the lists of `other` in the memory of this value.
    mutating func copy(_ other: PassInputs) {
        removeAll()
        tokens += other.tokens
        positions += other.positions
        slots += other.slots
        spans += other.spans
        wanted += other.wanted
    }
}

/// Rows of a pass that an operation covers.
public enum PassRows: Sendable {
    /// Every row.
    case all
    /// The wanted rows, after `moveRows` has moved them to the front.
    case wanted
}

/// Consecutive rows of a sequence. Row i is position `first + i` and attends to positions
/// `0...first + i`, or to positions `0..<sees` where the attention is not causal. All these
/// positions must have been stored.
public struct AttentionSpan: Sendable {
    /// Pages of the sequence in position order. Page p holds positions `16p ..< 16p + 16`.
    public let pages: [Int32]
    /// Position of the first row.
    public let first: Int
    /// Number of rows.
    public let rows: Int
    /// Number of positions that every row attends to. Nil for causal attention.
    public let sees: Int?

    /// Number of positions that the last row attends to.
    var positionsRead: Int { sees ?? first + rows }

    /// Number of pages that the rows read.
    var pagesRead: Int { (positionsRead - 1) / CacheShape.pagePositions + 1 }
}
