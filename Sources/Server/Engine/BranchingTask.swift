// A request with many sequences: Score (continuations of a prompt) and Embed (separate inputs).
//
// Both have a root, read first, and branches that begin at the root's end. A branch is forked from
// the root (or opened, without a root) when its first token's turn comes, and closed after its last
// token. A step may hold several branches. A `BranchReader` turns the values into the answer.
//
// Guarantees: the task takes no more from the runner than was reserved, and gives every sequence
// back.

import Inference
import Service
import Wire

/// Turns the values of a branching task into its answer. Positions come in order of the line.
protocol BranchReader: AnyObject {
    /// Returns the values that the reader needs of tokens `range` of a branch. Nil stands for the
    /// root.
    func wants(_ branch: Int?, _ range: Range<Int>) -> (StepItem.Logits, StepItem.Output)

    /// Number of likeliest tokens in the log-probabilities that the reader needs, or nil for none.
    var topCount: Int? { get }

    /// Takes the values of the token at `offset` of a branch. Nil stands for the root.
    func accept(_ row: StepRow, branch: Int?, offset: Int) throws(InferenceError)

    /// Returns a part of the answer that fills a frame. Before the last frame, a part that fills
    /// most of a frame is enough.
    func takeChunk(isLast: Bool) -> WorkEvent?

    /// Returns the rest of the answer, after everything was read.
    func answer(_ record: AnswerRecord, at now: UInt64) -> WorkEvent
}

/// See the head of the file.
final class BranchingTask: EngineTask {
    let prepared: PreparedWork
    let capacity: Int
    /// Layout of root and branches.
    let line: BranchLine
    private let root: [Int32]
    private let branches: [[Int32]]
    private let reader: any BranchReader
    private var account: TaskAccount
    private var rootSequence: SequenceID?
    private var open: [Int: SequenceID] = [:]
    /// Positions taken from the runner.
    private var held = 0
    /// Positions of the line that were read.
    private var done = 0
    private var isOpen = false
    /// Branch and first offset of each item of the current step. A nil branch is the root.
    private var parts: [(branch: Int?, first: Int)] = []
    var delivered = Delivery()

    /// - Parameter pages: cache pages for the root and the branches of a grant.
    init(
        _ prepared: PreparedWork, root: [Int32], branches: [[Int32]], line: BranchLine, pages: Int,
        reader: any BranchReader, microseconds: UInt64
    ) {
        self.prepared = prepared
        self.root = root
        self.branches = branches
        self.line = line
        self.reader = reader
        capacity = pages * CachePages.size
        account = TaskAccount(prepared.work, tokenizeMicroseconds: microseconds)
    }

    var unusedCapacity: Int { isOpen ? max(0, capacity - held) : 0 }

    func open(on runner: any ModelRunner, now: UInt64) throws(InferenceError) {
        if !root.isEmpty {
            rootSequence = try counted(runner) { () throws(InferenceError) in
                try runner.open(capacity: root.count)
            }
        }
        account.opened(at: now)
        isOpen = true
    }

    func close(on runner: any ModelRunner) {
        for sequence in open.values { runner.close(sequence) }
        if let rootSequence { runner.close(rootSequence) }
        open = [:]
        rootSequence = nil
        held = 0
        isOpen = false
    }

    func suspend(on runner: any ModelRunner) -> [Range<Int>] {
        close(on: runner)
        let ofRoot = 0..<min(done, line.rootCount)
        guard done > line.rootCount, done < line.count else { return [ofRoot] }
        // A branch that was read to its end is not needed any more.
        return [ofRoot, line.range(of: line.branch(at: done)).lowerBound..<done]
    }

    /// Counts the positions that the runner gives and takes back in `body`.
    private func counted<Result>(
        _ runner: any ModelRunner, _ body: () throws(InferenceError) -> Result
    ) throws(InferenceError) -> Result {
        let before = runner.freeTokens
        defer { held += before - runner.freeTokens }
        return try body()
    }

    // MARK: - Steps

    func prepare(
        _ grant: StepGrant, on runner: any ModelRunner, into items: inout [StepItem]
    ) throws(InferenceError) {
        parts.removeAll(keepingCapacity: true)
        if !grant.isReread { done = grant.prompt.upperBound }
        if grant.prompt.lowerBound < line.rootCount {
            guard let rootSequence else {
                preconditionFailure("request \(ticket) gets a step before its root opens")
            }
            let tokens = Array(root[grant.prompt])
            add(nil, rootSequence, tokens, grant.prompt, isReread: grant.isReread, into: &items)
            return
        }
        var start = grant.prompt.lowerBound
        while start < grant.prompt.upperBound {
            let branch = line.branch(at: start)
            let whole = line.range(of: branch)
            let end = min(whole.upperBound, grant.prompt.upperBound)
            let range = start - whole.lowerBound..<end - whole.lowerBound
            let sequence = try sequence(of: branch, on: runner)
            let tokens = Array(branches[branch][range])
            add(branch, sequence, tokens, range, isReread: grant.isReread, into: &items)
            start = end
        }
    }

    private func add(
        _ branch: Int?, _ sequence: SequenceID, _ tokens: [Int32], _ range: Range<Int>,
        isReread: Bool, into items: inout [StepItem]
    ) {
        var (wants, output) = reader.wants(branch, range)
        if isReread { wants = .none }
        items.append(
            StepItem(
                sequence: sequence, tokens: tokens, wants: wants, output: output,
                topCount: reader.topCount))
        parts.append((branch, range.lowerBound))
    }

    private func sequence(
        of branch: Int, on runner: any ModelRunner
    ) throws(InferenceError) -> SequenceID {
        if let sequence = open[branch] { return sequence }
        let capacity = line.rootCount + branches[branch].count
        let sequence = try counted(runner) { () throws(InferenceError) in
            if let rootSequence {
                try runner.fork(rootSequence, capacity: capacity)
            } else {
                try runner.open(capacity: capacity)
            }
        }
        open[branch] = sequence
        return sequence
    }

    func accept(
        _ row: StepRow, part: Int, now: UInt64, into events: inout [WorkEvent]
    ) throws(InferenceError) {
        account.answered(at: now)
        let branch = parts[part].branch
        let offset = branch == nil ? row.position : row.position - line.rootCount
        try reader.accept(row, branch: branch, offset: offset)
        while let chunk = reader.takeChunk(isLast: false) { events.append(chunk) }
    }

    func advanced(
        _ grant: StepGrant, on runner: any ModelRunner, now: UInt64,
        into events: inout [WorkEvent]
    ) {
        for part in parts {
            guard let branch = part.branch, let sequence = open[branch],
                line.range(of: branch).upperBound <= grant.prompt.upperBound
            else { continue }
            open[branch] = nil
            let before = runner.freeTokens
            runner.close(sequence)
            held += before - runner.freeTokens
        }
        guard grant.endsPrompt else { return }
        while let chunk = reader.takeChunk(isLast: true) { events.append(chunk) }
        events.append(reader.answer(account.record(now: now), at: now))
    }

    /// Ends with an error, because scores and vectors come only together.
    func interrupted(_ reason: FinishReason, now: UInt64) -> WorkEvent { unanswered(reason) }
}
