// The words between the scheduler and the engine: work to plan, and the plan of a step.

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

/// Result of a token in a step. Each kind has a cost of its own.
package enum TokenKind: Int, Sendable, CaseIterable {
    /// Nothing but a place in the cache, or a hidden state.
    case read
    /// A row of logits.
    case logits
    /// A row of logits and the log-probabilities of the row.
    case logprobs
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
    /// Positions of the prompt at which a step may end, ascending, the last at `promptCount`. The
    /// tokens between two of them share a step, even when they are more than `chunkMax` or than a
    /// step has. Empty when a step may end anywhere.
    package var cuts: [Int] = []
    /// Result of a prompt token.
    package var promptKind = TokenKind.read
    /// Result of a token that is sampled.
    package var sampledKind = TokenKind.logits
    /// Bytes of the answer that a prompt token adds.
    package var outputPerToken = 0
    /// Bytes of the answer that come with the last prompt token.
    package var outputAtEnd = 0
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

    package var connection: UInt64 { turn.connection }

    /// Returns the first cut behind `position`, which is before the end.
    func cut(after position: Int) -> Int { cuts[cutCount(upTo: position)] }

    /// Returns the last cut up to `end`, or the first behind `start` where none lies between.
    func lastCut(from start: Int, upTo end: Int) -> Int {
        cuts[max(cutCount(upTo: start), cutCount(upTo: end) - 1)]
    }

    /// Number of cuts up to `position`, by binary search.
    private func cutCount(upTo position: Int) -> Int {
        var low = 0
        var high = cuts.count
        while low < high {
            let middle = (low + high) / 2
            if cuts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Work of a step for a sequence.
package struct StepGrant: Sendable, Equatable {
    package var id: UInt64
    /// Positions to read. Empty when the sequence decodes its next token.
    package var prompt: Range<Int>
    /// True when the grant reads the last prompt token, so that a token can be sampled.
    package var endsPrompt: Bool
    /// True for positions that a suspended request has read before. They give no values.
    package var isReread: Bool
    package var decodes: Bool { prompt.isEmpty }

    package init(id: UInt64, prompt: Range<Int>, endsPrompt: Bool, isReread: Bool = false) {
        self.id = id
        self.prompt = prompt
        self.endsPrompt = endsPrompt
        self.isReread = isReread
    }
}

/// Plan of a step. Sequences in `suspended` are closed first, then sequences in `opened` are
/// opened, then the step runs.
package struct StepPlan: Sendable, Equatable {
    package var suspended: [UInt64] = []
    package var opened: [UInt64] = []
    package var expired: [UInt64] = []
    package var grants: [StepGrant] = []
    /// Tokens of the grants by kind.
    package var tokens = TokenCounts()
    package var tokenCount: Int { tokens.total }

    package init() {}

    mutating func reset() {
        suspended.removeAll(keepingCapacity: true)
        opened.removeAll(keepingCapacity: true)
        expired.removeAll(keepingCapacity: true)
        grants.removeAll(keepingCapacity: true)
        tokens = TokenCounts()
    }
}
