// Decides what the next batch step computes. Pure: time and free memory come in as numbers, a plan
// goes out, so that fairness can be tested without a model.
//
// Guarantees:
// - Every decoding sequence gets one token in every step.
// - The rest of the step's token budget goes to prompts in small turns, round-robin by arrival, so
//   a long prompt delays no request by more than its grant.
// - Turns to open a sequence follow the order of arrival, so small requests never starve a large
//   one. A connection's turn goes to the most urgent of its waiting requests.
// - A sequence past its deadline is reported once and forgotten.
// Does not: know tokens, models or sockets. The chosen split never changes an answer, because the
// engine gives identical bits for every chunking.

import Wire

/// Turn of a request among the requests of its connection.
package struct WorkTurn: Sendable, Equatable {
    /// Connection of the request.
    package var connection: UInt64
    /// Priority from 0 to 9. The highest goes first.
    package var priority: UInt64
    /// Start of the wait, in microseconds.
    package var since: UInt64

    package init(
        connection: UInt64 = 0, priority: UInt64 = Limits.priorityDefault, since: UInt64 = 0
    ) {
        self.connection = connection
        self.priority = priority
        self.since = since
    }

    /// Returns the priority plus one for each second of waiting.
    func urgency(now: UInt64) -> Double {
        Double(priority) + Double(now - min(now, since)) / 1_000_000
    }
}

