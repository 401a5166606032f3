// The choice of a token from a row of logits, as a function of logits, parameters and random bits.
//
//     x(t) = (logit(t) - largest) * (1 / temperature)      each step rounded to single precision
//     w(t) = e^x(t)                                        `exp` of kn_ops.h
//     q(t) = w(t) in units of 2^-39, rounded down          0 ... 2^39, a whole number
//
// Sums of whole numbers are exact, so no result depends on the order of a sum, the instruction set
// or the thread. Order of likelihood: larger logits first, lower ids first among equals. The steps,
// as in HF transformers, with r = the random bits:
//
//     top-k   keeps the first k tokens in order of likelihood
//     top-p   of these, keeps the shortest beginning of the order whose q sum to p of their sum
//     min-p   of these, keeps those with w >= min-p
//     draw    takes the first kept token, in order of ids, at which the sum of q exceeds
//             r * (sum of all kept q) / 2^64
//
// Guarantees: greedy takes the lowest id among equal logits. A NaN or +infinity anywhere is
// refused, because such logits mean a broken model and an answer would be made up. -infinity is a
// mask, and a masked token is never chosen. A banned token counts as masked, unless no other token
// is left. Linear in the vocabulary, without sorting it.
// Does not: change the logits, or keep anything from call to call.

import Compute

/// A choice that waits for its logits. A value. Any thread.
public struct TokenChoice: Sendable, Equatable {
    /// Parameters of the choice.
    public let parameters: SamplingParameters
    /// Random bits, without effect on a greedy choice.
    let random: UInt64
    /// Tokens that are not chosen, ascending.
    let banned: [Int32]

    /// - Parameters:
    ///   - parameters: valid parameters. Their seed is not used.
    ///   - random: uniformly distributed bits.
    ///   - banned: tokens that are not chosen, ascending.
    package init(_ parameters: SamplingParameters, random: UInt64, banned: [Int32] = []) {
        (self.parameters, self.random, self.banned) = (parameters, random, banned)
    }

    /// True when the scan of the row decides.
    var isScanOnly: Bool { parameters.isGreedy && banned.isEmpty }

    /// Largest top-k for which an ordered insertion is cheaper than counting.
    private static let insertionCountMax = 256

    /// Returns the token that a row of logits gives.
    ///
    /// - Parameter scan: of the row.
    /// - Throws: `nonFiniteLogits` if a logit is NaN or +infinity, or all are -infinity.
    package func token(
        of logits: UnsafeBufferPointer<Float>, _ scan: LogitScan, _ kernels: HostKernels
    ) throws(InferenceError) -> Int32 {
        let best = try scan.usable("choosing the next token", count: logits.count)
        if isScanOnly { return best.token }
        return withWorkspace { workspace in
            banned.withUnsafeBufferPointer { banned in
                var row = LogitRow(logits, banned: banned, workspace.copy)
                var best = best
                if !banned.isEmpty {
                    let allowed = row.scan().best
                    if allowed.token >= 0 { best = allowed } else { row = row.withoutBans }
                }
                if parameters.isGreedy { return best.token }
                let weights = LogitWeights(
                    kernels, largest: best.logit, temperature: parameters.temperature,
                    weightMin: parameters.minP)
                return draw(WeightedRow(row: row, weights: weights, workspace: workspace))
            }
        }
    }

    /// Applies top-k, and draws from what it leaves.
    private func draw(_ all: WeightedRow) -> Int32 {
        guard (1..<all.row.logits.count).contains(parameters.topK) else {
            return filterAndDraw(all)
        }
        let kept: [Candidate]
        if parameters.topK <= Self.insertionCountMax {
            var likeliest = LikeliestTokens(countMax: parameters.topK)
            all.row.forEachBlock { likeliest.take($1, first: $0) }
            kept = likeliest.tokens.sorted { $0.token < $1.token }
        } else {
            kept = all.candidates(all.prefix(ofCount: parameters.topK).beginning)
        }
        let logits = kept.map(\.logit)
        return logits.withUnsafeBufferPointer { logits in
            let row = LogitRow(logits, banned: .init(start: nil, count: 0), all.workspace.copy)
            let index = filterAndDraw(
                WeightedRow(row: row, weights: all.weights, workspace: all.workspace))
            return kept[Int(index)].token
        }
    }

    /// Applies top-p and min-p, and draws. Returns an index of the row.
    private func filterAndDraw(_ row: WeightedRow) -> Int32 {
        var beginning = LogitWeights.Beginning(distance: .max, ties: 0)
        var total: UInt64?
        if parameters.topP < 1 {
            let prefix = row.prefix(ofShare: parameters.topP)
            beginning = prefix.beginning
            if parameters.minP == 0 { total = prefix.sum }
        }
        let point = random.multipliedFullWidth(by: total ?? row.sum(beginning)).high
        return row.token(at: point, of: beginning)
    }

    private func withWorkspace(_ body: (Workspace) -> Int32) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Workspace.wordCount) { memory in
            guard let base = memory.baseAddress else {
                preconditionFailure("a temporary allocation without memory")
            }
            return body(Workspace(base))
        }
    }
}

/// Memory of a choice while it is made.
struct Workspace {
    static let binCount = 1 << LogitWeights.binBits
    /// Size in words of eight bytes.
    static let wordCount = binCount + 2 * LogitWeights.blockCount

    let bins: UnsafeMutablePointer<UInt64>
    /// Of a block.
    let units: UnsafeMutablePointer<UInt64>
    let copy: UnsafeMutablePointer<Float>
    let indices: UnsafeMutablePointer<UInt32>

    /// Divides `wordCount` words.
    init(_ base: UnsafeMutablePointer<UInt64>) {
        let blockCount = LogitWeights.blockCount
        bins = base
        units = base + Self.binCount
        let halves = UnsafeMutableRawPointer(units + blockCount)
        copy = halves.bindMemory(to: Float.self, capacity: blockCount)
        indices = (halves + blockCount * MemoryLayout<Float>.size)
            .bindMemory(to: UInt32.self, capacity: blockCount)
    }
}
