// Forks: the same bits as a sequence that was fed from the start, and cache pages that are counted
// exactly however sequences open, fork, step and close.

import Compute
import ComputeTestSupport
import Inference
import TestSupport
import Testing

@Suite struct ForkTests {
    private static let prompt: [Int32] = (0..<45).map { Int32(($0 * 37 + 11) % 340) }

    private static func bits(_ row: [Float]) -> [UInt32] { row.map(\.bitPattern) }

    private func model(_ name: String) throws -> FixtureModel {
        try FixtureModel.place(try GGUFBuilder.tiny(name, seed: 7).parsed())
    }

    /// Appends tokens and returns the logits behind the last of them.
    @discardableResult
    private func feed(
        _ runner: any ModelRunner, _ sequence: SequenceID, _ tokens: [Int32]
    ) throws -> [Float] {
        var row: [Float] = []
        try runner.step([StepItem(sequence: sequence, tokens: tokens, wants: .last)]) {
            _, _, values in
            row = Array(values)
        }
        return row
    }

    /// Before, on and behind the border of a page, of every family (their heads differ in shape).
    @Test(arguments: FamilyTests.names, [1, 15, 16, 17, 32, 40])
    func aForkGoesOnLikeASequenceFedFromTheStart(_ family: String, _ length: Int) throws {
        let model = try model(family)
        let expected = try model.logits(of: Self.prompt, wants: .all)
        let runner = try model.model.makeRunner(maxSequences: 3, tokenBudget: 256)
        let root = try runner.open(capacity: 64)
        try feed(runner, root, Array(Self.prompt[..<length]))
        let left = try runner.fork(root, capacity: 64)
        let right = try runner.fork(root, capacity: 64)
        #expect(runner.length(of: left) == length)
        // The two go different ways, token by token in turn, and the root goes on as well.
        for index in length..<45 {
            let row = try feed(runner, left, [Self.prompt[index]])
            #expect(Self.bits(row) == Self.bits(expected[index]))
            try feed(runner, right, [3])
            try feed(runner, root, [5])
        }
    }

    @Test func aForkOutlivesWhatItWasForkedFrom() throws {
        let model = try model("llama")
        let expected = try model.logits(of: Self.prompt, wants: .last)[0]
        let runner = try model.model.makeRunner(maxSequences: 3, tokenBudget: 128)
        let root = try runner.open(capacity: 40)
        try feed(runner, root, Array(Self.prompt[..<40]))
        let fork = try runner.fork(root, capacity: 45)
        runner.close(root)
        // What the root gave back is written over by a stranger.
        let stranger = try runner.open(capacity: runner.freeTokens)
        try feed(runner, stranger, [Int32](repeating: 9, count: 60))
        #expect(Self.bits(try feed(runner, fork, Array(Self.prompt[40...]))) == Self.bits(expected))
    }

    @Test func aForkPaysForWhatItDoesNotShare() throws {
        let runner = try model("llama").model.makeRunner(maxSequences: 8, tokenBudget: 160)
        let root = try runner.open(capacity: 40)
        try feed(runner, root, Array(Self.prompt[..<36]))
        #expect(runner.freeTokens == 112)
        let first = try runner.fork(root, capacity: 48)
        #expect(runner.freeTokens == 96)
        let second = try runner.fork(root, capacity: 49)
        #expect(runner.freeTokens == 64)
        runner.close(root)
        #expect(runner.freeTokens == 80)
        runner.close(first)
        #expect(runner.freeTokens == 96)
        runner.close(second)
        #expect(runner.freeTokens == 160)
    }

    @Test func aSnapshotOutlivesItsSequenceAndDoesNotGrow() throws {
        let model = try model("llama")
        let expected = try model.logits(of: Self.prompt, wants: .last)[0]
        let runner = try model.model.makeRunner(maxSequences: 3, tokenBudget: 160)
        let root = try runner.open(capacity: 45)
        let empty = try runner.snapshot(root)
        try feed(runner, root, Array(Self.prompt[..<40]))
        let snapshot = try runner.snapshot(root)
        try feed(runner, root, [3, 5, 9])
        runner.close(root)
        let refusal = #expect(throws: InferenceError.self) { try feed(runner, snapshot, [1]) }
        #expect(refusal?.code == .sequenceTooLong)
        #expect(runner.length(of: empty) == 0 && runner.length(of: snapshot) == 40)
        let fork = try runner.fork(snapshot, capacity: 45)
        #expect(Self.bits(try feed(runner, fork, Array(Self.prompt[40...]))) == Self.bits(expected))
        let error = #expect(throws: InferenceError.self) { try runner.snapshot(root) }
        #expect(error?.code == .unknownSequence)
    }

