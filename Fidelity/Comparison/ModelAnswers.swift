// The recorded answers for one subject, whichever golden file they stand in.
//
// Guarantees: what is not sure is not in here: positions that are near ties, and continuations
// from the first step on whose gap is too small.
// Does not: compare; ModelChecks does.

import Goldens

/// Prompts and what the references say about them.
struct ModelAnswers {
    let prompts: [[Int32]]
    /// One row per prompt, by reference.
    let logits: [String: [[Float]]]
    /// The best token at every position that is no near tie, by prompt and position.
    let bestTokens: [[Int: Int32]]
    /// Greedy continuations up to the first step whose gap is too small to be sure, by prompt.
    let continuations: [[Int32]]

    init(_ subject: ModelSubject, root: String) throws {
        switch subject.answers {
        case .golden(let path, let gapMin):
            let golden = try Golden.read(path, in: root)
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            prompts = golden.prompts
            var logits: [String: [[Float]]] = [:]
            for reference in subject.references {
                logits[reference.name] = try golden.logits(
                    of: reference.name, folder: folder, in: root)
            }
            self.logits = logits
            bestTokens = gapMin == nil ? [] : Self.bestTokens(golden)
            continuations = gapMin.map { Self.continuations(golden, gapMin: $0) } ?? []
        case .mix:
            let golden = try MixGolden.read(in: root)
            guard
                let variant = golden.variants.first(where: { subject.path.hasSuffix($0.file) })
            else { throw GoldenError(description: "no answers for \(subject.path)") }
            prompts = golden.prompts
            logits = ["dequant64": try golden.logits(of: variant, in: root)]
            (bestTokens, continuations) = ([], [])
        }
    }

    private static func bestTokens(_ golden: Golden) -> [[Int: Int32]] {
        zip(golden.bestTokens, golden.nearTies).map { best, ties in
            var sure = Dictionary(uniqueKeysWithValues: best.enumerated().map { ($0, $1) })
            for position in ties { sure[position] = nil }
            return sure
        }
    }

    private static func continuations(_ golden: Golden, gapMin: Float) -> [[Int32]] {
        zip(golden.greedy ?? [], golden.greedyGaps ?? []).map { tokens, gaps in
            Array(tokens.prefix(gaps.firstIndex { $0 < gapMin } ?? tokens.count))
        }
    }
}
