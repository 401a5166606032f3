// Beginnings of a row's order of likelihood, and the tokens that they keep.
//
// Where a beginning ends is found by counting. The logits from the largest down lie at distances of
// 0, 1, 2, ..., the number of floats between. Each pass over the row spreads the weights of a range
// of distances over 2048 bins, and the bin in which the sum is reached is the next range:
//
//     pass 1   |0 . . . . . bins of 2^k distances . . . . .|  at most 2^32 distances
//     pass 2              |. . . of 2^(k - 11) . . .|
//     last                         |0 . 1 . 2|               a distance per bin
//
// So three passes end at a single logit, however the logits are spread. Of the tokens with this
// logit, those with the lowest ids are taken.

import Compute

/// A beginning of a row's order of likelihood.
struct LikelihoodPrefix {
    /// Distance of the last logit, and the number of tokens with this logit.
    let beginning: LogitWeights.Beginning
    /// Sum of the prefix's units or, in a prefix of a count, number of its tokens.
    let sum: UInt64
}

/// See the head of the file. Valid as long as its pointers.
struct WeightedRow {
    let row: LogitRow
    let weights: LogitWeights
    let workspace: Workspace

    // MARK: Beginnings of the order

    /// Returns the first `count` tokens that are not masked, or all.
    func prefix(ofCount count: Int) -> LikelihoodPrefix {
        let reach = weights.distance(of: -.greatestFiniteMagnitude)
        return prefix(reach: reach, isCounting: true) { min(UInt64(count), $0) }
    }

    /// Returns the shortest beginning with `share` of the sum of the units, less than 1.
    func prefix(ofShare share: Double) -> LikelihoodPrefix {
        prefix(reach: weights.reach, isCounting: false) { total in
            // At least the likeliest token. A total can round up as it becomes a double.
            max(1, min(UInt64((Double(total) * share).rounded(.up)), total))
        }
    }

    /// - Parameters:
    ///   - reach: largest distance of a token that counts.
    ///   - isCounting: true when each token counts 1, false when it counts its units.
    ///   - need: returns the sum to reach, at most the total, which it is given.
    private func prefix(
        reach: UInt32, isCounting: Bool, need: (_ total: UInt64) -> UInt64
    ) -> LikelihoodPrefix {
        let bins = workspace.bins
        var (first, span) = (UInt32(0), reach)
        var sum: UInt64 = 0
        var needed: UInt64?
        while true {
            let bitCount = UInt32.bitWidth - span.leadingZeroBitCount
            let shift = max(0, bitCount - LogitWeights.binBits)
            bins.update(repeating: 0, count: Workspace.binCount)
            row.forEachBlock {
                weights.spread(
                    $1, first, span, shift: shift, isCounting: isCounting, into: bins)
            }
            let goal = needed ?? need((0..<Workspace.binCount).reduce(0) { $0 + bins[$1] })
            needed = goal
            var bin = 0
            while sum + bins[bin] < goal {
                sum += bins[bin]
                bin += 1
            }
            first += UInt32(bin) << shift
            guard shift > 0 else {
                let each = isCounting ? 1 : weights.units(at: first)
                let ties = (goal - sum + each - 1) / each
                return LikelihoodPrefix(
                    beginning: .init(distance: first, ties: Int(ties)), sum: sum + ties * each)
            }
            span = min(span - UInt32(bin) << shift, 1 << shift - 1)
        }
    }

    // MARK: Kept tokens

    /// Returns the tokens of a beginning in order of ids.
    func candidates(_ beginning: LogitWeights.Beginning) -> [Candidate] {
        var beginning = beginning
        var found: [Candidate] = []
        let indices = workspace.indices
        row.forEachBlock { start, block in
            for place in 0..<weights.pick(block, &beginning, into: indices) {
                let index = Int(indices[place])
                found.append(Candidate(logit: block[index], token: Int32(start + index)))
            }
        }
        return found
    }

    /// Returns the sum of the kept units of a beginning.
    func sum(_ beginning: LogitWeights.Beginning) -> UInt64 {
        var beginning = beginning
        var sum: UInt64 = 0
        row.forEachBlock { sum += weights.keep($1, &beginning, into: workspace.units) }
        return sum
    }

    /// Returns the first token, in order of ids, at which the sum of kept units exceeds `point`,
    /// which is less than the sum of all.
    func token(at point: UInt64, of beginning: LogitWeights.Beginning) -> Int32 {
        var beginning = beginning
        var rest = point
        var token: Int?
        row.firstBlock { start, block in
            let sum = weights.keep(block, &beginning, into: workspace.units)
            guard rest < sum else {
                rest -= sum
                return false
            }
            var index = 0
            while rest >= workspace.units[index] {
                rest -= workspace.units[index]
                index += 1
            }
            token = start + index
            return true
        }
        guard let token else { preconditionFailure("point \(point) lies behind the sum") }
        return Int32(token)
    }
}
