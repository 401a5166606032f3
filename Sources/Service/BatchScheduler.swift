// Decides what the next batch step computes. Pure: time and free memory come in as numbers, a
// plan goes out, so that fairness can be tested without a model.
//
// Guarantees: every decoding sequence gets one token in every step; what is left of the step's
// token budget goes to prompts in small turns, round-robin by arrival, so a long prompt delays
// nobody by more than its share; sequences are opened strictly in arrival order, so a large one
// is never starved by small ones, but for this: whenever a connection's turn comes, it goes to the
// most urgent of its own that wait; a sequence past its deadline is reported once and forgotten.
// It does not know tokens, models or sockets, and the split it chooses never changes an answer:
// the engine gives the same bits for every chunking.

import Wire

/// Where a request stands among those of its connection.
package struct WorkTurn: Sendable, Equatable {
    /// Whose it is.
    package var connection: UInt64
    /// 0 to 9, the highest first.
    package var priority: UInt64
    /// When it began to wait, microseconds.
    package var since: UInt64

    package init(
        connection: UInt64 = 0, priority: UInt64 = Limits.priorityDefault, since: UInt64 = 0
    ) {
        self.connection = connection
        self.priority = priority
        self.since = since
    }

    /// Its priority, and one more for each second that it has waited.
    func urgency(now: UInt64) -> Double {
        Double(priority) + Double(now - min(now, since)) / 1_000_000
    }
}

/// One request as the scheduler sees it.
package struct ScheduledWork: Sendable, Equatable {
    /// Unique while the work is known to the scheduler.
    package var id: UInt64
    /// Tokens to read; at least one. For Score and Embed those of all branches, one behind another.
    package var promptCount: Int
    /// Cache positions reserved while the work is open: prompt and answer together, or as much as
    /// the branches of one share take.
    package var capacity: Int
    /// Prompt tokens one step may take; bounds the size of an answer, or how many branches are open
    /// at once.
    package var chunkMax: Int
    /// Tokens in front that a step does not read together with those behind them: what branches
    /// grow from.
    package var rootCount: Int
    /// Whether a sampled token follows the prompt; true for Generate only.
    package var decodes: Bool
    /// Absolute time in microseconds, or nil.
    package var deadline: UInt64?
    /// Its place among those of its connection.
    package var turn: WorkTurn

    package init(
        id: UInt64, promptCount: Int, capacity: Int, chunkMax: Int = .max, rootCount: Int = 0,
        decodes: Bool = true, deadline: UInt64? = nil, turn: WorkTurn = WorkTurn()
    ) {
        precondition(promptCount > 0 && capacity > 0 && chunkMax > 0)
        precondition((0...promptCount).contains(rootCount))
        self.id = id
        self.promptCount = promptCount
        self.capacity = capacity
        self.chunkMax = chunkMax
        self.rootCount = rootCount
        self.decodes = decodes
        self.deadline = deadline
        self.turn = turn
    }
}

/// What one step does for one sequence.
package struct StepShare: Sendable, Equatable {
    package var id: UInt64
    /// Positions of the prompt to read; empty when the sequence decodes its next token.
    package var prompt: Range<Int>
    /// Whether this share reads the last prompt token, so that a token can be sampled from it.
    package var endsPrompt: Bool
    package var decodes: Bool { prompt.isEmpty }

    package init(id: UInt64, prompt: Range<Int>, endsPrompt: Bool) {
        self.id = id
        self.prompt = prompt
        self.endsPrompt = endsPrompt
    }
}

/// The scheduler's answer. Sequences in `opened` must be opened before the step runs.
package struct StepPlan: Sendable, Equatable {
    package var opened: [UInt64] = []
    package var expired: [UInt64] = []
    package var shares: [StepShare] = []
    package var tokenCount = 0

    package init() {}

    fileprivate mutating func reset() {
        opened.removeAll(keepingCapacity: true)
        expired.removeAll(keepingCapacity: true)
        shares.removeAll(keepingCapacity: true)
        tokenCount = 0
    }
}

