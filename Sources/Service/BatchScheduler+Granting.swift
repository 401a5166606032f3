// How a step is divided among the open sequences.
//
//   alone     every decoding sequence | prompts in pieces until the step is full
//   shared    a token per connection  | connections in turn: a token or a piece, while the step
//                                       is short
//
// A work with cuts is served from cut to cut. The first piece of a step may be longer than the step
// should be, because there is no other way to compute it.
//
// A shared step is short when it takes at most three times the shortest step: a single token. With
// a cost of S for the step and T for a token, such a step has 2 S / T + 3 tokens, so that at least
// two thirds of the speed of an endless step remain.

import Wire

extension BatchScheduler {
    /// Prompt tokens per turn. At least a kernel tile, so that shared steps do not break the matrix
    /// product into slivers.
    static let piece = 32
    /// Prompt tokens that a shared step takes in any case.
    private static let leastPiece = 8
    /// Length of a shared step as a multiple of the shortest step.
    private static let shortSteps = 3.0
    /// Time that steps stay short after several connections had work, in microseconds. Somebody
    /// with short requests, one after the other, is away for less.
    private static let sharedMicroseconds: UInt64 = 1_000_000

    /// The open sequences of a connection, in the order in which they are served.
    private struct Lane {
        let connection: UInt64
        /// What the connection was served when the step began.
        let served: Double
        var decoders: [Int] = []
        var readers: [Int] = []
        var decoded = 0
        /// Bytes that the step adds to the connection's answers.
        var outputSize = 0
    }

    mutating func grant(now: UInt64, _ held: Set<UInt64>, into plan: inout StepPlan) {
        var lanes = lanes(held)
        if lanes.count > 1 { sharedUntil = now + Self.sharedMicroseconds }
        let isShared = now < sharedUntil
        var budget = Double(limits.stepMicrosecondsMax)
        if isShared {
            let shortest = cost.microseconds(TokenCounts(logits: 1))
            budget = min(budget, Self.shortSteps * shortest)
        }
        for lane in lanes.indices {
            let count = lanes[lane].decoders.count
            decode(&lanes[lane], isShared ? min(1, count) : count, into: &plan)
        }
        let least = isShared ? Self.leastPiece : Self.piece
        var progressed = true
        while progressed, plan.tokenCount < limits.stepTokensMax {
            progressed = false
            for lane in lanes.indices {
                let before = plan.tokenCount
                let isFirst = plan.tokenCount == plan.grants.count
                serve(&lanes[lane], budget: budget, least: isFirst ? least : 0, into: &plan)
                if plan.tokenCount > before { progressed = true }
            }
        }
        finish(into: &plan)
    }

    /// The lanes, the connection first that was served least.
    private func lanes(_ held: Set<UInt64>) -> [Lane] {
        var lanes: [Lane] = []
        for index in entries.indices where entries[index].isOpen {
            let connection = entries[index].work.connection
            if !held.isEmpty, held.contains(connection) { continue }
            var lane = lanes.count - 1
            if lanes.last?.connection != connection {
                lane = lanes.firstIndex { $0.connection == connection } ?? lanes.count
            }
            if lane == lanes.count {
                let served = max(servedLeast, seats[connection]?.served ?? 0)
                lanes.append(Lane(connection: connection, served: served))
            }
            if entries[index].isReading {
                lanes[lane].readers.append(index)
            } else if entries[index].work.decodes {
                lanes[lane].decoders.append(index)
            }
        }
        for lane in lanes.indices {
            sort(&lanes[lane].decoders)
            sort(&lanes[lane].readers)
        }
        if lanes.count > 1 {
            lanes.sort { ($0.served, $0.connection) < ($1.served, $1.connection) }
        }
        return lanes
    }

    /// The sequence first whose last step is longest ago.
    private func sort(_ indices: inout [Int]) {
        guard indices.count > 1 else { return }
        indices.sort { (entries[$0].lastStep, $0) < (entries[$1].lastStep, $1) }
    }

    /// Gives a token to further decoding sequences of the lane.
    private mutating func decode(_ lane: inout Lane, _ count: Int, into plan: inout StepPlan) {
        let end = min(lane.decoded + count, lane.decoders.count)
        for index in lane.decoders[lane.decoded..<end] {
            guard plan.tokenCount < limits.stepTokensMax else { return }
            plan.grants.append(
                StepGrant(id: entries[index].work.id, prompt: 0..<0, endsPrompt: false))
            plan.tokens.add(1, entries[index].kind)
            entries[index].lastStep = stepNumber
            lane.decoded += 1
        }
    }

