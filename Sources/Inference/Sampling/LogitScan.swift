// Scan of a row of logits for its largest value, the first place of the value, and broken logits.
//
// A row is walked in blocks of 256 values, 16 lanes at a time:
//
//     block 0          block 1          ...   rest, padded with -infinity
//     max 3.1          max 7.9                max -inf
//
// Guarantees: the result of a scalar loop that keeps the first of equal values. A NaN or +infinity
// anywhere is noticed. The code uses baseline vector instructions only, and nothing depends on the
// machine.
// Does not: decide what a broken row means.

/// Sixteen logits.
typealias LogitLanes = SIMD16<Float>

/// See the head of the file.
package struct LogitScan {
    /// Values of one block.
    static let blockCount = 256

    /// Largest logit, with the lowest id among equals. Token -1 when every logit is -infinity.
    package private(set) var best = Candidate(logit: -.infinity, token: -1)
    /// True when a logit is NaN or +infinity. `best` then means nothing.
    private(set) var isBroken = false

    /// - Parameter block: called for each block with its first index and its largest logit.
    package init(
        _ logits: UnsafeBufferPointer<Float>,
        block: (_ start: Int, _ largest: Float) -> Void = { _, _ in }
    ) {
        var bestStart = -1
        var sound = LogitLanes.MaskStorage(repeating: -1)
        var start = 0
        while start < logits.count {
            let end = min(start + Self.blockCount, logits.count)
            var largest = LogitLanes(repeating: -.infinity)
            var index = start
            while index < end {
                let lanes = logits.lanes(at: index)
                // All ones where the value is below infinity, so not for NaN.
                sound &= unsafeBitCast(lanes .< .infinity, to: LogitLanes.MaskStorage.self)
                largest.replace(with: lanes, where: lanes .> largest)
                index += LogitLanes.scalarCount
            }
            let value = largest.max()
            block(start, value)
            if value > best.logit { (best.logit, bestStart) = (value, start) }
            start = end
        }
        isBroken = sound != LogitLanes.MaskStorage(repeating: -1)
        guard bestStart >= 0 else { return }
        let end = min(bestStart + Self.blockCount, logits.count)
        for index in bestStart..<end where logits[index] == best.logit {
            best.token = Int32(index)
            break
        }
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

extension LogitLanes {
    /// Bits of a comparison of lanes.
    typealias MaskStorage = SIMD16<Int32>
}

extension UnsafeBufferPointer<Float> {
    /// True when every value is finite.
    package var isFinite: Bool {
        // Zero times a finite value is zero, and times any other value NaN. A NaN sum stays NaN.
        var sum = LogitLanes(repeating: 0)
        var index = 0
        while index + LogitLanes.scalarCount <= count {
            sum += lanes(at: index) * 0
            index += LogitLanes.scalarCount
        }
        return sum == LogitLanes(repeating: 0) && self[index...].allSatisfy(\.isFinite)
    }

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