    @Test func refusesForksThatCannotBe() throws {
        let runner = try model("llama").model.makeRunner(maxSequences: 2, tokenBudget: 64)
        let root = try runner.open(capacity: 32)
        try feed(runner, root, Array(Self.prompt[..<20]))
        func code(_ sequence: SequenceID, _ capacity: Int) -> InferenceError.Code? {
            #expect(throws: InferenceError.self) {
                try runner.fork(sequence, capacity: capacity)
            }?.code
        }
        #expect(code(root, 19) == .sequenceTooLong)
        #expect(code(root, 0) == .sequenceTooLong)
        #expect(code(root, 65) == .sequenceTooLong)
        #expect(code(root, .max) == .sequenceTooLong)
        #expect(code(root, 64) == .cacheExhausted)
        #expect(runner.freeTokens == 32)
        _ = try runner.fork(root, capacity: 20)
        #expect(code(root, 20) == .tooManySequences)
        runner.close(root)
        #expect(code(root, 20) == .unknownSequence)
    }

    /// What owns pages only, and what owns state beside them; computed at once, and late.
    enum Subject: CaseIterable {
        case transformer, recurrence, lateTransformer, lateRecurrence

        func model() throws -> any TokenModel {
            let backend: any Backend =
                switch self {
                case .transformer, .recurrence: try CPUBackend(threads: 1)
                default: try RecordingBackend(order: .random(seed: 3))
                }
            switch self {
            case .transformer, .lateTransformer:
                let file = try GGUFBuilder.tiny("llama", seed: 7).parsed()
                return try FixtureModel.place(file, on: backend).model
            case .recurrence, .lateRecurrence: return try ToyRecurrence(on: backend)
            }
        }
    }

    /// Random histories on a runner, several sequences a step: every row of logits is that of a
    /// sequence of the same tokens fed alone, and all of the cache comes back.
    @Test(arguments: Subject.allCases)
    func anyHistoryGivesTheRowsOfItsTokens(_ subject: Subject) throws {
        let model = try subject.model()
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("anyHistory"))
        var expected: [[Int32]: [UInt32]] = [:]
        for _ in 0..<6 {
            let runner = try model.makeRunner(maxSequences: 5, tokenBudget: 240)
            var open: [(id: SequenceID, tokens: [Int32])] = []
            for _ in 0..<40 {
                let choice = random.below(6)
                if choice == 0 || open.isEmpty {
                    guard let id = try? runner.open(capacity: 60) else { continue }
                    open.append((id, []))
                } else if choice == 1 {
                    let parent = open[random.below(open.count)]
                    guard let id = try? runner.fork(parent.id, capacity: 60) else { continue }
                    open.append((id, parent.tokens))
                } else if choice == 2 {
                    try checkSnapshot(runner, of: open[random.below(open.count)], model)
                } else if choice == 3 {
                    runner.close(open.remove(at: random.below(open.count)).id)
                } else {
                    try step(runner, &open, &random) { tokens, row in
                        if expected[tokens] == nil {
                            expected[tokens] = Self.bits(
                                try model.logits(of: tokens, wants: .last)[0])
                        }
                        #expect(Self.bits(row) == expected[tokens])
                    }
                }
            }
            for sequence in open { runner.close(sequence.id) }
            #expect(runner.freeTokens == 240)
        }
    }

    /// Keeps a sequence, lets a fork of the snapshot go on, and closes both.
    private func checkSnapshot(
        _ runner: any ModelRunner, of sequence: (id: SequenceID, tokens: [Int32]),
        _ model: any TokenModel
    ) throws {
        guard let snapshot = try? runner.snapshot(sequence.id) else { return }
        defer { runner.close(snapshot) }
        #expect(runner.length(of: snapshot) == sequence.tokens.count)
        guard let fork = try? runner.fork(snapshot, capacity: 61) else { return }
        defer { runner.close(fork) }
        let row = try feed(runner, fork, [7])
        let expected = try model.logits(of: sequence.tokens + [7], wants: .last)[0]
        #expect(Self.bits(row) == Self.bits(expected))
    }

    /// Appends one to nine tokens to each sequence that has room for them.
    private func step(
        _ runner: any ModelRunner, _ open: inout [(id: SequenceID, tokens: [Int32])],
        _ random: inout SeededGenerator, check: ([Int32], [Float]) throws -> Void
    ) throws {
        var items: [StepItem] = []
        var owners: [Int] = []
        for index in open.indices where open[index].tokens.count <= 50 && random.below(3) > 0 {
            let tokens = (0..<1 + random.below(9)).map { _ in Int32(random.below(16)) }
            items.append(StepItem(sequence: open[index].id, tokens: tokens, wants: .last))
            owners.append(index)
            open[index].tokens += tokens
        }
        var rows: [[Float]] = []
        try runner.step(items) { _, _, values in rows.append(Array(values)) }
        for (owner, row) in zip(owners, rows) { try check(open[owner].tokens, row) }
    }

    // MARK: Accounts

    /// A sequence as the naive model sees it: which whole pages it was given, and by whom.
    private struct Naive {
        var id: SequenceID
        var pages: [Int]
        var length: Int
        var capacity: Int
    }

    /// Random histories: the free count equals what a naive model counts, and no page has two
    /// holders unless it is full and they are relatives.
    @Test func pagesAreCountedExactly() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("pagesAreCountedExactly"))
        for _ in 0..<40 {
            var table = SequenceTable(sequenceCountMax: 6, sequenceLengthMax: 200, pageCount: 24)
            var open: [Naive] = []
            var nextPage = 0
            for _ in 0..<300 {
                act(&table, &open, &nextPage, &random)
                check(table, open)
            }
            for sequence in open { table.close(sequence.id) }
            #expect(table.freeTokens == 24 * 16)
        }
    }

    private func act(
        _ table: inout SequenceTable, _ open: inout [Naive], _ nextPage: inout Int,
        _ random: inout SeededGenerator
    ) {
        let choice = random.below(4)
        if choice == 0 || open.isEmpty {
            let capacity = 1 + random.below(120)
            guard let id = try? table.open(capacity: capacity) else { return }
            let count = (capacity + 15) / 16
            open.append(
                Naive(
                    id: id, pages: Array(nextPage..<nextPage + count), length: 0,
                    capacity: capacity))
            nextPage += count
            return
        }
        let index = random.below(open.count)
        switch choice {
        case 1:
            let parent = open[index]
            let capacity = max(1, parent.length) + random.below(60)
            guard let id = try? table.fork(parent.id, capacity: capacity).id else { return }
            let full = parent.length / 16
            let fresh = (capacity + 15) / 16 - full
            open.append(
                Naive(
                    id: id, pages: Array(parent.pages.prefix(full)) + (nextPage..<nextPage + fresh),
                    length: parent.length, capacity: capacity))
            nextPage += fresh
        case 2:
            let room = open[index].capacity - open[index].length
            guard room > 0 else { return }
            let count = 1 + random.below(room)
            table.advance(open[index].id, by: count)
            open[index].length += count
        default:
            table.close(open[index].id)
            if random.below(3) == 0 { table.close(open[index].id) }
            open.remove(at: index)
        }
    }

    private func check(_ table: SequenceTable, _ open: [Naive]) {
        let held = Set(open.flatMap(\.pages))
        #expect(table.freeTokens == (24 - held.count) * 16)
        // The same sharing, page for page, under a one-to-one renaming.
        var names: [Int: Int32] = [:]
        for sequence in open {
            guard let index = table.index(of: sequence.id) else {
                Issue.record("an open sequence is not known")
                continue
            }
            let place = table.places[index]
            #expect(place.length == sequence.length)
            #expect(place.pages.count == sequence.pages.count)
            for (naive, page) in zip(sequence.pages, place.pages) {
                #expect(names[naive] == nil || names[naive] == page)
                names[naive] = page
            }
        }
        #expect(Set(names.values).count == names.count)
    }
}
