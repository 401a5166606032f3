// Candidates in order of likelihood, sorted by counting in three passes over the bits of the
// logits. So a set of most tokens (a top-p near 1 at a high temperature) takes a few scans.
//
// Guarantees: the order of `Candidate.precedes`: larger logits first, lower ids among equals. The
// passes keep the order of equals, so ids need no pass.

/// See the head of the file. Reused from row to row.
package struct LikelihoodOrder: Sendable {
    private static let digitBits = 11
    private static let digitCount = 3

    /// Complement of the logit's order above, token below.
    private var keys: [UInt64] = []
    private var spare: [UInt64] = []
    private var position = 0

    package init() {}

    /// Replaces the content by candidates that are in order.
    mutating func fill(_ ordered: [Candidate]) {
        position = 0
        keys.removeAll(keepingCapacity: true)
        for candidate in ordered { keys.append(UInt64(candidate.token)) }
    }

    /// Replaces the content by the tokens with a logit of at least `logitMin`.
    package mutating func fill(_ logits: UnsafeBufferPointer<Float>, logitMin: Float) {
        position = 0
        keys.removeAll(keepingCapacity: true)
        for index in logits.indices where logits[index] >= logitMin {
            keys.append(UInt64(Self.descending(logits[index])) << 32 | UInt64(index))
        }
        // Both have the same length, because every pass exchanges them.
        if spare.count > keys.count { spare.removeLast(spare.count - keys.count) }
        spare.append(contentsOf: repeatElement(0, count: keys.count - spare.count))
        for digit in 0..<Self.digitCount { sort(by: 32 + digit * Self.digitBits) }
    }

    /// The next token of `logits`, which must be those of `fill`.
    package mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Candidate? {
        guard position < keys.count else { return nil }
        let token = Int(keys[position] & 0xFFFF_FFFF)
        position += 1
        return Candidate(logit: logits[token], token: Int32(token))
    }

    /// Bits that are smaller for larger values. Both zeros have the same.
    private static func descending(_ value: Float) -> UInt32 {
        let bits = (value + 0).bitPattern
        return bits >> 31 == 1 ? bits : ~(bits | 0x8000_0000)
    }

    /// Sorts by the digit at `shift` and keeps the order of equal digits.
    private mutating func sort(by shift: Int) {
        let mask = UInt64(1 << Self.digitBits - 1)
        var starts = [Int](repeating: 0, count: 1 << Self.digitBits)
        for key in keys { starts[Int(key >> UInt64(shift) & mask)] += 1 }
        var sum = 0
        for digit in starts.indices {
            let count = starts[digit]
            starts[digit] = sum
            sum += count
        }
        spare.withUnsafeMutableBufferPointer { spare in
            for key in keys {
                let digit = Int(key >> UInt64(shift) & mask)
                spare[starts[digit]] = key
                starts[digit] += 1
            }
        }
        swap(&keys, &spare)
    }
}
