// Sorting by counting gives the order of candidates.

import Inference
import TestSupport
import Testing

@Suite struct LikelihoodOrderTests {
    private func order(
        _ logits: [Float], logitMin: Float, _ order: inout LikelihoodOrder
    ) -> [Candidate] {
        logits.withUnsafeBufferPointer { logits in
            order.fill(logits, logitMin: logitMin)
            var found: [Candidate] = []
            while let next = order.next(logits) { found.append(next) }
            return found
        }
    }

    @Test func randomRowsComeInTheOrderOfCandidates() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("LikelihoodOrderTests"))
        var reused = LikelihoodOrder()
        for round in 0..<60 {
            // Few values, so that ids decide often, and rows of any length.
            let tiny = Float.leastNonzeroMagnitude
            let few: [Float] = [0, -0, 1.5, -1.5, tiny, -tiny, .greatestFiniteMagnitude, -300]
            let logits = (0..<random.below(3000)).map { _ in
                round % 2 == 0 ? few[random.below(few.count)] : Float(random.below(1 << 20)) - 5e5
            }
            let all = logits.indices.map { Candidate(logit: logits[$0], token: Int32($0)) }
                .sorted { $0.precedes($1) }
            #expect(order(logits, logitMin: -.greatestFiniteMagnitude, &reused) == all)
            let high = all.filter { $0.logit >= 0 }
            #expect(order(logits, logitMin: 0, &reused) == high)
        }
    }
}
