// Decides what the next batch step computes. Pure: time, free memory and the connections that do
// not read come in as values, a plan goes out, so that fairness can be tested without a model.
//
// Guarantees:
// - Connections take turns. A sequence opens for the connection with the fewest open sequences,
//   and among equals for the connection whose last turn is longest ago. A connection's turn goes to
//   the most urgent of its waiting requests. Whoever does not fit is not overtaken.
// - A request whose connection does not read holds nothing that another request needs. The request
//   is suspended when a request of another connection waits for its place or its cache.
// - A connection with more than its share gives places back, the youngest first, until the shares
//   are as equal as whole requests allow.
// - While one connection has work, each of its decoding sequences gets a token in every step, and
//   prompts share the rest of the time.
// - While several connections have work, each gets a token of a decoding sequence in every step.
//   The rest of a short step is handed out among the connections in turn.
// - A sequence past its deadline is reported once and forgotten.
// - Tokens between two cuts of a work come in one step. A step with nothing else in it takes them
//   however many they are.
// Does not: know tokens, models or sockets. The chosen split never changes an answer, because the
// engine gives identical bits for every chunking, and for a sequence that is read a second time.

import Wire

/// Continuous batching over a model. Confined to the engine thread by its owner.
package struct BatchScheduler: Sendable {
    struct Entry {
        var work: ScheduledWork
        var isOpen = false
        /// Number of the step that opened the sequence.
        var openedIn: UInt64 = 0
        /// Number of the step that suspended the sequence.
        var suspendedIn: UInt64 = 0
        /// Number of the last step with the sequence.
        var lastStep: UInt64 = 0
        var promptDone = 0
        /// Positions to read again, in order, before the work goes on.
        var rereads: [Range<Int>] = []
        /// Tokens of the step that is being planned.
        var taken = 0

        var isReading: Bool { !rereads.isEmpty || promptDone < work.promptCount }

        /// Positions that the next grant may take.
        var next: Range<Int> {
            if let again = rereads.first { return again }
            let end = promptDone < work.rootCount ? work.rootCount : work.promptCount
            let chunkEnd = min(end, promptDone + min(work.chunkMax, end - promptDone))
            guard !work.cuts.isEmpty, chunkEnd > promptDone else { return promptDone..<chunkEnd }
            return promptDone..<work.lastCut(from: promptDone, upTo: chunkEnd)
        }

        /// Result of the tokens of the next grant.
        var kind: TokenKind {
            !rereads.isEmpty ? .read : isReading ? work.promptKind : work.sampledKind
        }
    }

    /// What a connection holds, and its last turns.
    struct Seat {
        var entryCount = 0
        var openCount = 0
        var capacity = 0
        /// Turn of the last opened sequence, or the turn before the connection came.
        var lastTurn: UInt64
        /// Expected microseconds of what the connection got beyond its own token of each step.
        var served: Double
    }

    let limits: ServiceLimits
    /// Entries in order of arrival, and so of their ids.
    var entries: [Entry] = []
    var seats: [UInt64: Seat] = [:]
    var openCount = 0
    var cost: StepCost
    /// Number of the step that is being planned.
    var stepNumber: UInt64 = 0
    var turnNumber: UInt64 = 0
    /// The least that a connection has been served that asks for more. Whoever comes, or comes
    /// back, begins here, and cannot make up for the time of its absence.
    var servedLeast = 0.0
    /// Number of the step in which that was found.
    var servedIn: UInt64 = 0
    /// Time until which steps stay short, because several connections had work.
    var sharedUntil: UInt64 = 0

    package init(limits: ServiceLimits) {
        precondition(limits.sequencesMax > 0 && limits.stepTokensMax > limits.sequencesMax)
        self.limits = limits
        cost = StepCost(limits: limits)
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }
    /// Open sequences.
    package var runningCount: Int { openCount }

    /// Puts `work` into the queue at the place of its id: at the end, unless the work was removed
    /// and begins anew.
    package mutating func add(_ work: ScheduledWork) {
        precondition(index(of: work.id) == nil, "work \(work.id) is in the queue already")
        let place = entries.lastIndex { $0.work.id < work.id }.map { $0 + 1 } ?? 0
        entries.insert(Entry(work: work), at: place)
        let newcomer = Seat(lastTurn: turnNumber, served: servedLeast)
        seats[work.connection, default: newcomer].entryCount += 1
    }

    /// Forgets `id`, finished or not. Returns true when its sequence was open, nil for an unknown
    /// id.
    @discardableResult
    package mutating func remove(_ id: UInt64) -> Bool? {
        guard let index = index(of: id) else { return nil }
        let entry = entries.remove(at: index)
        forget(entry)
        return entry.isOpen
    }

    /// Takes an entry that has left the queue out of the sums.
    private mutating func forget(_ entry: Entry) {
        if entry.isOpen { close(entry) }
        let connection = entry.work.connection
        seats[connection]?.entryCount -= 1
        if seats[connection]?.entryCount == 0 { seats[connection] = nil }
    }

    func close(_ entry: Entry, in seats: inout [UInt64: Seat], _ openCount: inout Int) {
        openCount -= 1
        seats[entry.work.connection]?.openCount -= 1
        seats[entry.work.connection]?.capacity -= entry.work.capacity
    }

    private mutating func close(_ entry: Entry) { close(entry, in: &seats, &openCount) }

    /// Notes what a suspended sequence has to read again when it opens, in order of the ranges.
    package mutating func setRereads(_ id: UInt64, _ ranges: [Range<Int>]) {
        guard let index = index(of: id) else { return }
        entries[index].rereads = ranges.filter { !$0.isEmpty }
    }

    /// The earliest deadline, for a thread with nothing to do until then.
    package var nextDeadline: UInt64? {
        entries.lazy.compactMap(\.work.deadline).min()
    }

    /// True when a step planned now would do more than report expired work, provided that memory is
    /// free.
    ///
    /// - Parameter held: connections that do not read.
    package func hasRunnableWork(held: Set<UInt64>) -> Bool {
        held.isEmpty
            ? !entries.isEmpty : entries.contains { !held.contains($0.work.connection) }
    }

    /// Takes the measured time of a step, which sizes further steps.
    package mutating func observe(_ tokens: TokenCounts, microseconds: UInt64) {
        cost.observe(tokens, microseconds: microseconds)
    }

    /// Plans the next step into `plan` and counts the plan as done.
    ///
    /// - Parameters:
    ///   - now: microseconds on the clock of the deadlines.
    ///   - freeCapacity: cache positions that the model can still reserve.
    ///   - held: connections that do not read. They get nothing.
    package mutating func planStep(
        now: UInt64, freeCapacity: Int, held: Set<UInt64> = [], into plan: inout StepPlan
    ) {
        plan.reset()
        stepNumber += 1
        expire(now: now, into: &plan)
        // Far above any cache, and far below an overflow.
        var free = min(freeCapacity, 1 << 40)
        while openNext(now: now, &free, held, into: &plan) {}
        grant(now: now, held, into: &plan)
    }

    private mutating func expire(now: UInt64, into plan: inout StepPlan) {
        guard entries.contains(where: { ($0.work.deadline ?? .max) <= now }) else { return }
        let expired = entries.filter { ($0.work.deadline ?? .max) <= now }
        entries.removeAll { ($0.work.deadline ?? .max) <= now }
        for entry in expired {
            plan.expired.append(entry.work.id)
            forget(entry)
        }
    }

    /// Finds `id` by binary search, because ids rise by arrival and removal keeps the order.
    func index(of id: UInt64) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].work.id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].work.id == id ? low : nil
    }
}
