// The lists of a pass in the kernels' form, made once and read by every block.
//
// Guarantees: largest page and slot are known, so that an operation checks the bounds of a whole
// pass with one comparison. The lists keep their memory from pass to pass, and their addresses
// during a pass, because deferred operations hold them.

import CKernels

/// Values at an address that only `append` changes.
struct FixedList<Element: BitwiseCopyable>: ~Copyable {
    private(set) var count = 0
    private var memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: 64)

    deinit { memory.deallocate() }

    var address: UnsafePointer<Element>? { UnsafePointer(memory.baseAddress) }

    mutating func append(_ element: Element) {
        if count == memory.count {
            let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: 2 * count)
            _ = larger.update(fromContentsOf: memory)
            memory.deallocate()
            memory = larger
        }
        memory[count] = element
        count += 1
    }

    mutating func append(_ elements: some Sequence<Element>) {
        for element in elements { append(element) }
    }

    /// Keeps the memory.
    mutating func removeAll() { count = 0 }
}

/// The running pass of a queue.
struct CPUPass: ~Copyable {
    private(set) var inputs = PassInputs()
    private(set) var spans = FixedList<kn_span>()
    /// The wanted rows, a span of one row each.
    private(set) var wantedSpans = FixedList<kn_span>()
    /// Pages of all sequences, each in position order.
    private(set) var pages = FixedList<Int32>()
    /// Where the rows' keys and values go in the cache.
    private(set) var slots = FixedList<Int32>()
    /// Largest page that a row reads or writes, or -1.
    private(set) var largestPage: Int32 = -1
    /// Number of positions that the furthest row attends to.
    private(set) var longest = 0
    /// Addresses of each row's cosines and sines in `rotation`.
    private(set) var cosines = FixedList<UnsafePointer<Float>?>()
    private(set) var sines = FixedList<UnsafePointer<Float>?>()
    private var rotation: RopeTable?

    var rowCount: Int { inputs.rowCount }

    mutating func begin(_ pass: PassInputs) {
        inputs.copy(pass)
        rotation = nil
        spans.removeAll()
        wantedSpans.removeAll()
        pages.removeAll()
        slots.removeAll()
        slots.append(inputs.slots)
        longest = 0
        largestPage = -1
        var row = 0
        var next = 0
        for span in inputs.spans {
            let firstPage = pages.count
            let sees = span.sees ?? 0
            spans.append(
                kn_span(pages: firstPage, first: span.first, rows: span.rows, sees: sees))
            for page in span.pages[..<span.pagesRead] {
                precondition(page >= 0, "a page below 0")
                largestPage = max(largestPage, page)
                pages.append(page)
            }
            longest = max(longest, span.positionsRead)
            while next < inputs.wanted.count, inputs.wanted[next] < row + span.rows {
                let position = span.first + Int(inputs.wanted[next]) - row
                wantedSpans.append(
                    kn_span(pages: firstPage, first: position, rows: 1, sees: sees))
                next += 1
            }
            row += span.rows
        }
    }

    /// True when the angles are those of `table`.
    func knows(_ table: RopeTable) -> Bool { rotation === table }

    /// Finds the angles of the rows in `table`, once for a pass.
    mutating func find(_ table: RopeTable) throws(ComputeError) {
        guard rotation !== table else { return }
        rotation = nil
        cosines.removeAll()
        sines.removeAll()
        let half = table.rotaryLength / 2
        for position in inputs.positions {
            let (chunk, offset) = Int(position)
                .quotientAndRemainder(dividingBy: RopeTable.chunkPositions)
            let row = try table.chunk(chunk).floats + offset * table.rotaryLength
            cosines.append(UnsafePointer(row))
            sines.append(UnsafePointer(row + half))
        }
        rotation = table
    }
}
