// One model against its answers, and against itself.
//
// Guarantees: a model that cannot be loaded or run is one row that misses. "Same bits" rows count
// values whose bits differ from those of the widest instruction set, one thread, the prompt fed
// whole.
// Does not: decide what is near enough; ModelSubject does.

import Compute
import Goldens

struct ModelChecks {
    private let subject: ModelSubject
    private let root: String
    private let sets: [InstructionSet]

    init(_ subject: ModelSubject, root: String, sets: [InstructionSet]) {
        (self.subject, self.root, self.sets) = (subject, root, sets)
    }

    func rows() -> [FidelityRow] {
        do {
            let answers = try ModelAnswers(subject, root: root)
            let runs = try sets.map { set in
                (set, try ModelRun(subject, root: root, on: set, threads: 2))
            }
            let logits = try runs.map { set, run in
                (set, try answers.prompts.map { try run.logits(of: $0) })
            }
            return nearness(logits, answers) + choices(logits, answers)
                + (try continuations(runs, answers)) + (try stories(runs)) + (try sameBits(answers))
        } catch {
            return [FidelityRow(subject.title, "loading and running", failure: "\(error)")]
        }
    }

    private typealias Logits = [(set: InstructionSet, prompts: [[[Float]]])]
    private typealias Runs = [(set: InstructionSet, run: ModelRun)]

    private func row(
        _ check: String, count: Int, tolerance: Double, _ findings: [(InstructionSet, Double)]
    ) -> FidelityRow {
        FidelityRow(
            subject.title, check, count: count, tolerance: tolerance,
            findings: findings.map { Finding(set: $0.0, difference: $0.1) })
    }

    // MARK: Against the references

    /// Logits at the prompts' last positions.
    private func nearness(_ logits: Logits, _ answers: ModelAnswers) -> [FidelityRow] {
        subject.references.flatMap { reference in
            let expected = (answers.logits[reference.name] ?? []).flatMap(\.self)
            let found = logits.map { set, prompts in
                (set, Deviation(prompts.flatMap { $0.last ?? [] }, expected))
            }
            let largest = row(
                "logits vs \(reference.name), largest", count: expected.count,
                tolerance: reference.largestMax, found.map { ($0, $1.largest) })
            guard let rootMeanSquareMax = reference.rootMeanSquareMax else { return [largest] }
            return [
                largest,
                row(
                    "logits vs \(reference.name), rms", count: expected.count,
                    tolerance: rootMeanSquareMax, found.map { ($0, $1.rootMeanSquare) }),
            ]
        }
    }

    /// The best token at every position outside near ties.
    private func choices(_ logits: Logits, _ answers: ModelAnswers) -> [FidelityRow] {
        guard !answers.bestTokens.isEmpty else { return [] }
        let found = logits.map { set, prompts in
            let differing = zip(prompts, answers.bestTokens).reduce(0) { sum, pair in
                let (rows, best) = pair
                return sum
                    + best.count { position, token in
                        !rows.indices.contains(position)
                            || rows[position].indexOfLargest != Int(token)
                    }
            }
            return (set, Double(differing))
        }
        return [
            row(
                "best token at every position, differing",
                count: answers.bestTokens.reduce(0) { $0 + $1.count }, tolerance: 0, found)
        ]
    }

    private func continuations(
        _ runs: Runs, _ answers: ModelAnswers
    ) throws -> [FidelityRow] {
        guard !answers.continuations.isEmpty else { return [] }
        let found = try runs.map { set, run in
            let differing = try zip(answers.prompts, answers.continuations).reduce(0) {
                $0 + differences(try run.greedy($1.0, count: $1.1.count), $1.1)
            }
            return (set, Double(differing))
        }
        let count = answers.continuations.reduce(0) { $0 + $1.count }
        return [row("greedy tokens to the first close gap", count: count, tolerance: 0, found)]
    }

    private func differences(_ left: [Int32], _ right: [Int32]) -> Int {
        zip(left, right).count { $0 != $1 } + abs(left.count - right.count)
    }

    /// Five prompts of the trained model, 128 tokens each.
    private func stories(_ runs: Runs) throws -> [FidelityRow] {
        guard let stories = subject.stories else { return [] }
        let items = try StoriesGolden.read(in: root).items
        let count = items.reduce(0) { $0 + $1.tokens.count }
        switch stories {
        case .exact:
            let found = try runs.map { set, run in
                let differing = try items.reduce(0) {
                    let told = try run.greedy($1.promptTokens, count: $1.tokens.count)
                    return $0 + differences(told, $1.tokens)
                }
                return (set, Double(differing))
            }
            return [row("greedy stories, tokens differing", count: count, tolerance: 0, found)]
        case .close:
            let gaps = try runs.map { ($0, try storyGaps($1, items)) }
            return [
                row(
                    "along the stories, other tokens chosen", count: count, tolerance: 16,
                    gaps.map { ($0, Double($1.count { $0 > 0 })) }),
                row(
                    "along the stories, widest such gap", count: count, tolerance: 0.5,
                    gaps.map { ($0, Double($1.max() ?? .infinity)) }),
            ]
        }
    }

    /// How much better the best token is than the reference's, at every step of its stories.
    private func storyGaps(_ run: ModelRun, _ items: [StoriesGolden.Item]) throws -> [Float] {
        try items.flatMap { item in
            let rows = try run.logits(of: item.promptTokens + item.quantisedTokens)
            return item.quantisedTokens.enumerated().map { step, token in
                let row = rows[item.promptTokens.count - 1 + step]
                return row[row.indexOfLargest] - row[Int(token)]
            }
        }
    }

    // MARK: Against itself

    private func sameBits(_ answers: ModelAnswers) throws -> [FidelityRow] {
        // Long enough for several pages and panels, and strangers to come and go.
        let prompt = answers.prompts.first { $0.count > 32 } ?? answers.prompts.flatMap(\.self)
        let tokens = Array(prompt.prefix(40))
        let first = try ModelRun(subject, root: root, on: sets[0], threads: 1)
        let expected = try first.logits(of: tokens)
        let schedules: [(String, Int, (ModelRun) throws -> [[Float]])] = [
            ("same bits: alone, whole prompt, 1 thread", 1, { try $0.logits(of: tokens) }),
            ("same bits: 2 threads", 2, { try $0.logits(of: tokens) }),
            ("same bits: prompt in chunks of 5", 2, { try $0.logits(of: tokens, chunk: 5) }),
            (
                "same bits: token by token among 7 strangers", 2,
                { try $0.logitsAmongStrangers(of: tokens) }
            ),
        ]
        return try schedules.map { check, threads, body in
            let found = try sets.map { set in
                let run = try ModelRun(subject, root: root, on: set, threads: threads)
                return (set, Double(differingBits(try body(run), expected)))
            }
            return row(
                check, count: expected.reduce(0) { $0 + $1.count }, tolerance: 0, found)
        }
    }

    private func differingBits(_ found: [[Float]], _ expected: [[Float]]) -> Int {
        let (left, right) = (found.flatMap(\.self), expected.flatMap(\.self))
        return zip(left, right).count { $0.bitPattern != $1.bitPattern }
            + abs(left.count - right.count)
    }
}