    /// Gives a token or a piece to the sequence of the lane whose last is longest ago, as far as
    /// the time of the step allows.
    private mutating func serve(
        _ lane: inout Lane, budget: Double, least: Int, into plan: inout StepPlan
    ) {
        let left = budget - cost.microseconds(plan.tokens)
        let reader = lane.readers.filter { want(lane, $0) > 0 }.min { age($0) < age($1) }
        if lane.decoded < lane.decoders.count {
            let decoder = lane.decoders[lane.decoded]
            if reader.map({ age(decoder) < age($0) }) ?? true {
                guard cost.perToken(entries[decoder].kind) <= left else { return }
                serve(lane.connection, 1, entries[decoder].kind)
                return decode(&lane, 1, into: &plan)
            }
        }
        guard let index = reader else { return }
        let affordable = Int(max(0, min(left / cost.perToken(entries[index].kind), 1e9)))
        let wanted = want(lane, index)
        var count = min(max(affordable, least), wanted, limits.stepTokensMax - plan.tokenCount)
        if !entries[index].work.cuts.isEmpty { count = least > 0 || count == wanted ? wanted : 0 }
        guard count > 0 else { return }
        entries[index].taken += count
        lane.outputSize += count * outputPerToken(index)
        if ends(index) { lane.outputSize += entries[index].work.outputAtEnd }
        plan.tokens.add(count, entries[index].kind)
        serve(lane.connection, count, entries[index].kind)
    }

    /// Counts tokens of a connection beyond its own.
    private mutating func serve(_ connection: UInt64, _ count: Int, _ kind: TokenKind) {
        let before = max(servedLeast, seats[connection]?.served ?? 0)
        // Lanes come in order, so the first in a step has been served least of those who ask.
        if servedIn != stepNumber { (servedIn, servedLeast) = (stepNumber, before) }
        seats[connection]?.served = before + Double(count) * cost.perToken(kind)
    }

    /// Order among the sequences of a lane: the tokens in this step, then the last step.
    private func age(_ index: Int) -> (Int, UInt64, Int) {
        (entries[index].taken, entries[index].lastStep, index)
    }

    /// Tokens of a prompt that a piece may take.
    private func want(_ lane: Lane, _ index: Int) -> Int {
        let taken = entries[index].taken
        var left = entries[index].next.count - taken
        if left > 0, !entries[index].work.cuts.isEmpty {
            let start = entries[index].next.lowerBound + taken
            let whole = entries[index].work.cut(after: start) - start
            return lane.outputSize == 0 || whole <= room(lane, index) ? whole : 0
        }
        let atEnd = entries[index].work.outputAtEnd
        if atEnd > 0, lane.outputSize > 0, lane.outputSize + atEnd > limits.outputHighSize,
            ends(index, with: left)
        {
            left -= 1
        }
        return min(Self.piece, left, room(lane, index))
    }

    /// True when the tokens taken, and `more`, end the prompt.
    private func ends(_ index: Int, with more: Int = 0) -> Bool {
        entries[index].rereads.isEmpty
            && entries[index].promptDone + entries[index].taken + more
                == entries[index].work.promptCount
    }

    /// Tokens whose values the connection may still get in this step. A first token always fits.
    private func room(_ lane: Lane, _ index: Int) -> Int {
        let perToken = outputPerToken(index)
        guard perToken > 0 else { return .max }
        let left = limits.outputHighSize - lane.outputSize
        return max(lane.outputSize == 0 ? 1 : 0, left / perToken)
    }

    private func outputPerToken(_ index: Int) -> Int {
        entries[index].rereads.isEmpty ? entries[index].work.outputPerToken : 0
    }

    /// Turns the tokens taken from prompts into grants.
    private mutating func finish(into plan: inout StepPlan) {
        for index in entries.indices where entries[index].taken > 0 {
            let isReread = !entries[index].rereads.isEmpty
            let start = entries[index].next.lowerBound
            let end = start + entries[index].taken
            entries[index].taken = 0
            entries[index].lastStep = stepNumber
            let work = entries[index].work
            plan.grants.append(
                StepGrant(
                    id: work.id, prompt: start..<end,
                    endsPrompt: !isReread && end == work.promptCount, isReread: isReread))
            if !isReread {
                entries[index].promptDone = end
            } else if end == entries[index].rereads[0].upperBound {
                entries[index].rereads.removeFirst()
            } else {
                entries[index].rereads[0] = end..<entries[index].rereads[0].upperBound
            }
        }
    }
}
