// Scan of a row of values for its largest value, the first place of the value, and values that are
// not finite.
//
// A row is walked in blocks of 256 values, 16 lanes at a time:
//
//     block 0          block 1          ...   rest, padded with -infinity
//     max 3.1          max 7.9                max -inf
//
// Guarantees: the result of a scalar loop that keeps the first of equal values. A NaN or +infinity
// anywhere is noticed. Scans of the parts of a row, in order, join to the scan of the row. The code
// uses baseline vector instructions only, and nothing depends on the machine.
// Does not: decide what a broken row means.

/// Sixteen logits.
typealias LogitLanes = SIMD16<Float>

/// See the head of the file.
package struct LogitScan: Sendable {
    /// Values of one block.
    static let blockCount = 256

    /// Largest value, with the lowest id among equals. Token -1 when every value is -infinity.
    package private(set) var best = Candidate(logit: -.infinity, token: -1)
    /// True when a value is NaN or +infinity. `best` then means nothing.
    package private(set) var isBroken = false
    /// True when every value is finite.
    package private(set) var isFinite = true

    /// The scan of no values.
    package init() {}

    /// - Parameters:
    ///   - first: the token of the first value.
    ///   - block: called for each block with its first index and its largest logit.
    package init(
        _ logits: UnsafeBufferPointer<Float>, first: Int = 0,
        block: (_ start: Int, _ largest: Float) -> Void = { _, _ in }
    ) {
        var bestStart = -1
        // Zero times a finite value is zero, and times any other value NaN. A NaN sum stays NaN.
        var zeros = LogitLanes(repeating: 0)
        var start = 0
        while start < logits.count {
            let end = min(start + Self.blockCount, logits.count)
            var largest = LogitLanes(repeating: -.infinity)
            var index = start
            while index + LogitLanes.scalarCount <= end {
                let lanes = logits.lanes(at: index)
                zeros += lanes * 0
                largest.replace(with: lanes, where: lanes .> largest)
                index += LogitLanes.scalarCount
            }
            if index < end {
                let lanes = logits.lanes(at: index)
                largest.replace(with: lanes, where: lanes .> largest)
                isFinite = logits[index..<end].allSatisfy(\.isFinite)
            }
            let value = largest.max()
            block(start, value)
            if value > best.logit { (best.logit, bestStart) = (value, start) }
            start = end
        }
        isFinite = isFinite && zeros == LogitLanes(repeating: 0)
        if !isFinite { isBroken = !logits.allSatisfy { $0 < .infinity } }
        guard bestStart >= 0 else { return }
        let end = min(bestStart + Self.blockCount, logits.count)
        for index in bestStart..<end where logits[index] == best.logit {
            best.token = Int32(first + index)
            break
        }
    }

    /// Joins the scan of the values that follow.
    package mutating func join(_ next: LogitScan) {
        isBroken = isBroken || next.isBroken
        isFinite = isFinite && next.isFinite
        if next.best.logit > best.logit { best = next.best }
    }

    /// Returns the best token of the row. Throws when no token can be chosen.
    func usable(_ tried: String, count: Int) throws(InferenceError) -> Candidate {
        guard !isBroken, best.token >= 0 else {
            throw InferenceError(
                .nonFiniteLogits, tried: tried,
                found: isBroken
                    ? "a logit that is NaN or infinite" : "no possible token among \(count)",
                allowed: "finite logits")
        }
        return best
    }
}

extension UnsafeBufferPointer<Float> {
    /// Returns sixteen values from `index` on, with -infinity behind the end.
    @inline(__always)
    func lanes(at index: Int) -> LogitLanes {
        if index + LogitLanes.scalarCount <= count, let base = baseAddress {
            return UnsafeRawPointer(base + index).loadUnaligned(as: LogitLanes.self)
        }
        var lanes = LogitLanes(repeating: -.infinity)
        for lane in 0..<Swift.max(0, Swift.min(LogitLanes.scalarCount, count - index)) {
            lanes[lane] = self[index + lane]
        }
        return lanes
    }
}