/// Continuous batching over one model. Confined to the engine thread by its owner.
package struct BatchScheduler: Sendable {
    private struct Entry {
        var work: ScheduledWork
        var isOpen = false
        var isPaused = false
        var promptDone = 0
        /// Where it stands in the order of turns; at first that of its arrival.
        var place: UInt64
        var isReadingPrompt: Bool { promptDone < work.promptCount }
        var isDecoding: Bool { isOpen && !isReadingPrompt && work.decodes }

        /// Where a share that begins at `start` must end at the latest.
        func readableEnd(from start: Int) -> Int {
            start < work.rootCount ? work.rootCount : work.promptCount
        }
    }

    /// Prompt tokens per turn of the round-robin. One kernel tile of tokens or more, so that
    /// sharing a step does not break the matrix product into slivers.
    private static let turn = 32

    private let sequencesMax: Int
    private let tokensMax: Int
    private let microsecondsMax: UInt64
    /// In order of arrival.
    private var entries: [Entry] = []
    private var openCount = 0
    /// Where the next round of prompt turns begins: the first entry with an id above this one.
    private var lastServed: UInt64 = 0
    private var costPerToken = MovingAverage()

    package init(limits: ServiceLimits) {
        precondition(limits.sequencesMax > 0 && limits.stepTokensMax > limits.sequencesMax)
        sequencesMax = limits.sequencesMax
        tokensMax = limits.stepTokensMax
        microsecondsMax = limits.stepMicrosecondsMax
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }
    package var waitingCount: Int { entries.count - openCount }
    /// Sequences that are open.
    package var runningCount: Int { openCount }

    /// Puts `work` into the queue at the place of its id: behind all others, unless it is begun
    /// anew after it was removed.
    package mutating func add(_ work: ScheduledWork) {
        precondition(index(of: work.id) == nil, "work \(work.id) is in the queue already")
        let place = entries.lastIndex { $0.work.id < work.id }.map { $0 + 1 } ?? 0
        entries.insert(Entry(work: work, place: work.id), at: place)
    }

    /// Forgets `id`, finished or not. Returns whether its sequence was open; nil if unknown.
    @discardableResult
    package mutating func remove(_ id: UInt64) -> Bool? {
        guard let index = index(of: id) else { return nil }
        let entry = entries.remove(at: index)
        if entry.isOpen { openCount -= 1 }
        return entry.isOpen
    }

    /// Leaves `id` out of steps until resumed; its place and its cache stay reserved.
    package mutating func setPaused(_ id: UInt64, _ isPaused: Bool) {
        guard let index = index(of: id) else { return }
        entries[index].isPaused = isPaused
    }

    /// The earliest deadline, for a thread that has nothing to do until then.
    package var nextDeadline: UInt64? {
        entries.lazy.compactMap(\.work.deadline).min()
    }

    /// Whether a step planned now would do anything but report expired work, provided that
    /// memory is free.
    package var hasRunnableWork: Bool {
        entries.contains { !$0.isPaused }
    }

    /// Tells the scheduler what a step cost, so that it can size the next one.
    package mutating func observe(tokenCount: Int, microseconds: UInt64) {
        guard tokenCount >= Self.turn else { return }
        costPerToken.add(Double(microseconds) / Double(tokenCount))
    }

    /// Plans the next step into `plan` and counts it as done.
    ///
    /// - Parameters:
    ///   - now: microseconds on the clock of the deadlines.
    ///   - freeCapacity: cache positions the model can still reserve.
    package mutating func planStep(now: UInt64, freeCapacity: Int, into plan: inout StepPlan) {
        plan.reset()
        expire(now: now, into: &plan)
        open(now: now, freeCapacity: freeCapacity, into: &plan)
        for index in entries.indices where entries[index].isDecoding && !entries[index].isPaused {
            plan.shares.append(
                StepShare(id: entries[index].work.id, prompt: 0..<0, endsPrompt: false))
        }
        plan.tokenCount = plan.shares.count
        sharePrompts(into: &plan)
    }

    private mutating func expire(now: UInt64, into plan: inout StepPlan) {
        guard entries.contains(where: { ($0.work.deadline ?? .max) <= now }) else { return }
        entries.removeAll { entry in
            guard (entry.work.deadline ?? .max) <= now else { return false }
            plan.expired.append(entry.work.id)
            if entry.isOpen { openCount -= 1 }
            return true
        }
    }

    /// Turns in strict arrival order: the first whose work does not fit stops the search.
    private mutating func open(now: UInt64, freeCapacity: Int, into plan: inout StepPlan) {
        var free = freeCapacity
        while openCount < min(sequencesMax, entries.count) {
            guard let (next, index) = nextTurn(now: now), entries[index].work.capacity <= free
            else { return }
            // Whoever gives its turn away waits for the other's.
            (entries[next].place, entries[index].place) = (
                entries[index].place, entries[next].place
            )
            free -= entries[index].work.capacity
            entries[index].isOpen = true
            openCount += 1
            plan.opened.append(entries[index].work.id)
        }
    }

    /// Whose turn comes next, and who of its connection takes it: the most urgent, the first of
    /// equals. Nil when nobody waits.
    private func nextTurn(now: UInt64) -> (holder: Int, taker: Int)? {
        let waiting = entries.indices.filter { !entries[$0].isOpen }
        guard let holder = waiting.min(by: { entries[$0].place < entries[$1].place })
        else { return nil }
        let connection = entries[holder].work.turn.connection
        let taker = waiting.filter { entries[$0].work.turn.connection == connection }.max {
            entries[$0].work.turn.urgency(now: now) < entries[$1].work.turn.urgency(now: now)
        }
        return (holder, taker ?? holder)
    }

    private mutating func sharePrompts(into plan: inout StepPlan) {
        let readers = entries.indices.filter {
            entries[$0].isOpen && !entries[$0].isPaused && entries[$0].isReadingPrompt
        }
        guard !readers.isEmpty else { return }
        var budget = tokenBudget - plan.tokenCount
        let start = readers.firstIndex { entries[$0].work.id > lastServed } ?? 0
        let order = readers[start...] + readers[..<start]
        let before = order.map { entries[$0].promptDone }
        var progressed = true
        while budget > 0 && progressed {
            progressed = false
            for (offset, index) in order.enumerated() where budget > 0 {
                let taken = entries[index].promptDone - before[offset]
                let end = entries[index].readableEnd(from: before[offset])
                let want = min(
                    Self.turn, end - entries[index].promptDone,
                    entries[index].work.chunkMax - taken, budget)
                guard want > 0 else { continue }
                entries[index].promptDone += want
                budget -= want
                progressed = true
                lastServed = entries[index].work.id
            }
        }
        for (offset, index) in order.enumerated() where entries[index].promptDone > before[offset] {
            let range = before[offset]..<entries[index].promptDone
            plan.shares.append(
                StepShare(
                    id: entries[index].work.id, prompt: range,
                    endsPrompt: range.upperBound == entries[index].work.promptCount))
            plan.tokenCount += range.count
        }
    }

    /// Tokens the next step may hold: the configured bound, or fewer when the measured cost says
    /// that a full step would take longer than a step should.
    private var tokenBudget: Int {
        guard let cost = costPerToken.value, cost > 0 else { return tokensMax }
        let affordable = Double(microsecondsMax) / cost
        let floor = Double(min(tokensMax, sequencesMax + 2 * Self.turn))
        return Int(min(Double(tokensMax), max(floor, affordable)))
    }

    /// Binary search: ids rise by arrival and removal keeps the order.
    private func index(of id: UInt64) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].work.id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].work.id == id ? low : nil
    }
}