/// A request as the scheduler sees it.
package struct ScheduledWork: Sendable, Equatable {
    /// Unique while the work is known to the scheduler.
    package var id: UInt64
    /// Tokens to read, at least one. For Score and Embed the tokens of all branches in a row.
    package var promptCount: Int
    /// Cache positions reserved while the work is open: prompt and answer together, or the need of
    /// a grant's branches.
    package var capacity: Int
    /// Prompt tokens that a step may take. Bounds the size of an answer, or the number of open
    /// branches.
    package var chunkMax: Int
    /// Prompt tokens that all branches share. No step mixes them with branch tokens.
    package var rootCount: Int
    /// True when a sampled token follows the prompt, as for Generate only.
    package var decodes: Bool
    /// Absolute deadline in microseconds, or nil.
    package var deadline: UInt64?
    /// Turn among the requests of its connection.
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

/// Work of a step for a sequence.
package struct StepGrant: Sendable, Equatable {
    package var id: UInt64
    /// Prompt positions to read. Empty when the sequence decodes its next token.
    package var prompt: Range<Int>
    /// True when the grant reads the last prompt token, so that a token can be sampled.
    package var endsPrompt: Bool
    package var decodes: Bool { prompt.isEmpty }

    package init(id: UInt64, prompt: Range<Int>, endsPrompt: Bool) {
        self.id = id
        self.prompt = prompt
        self.endsPrompt = endsPrompt
    }
}

/// Plan of a step. Sequences in `opened` must be opened before the step runs.
package struct StepPlan: Sendable, Equatable {
    package var opened: [UInt64] = []
    package var expired: [UInt64] = []
    package var grants: [StepGrant] = []
    package var tokenCount = 0

    package init() {}

    fileprivate mutating func reset() {
        opened.removeAll(keepingCapacity: true)
        expired.removeAll(keepingCapacity: true)
        grants.removeAll(keepingCapacity: true)
        tokenCount = 0
    }
}

/// Continuous batching over a model. Confined to the engine thread by its owner.
package struct BatchScheduler: Sendable {
    private struct Entry {
        var work: ScheduledWork
        var isOpen = false
        var isPaused = false
        var promptDone = 0
        /// Place in the order of turns, at first the id and thus the order of arrival.
        var place: UInt64
        var isReadingPrompt: Bool { promptDone < work.promptCount }
        var isDecoding: Bool { isOpen && !isReadingPrompt && work.decodes }

        /// Returns the latest end of a grant that begins at `start`.
        func readableEnd(from start: Int) -> Int {
            start < work.rootCount ? work.rootCount : work.promptCount
        }
    }

    /// Prompt tokens per turn of the round-robin. At least a kernel tile, so that shared steps do
    /// not break the matrix product into slivers.
    private static let turn = 32

    private let sequencesMax: Int
    private let tokensMax: Int
    private let microsecondsMax: UInt64
    /// Entries in order of arrival.
    private var entries: [Entry] = []
    private var openCount = 0
    /// Id after which the next round of prompt turns begins.
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
    /// Open sequences.
    package var runningCount: Int { openCount }

    /// Puts `work` into the queue at the place of its id: at the end, unless the work was removed
    /// and begins anew.
    package mutating func add(_ work: ScheduledWork) {
        precondition(index(of: work.id) == nil, "work \(work.id) is in the queue already")
        let place = entries.lastIndex { $0.work.id < work.id }.map { $0 + 1 } ?? 0
        entries.insert(Entry(work: work, place: work.id), at: place)
    }

    /// Forgets `id`, finished or not. Returns true when its sequence was open, nil for an unknown
    /// id.
    @discardableResult
    package mutating func remove(_ id: UInt64) -> Bool? {
        guard let index = index(of: id) else { return nil }
        let entry = entries.remove(at: index)
        if entry.isOpen { openCount -= 1 }
        return entry.isOpen
    }

    /// Leaves `id` out of steps until it resumes. Its place and its cache stay reserved.
    package mutating func setPaused(_ id: UInt64, _ isPaused: Bool) {
        guard let index = index(of: id) else { return }
        entries[index].isPaused = isPaused
    }

    /// The earliest deadline, for a thread with nothing to do until then.
    package var nextDeadline: UInt64? {
        entries.lazy.compactMap(\.work.deadline).min()
    }

    /// True when a step planned now would do more than report expired work, provided that memory is
    /// free.
    package var hasRunnableWork: Bool {
        entries.contains { !$0.isPaused }
    }

    /// Takes the measured cost of a step, which sizes the next step.
    package mutating func observe(tokenCount: Int, microseconds: UInt64) {
        guard tokenCount >= Self.turn else { return }
        costPerToken.add(Double(microseconds) / Double(tokenCount))
    }

    /// Plans the next step into `plan` and counts the plan as done.
    ///
    /// - Parameters:
    ///   - now: microseconds on the clock of the deadlines.
    ///   - freeCapacity: cache positions that the model can still reserve.
    package mutating func planStep(now: UInt64, freeCapacity: Int, into plan: inout StepPlan) {
        plan.reset()
        expire(now: now, into: &plan)
        open(now: now, freeCapacity: freeCapacity, into: &plan)
        for index in entries.indices where entries[index].isDecoding && !entries[index].isPaused {
            plan.grants.append(
                StepGrant(id: entries[index].work.id, prompt: 0..<0, endsPrompt: false))
        }
        plan.tokenCount = plan.grants.count
        grantPrompts(into: &plan)
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

    /// Opens sequences in order of turns. The first work that does not fit stops the search.
    private mutating func open(now: UInt64, freeCapacity: Int, into plan: inout StepPlan) {
        var free = freeCapacity
        while openCount < min(sequencesMax, entries.count) {
            guard let (next, index) = nextTurn(now: now), entries[index].work.capacity <= free
            else { return }
            // The two requests swap places, so the holder waits for the taker's turn.
            (entries[next].place, entries[index].place) = (
                entries[index].place, entries[next].place
            )
            free -= entries[index].work.capacity
            entries[index].isOpen = true
            openCount += 1
            plan.opened.append(entries[index].work.id)
        }
    }

    /// Returns the holder of the next turn and the request of its connection that takes the turn:
    /// the most urgent, and among equals the first. Nil when no request waits.
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

    private mutating func grantPrompts(into plan: inout StepPlan) {
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
            plan.grants.append(
                StepGrant(
                    id: entries[index].work.id, prompt: range,
                    endsPrompt: range.upperBound == entries[index].work.promptCount))
            plan.tokenCount += range.count
        }
    }

    /// Tokens the next step may hold: the configured bound, or fewer when the measured cost makes a
    /// full step longer than `stepMicrosecondsMax`.
    private var tokenBudget: Int {
        guard let cost = costPerToken.value, cost > 0 else { return tokensMax }
        let affordable = Double(microsecondsMax) / cost
        let floor = Double(min(tokensMax, sequencesMax + 2 * Self.turn))
        return Int(min(Double(tokensMax), max(floor, affordable)))
    }

    /// Finds `id` by binary search, because ids rise by arrival and removal keeps the order.
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
