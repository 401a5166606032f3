// Counts of a run: a histogram per sort of time and kind of request, and the unsuccessful ends by
// name.
//
// Only successes enter a histogram of latency. Every request that was meant to be sent is counted
// exactly once: succeeded, cancelled, past its deadline, failed, unfinished, or never sent.

/// Counts of one kind of request.
package struct KindRecord: Sendable {
    /// Requests sent, after warm-up.
    package var sent = 0
    package var succeeded = 0
    package var cancelled = 0
    package var deadlineExceeded = 0
    package var failed = 0
    /// Requests in flight when the run gave up waiting.
    package var unfinished = 0
    /// Requests meant to be sent, and never sent.
    package var unsent = 0
    /// Successes within the objective.
    package var good = 0
    package var degraded = 0
    package var mock = 0
    package var promptTokens = 0
    package var outputTokens = 0
    /// From the intended send to the last byte.
    package var latency = LatencyHistogram()
    /// From the actual send to the last byte.
    package var service = LatencyHistogram()
    /// From the intended send to the first token.
    package var timeToFirstToken = LatencyHistogram()
    /// Between two frames with tokens of the same answer.
    package var interToken = LatencyHistogram()
    /// Time after the first token of an answer, per token after the first.
    package var timePerOutputToken = LatencyHistogram()
    /// Times that the server reports: the total, and the wait for the engine.
    package var serverTotal = LatencyHistogram()
    package var serverQueue = LatencyHistogram()

    /// Adds the counts of another kind.
    package mutating func add(_ other: KindRecord) {
        sent += other.sent
        succeeded += other.succeeded
        cancelled += other.cancelled
        deadlineExceeded += other.deadlineExceeded
        failed += other.failed
        unfinished += other.unfinished
        unsent += other.unsent
        good += other.good
        degraded += other.degraded
        mock += other.mock
        promptTokens += other.promptTokens
        outputTokens += other.outputTokens
        latency.add(other.latency)
        service.add(other.service)
        timeToFirstToken.add(other.timeToFirstToken)
        interToken.add(other.interToken)
        timePerOutputToken.add(other.timePerOutputToken)
        serverTotal.add(other.serverTotal)
        serverQueue.add(other.serverQueue)
    }
}

/// Counts of one stretch of the timeline.
package struct IntervalRecord: Sendable {
    package var latency = LatencyHistogram()
    /// Times of answers with tokens, as in `KindRecord`.
    package var timeToFirstToken = LatencyHistogram()
    package var interToken = LatencyHistogram()
    package var sent = 0
    package var succeeded = 0
    package var failed = 0
    /// Requests past their deadline.
    package var late = 0
    package var outputTokens = 0
    package var isMock = false

    package init() {}
}

/// Counts of one step of the rate: of the requests due in the step.
package struct StepRecord: Sendable {
    package let step: RateStep
    /// Requests of all kinds.
    package var requests = KindRecord()
    /// Answers completed during the step, whenever they were due, and their tokens.
    package var completed = 0
    package var completedTokens = 0
}

/// All counts of a finished run.
package struct RunRecord: Sendable {
    package var kinds: [RequestKind: KindRecord]
    /// Number of unsuccessful requests by reason.
    package var errors: [String: Int]
    /// The tester's own delay: from the first moment a request could be sent to the actual send.
    package var sendDelay: LatencyHistogram
    /// Time that due requests waited for a free place.
    package var placeWait: LatencyHistogram
    /// Requests meant to be sent, and never sent, because no place was free before the run was
    /// over.
    package var unsent: Int { kinds.values.reduce(0) { $0 + $1.unsent } }
    /// Requests sent, and still without an end when the record was finished.
    package var stillOpen: Int
    /// Seconds of counted sending.
    package var scheduledSeconds: Double
    /// Seconds from the end of warm-up to the last counted answer.
    package var measuredSeconds: Double
    package var earlyEnd: EarlyEnd?
    package var sawMock: Bool
    package var degradations: [String: Int]
    /// One for each step of the plan.
    package var steps: [StepRecord]

    /// The sum of all kinds.
    package var total: KindRecord {
        kinds.values.reduce(into: KindRecord()) { $0.add($1) }
    }

    /// Requests meant to be sent.
    package var intended: Int { kinds.values.reduce(0) { $0 + $1.sent + $1.unsent } }
}

/// Counts during a run.
package struct RunRecorder: Sendable {
    private let objective: LatencyObjective?
    private let start: Int64
    private let isOpen: Bool
    private var kinds: [KindRecord?] = Array(repeating: nil, count: RequestKind.allCases.count)
    private var errors: [String: Int] = [:]
    private var degradations: [String: Int] = [:]
    private var sendDelay = LatencyHistogram()
    private var placeWait = LatencyHistogram()
    private var interval = IntervalRecord()
    private var lastEnd: Int64
    private var sawMock = false
    private var steps: [StepRecord]

    init(objective: LatencyObjective?, start: Int64, isOpen: Bool, steps: [RateStep]) {
        self.objective = objective
        self.start = start
        self.isOpen = isOpen
        lastEnd = start
        self.steps = steps.map { StepRecord(step: $0) }
    }

    /// Counts a request that is on its way.
    mutating func intend(_ kind: RequestKind, step: Int?) {
        change(kind, step) { $0.sent += 1 }
        interval.sent += 1
    }

    /// Counts a request that was meant to be sent and never was.
    mutating func miss(_ kind: RequestKind, step: Int?) {
        change(kind, step) { $0.unsent += 1 }
    }

    /// Counts a request that was cut off at the end of the run.
    mutating func abandon(_ kind: RequestKind, step: Int?) {
        change(kind, step) { $0.unfinished += 1 }
    }

    /// Counts the outcome of a request.
    mutating func record(_ send: RunMachine.Send, _ outcome: Outcome) {
        sendDelay.record(outcome.sent - send.ready)
        if isOpen { placeWait.record(send.ready - send.intended) }
        lastEnd = max(lastEnd, outcome.finished)
        if outcome.isMock {
            sawMock = true
            interval.isMock = true
        }
        for degradation in outcome.degradations { Self.count(degradation, in: &degradations) }
        let intended = isOpen ? send.intended : outcome.sent
        let objective = objective
        change(send.request.kind, send.step) { kind in
            kind.mock += outcome.isMock ? 1 : 0
            kind.degraded += outcome.degradations.isEmpty ? 0 : 1
            switch outcome.end {
            case .succeeded: Self.succeed(&kind, outcome, intended: intended, objective)
            case .cancelled: kind.cancelled += 1
            case .deadlineExceeded: kind.deadlineExceeded += 1
            default: kind.failed += 1
            }
        }
        recordInterval(outcome, intended: intended)
        recordStep(outcome)
        if let name = outcome.errorName { Self.count(name, in: &errors) }
    }

    private mutating func recordInterval(_ outcome: Outcome, intended: Int64) {
        interval.outputTokens += outcome.outputTokens
        switch outcome.end {
        case .succeeded:
            interval.latency.record(outcome.finished - intended)
            interval.succeeded += 1
            Self.recordTokens(
                outcome, intended, &interval.timeToFirstToken, &interval.interToken)
        case .cancelled: break
        case .deadlineExceeded: interval.late += 1
        default: interval.failed += 1
        }
    }

    /// Counts an answer for the step in which it was complete.
    private mutating func recordStep(_ outcome: Outcome) {
        guard outcome.end == .succeeded, !steps.isEmpty else { return }
        let seconds = Double(outcome.finished - start) / 1e9
        guard
            let index = steps.lastIndex(where: { $0.step.start <= seconds }),
            seconds < steps[index].step.start + steps[index].step.seconds
        else { return }
        steps[index].completed += 1
        steps[index].completedTokens += outcome.outputTokens
    }

    private static func recordTokens(
        _ outcome: Outcome, _ intended: Int64, _ first: inout LatencyHistogram,
        _ between: inout LatencyHistogram
    ) {
        guard let chunk = outcome.chunks.first else { return }
        first.record(chunk.at - intended)
        for (before, after) in zip(outcome.chunks, outcome.chunks.dropFirst()) {
            between.record(after.at - before.at)
        }
    }

    private static func succeed(
        _ kind: inout KindRecord, _ outcome: Outcome, intended: Int64,
        _ objective: LatencyObjective?
    ) {
        kind.succeeded += 1
        kind.promptTokens += outcome.promptTokens
        kind.outputTokens += outcome.outputTokens
        let latency = outcome.finished - intended
        kind.latency.record(latency)
        kind.service.record(outcome.finished - outcome.sent)
        var first: Int64?
        var perToken: Double?
        if let chunk = outcome.chunks.first {
            first = chunk.at - intended
            recordTokens(outcome, intended, &kind.timeToFirstToken, &kind.interToken)
            if outcome.outputTokens > 1, let last = outcome.chunks.last {
                let time = Double(last.at - chunk.at) / Double(outcome.outputTokens - 1)
                perToken = time
                kind.timePerOutputToken.record(Int64(time.rounded()))
            }
        }
        if let server = outcome.serverMicroseconds {
            kind.serverTotal.record(nanoseconds(server.total))
            kind.serverQueue.record(nanoseconds(server.queue))
        }
        if let objective, objective.holds(latency, first, perToken) { kind.good += 1 }
    }

    private static func nanoseconds(_ microseconds: UInt64) -> Int64 {
        Int64(min(microseconds, UInt64(LatencyHistogram.ceiling / 1_000))) * 1_000
    }

    /// The counts since the last call.
    package mutating func takeInterval() -> IntervalRecord {
        defer { interval = IntervalRecord() }
        return interval
    }

    mutating func finish(stillOpen: Int, end: Int64, earlyEnd: EarlyEnd?) -> RunRecord {
        var byKind: [RequestKind: KindRecord] = [:]
        for (kind, record) in zip(RequestKind.allCases, kinds) {
            if let record { byKind[kind] = record }
        }
        return RunRecord(
            kinds: byKind, errors: errors, sendDelay: sendDelay, placeWait: placeWait,
            stillOpen: stillOpen, scheduledSeconds: Double(end - start) / 1e9,
            measuredSeconds: Double(max(lastEnd, end) - start) / 1e9, earlyEnd: earlyEnd,
            sawMock: sawMock, degradations: degradations, steps: steps)
    }

    /// Changes the counts of a kind, and of the step in which the request was due.
    private mutating func change(
        _ kind: RequestKind, _ step: Int?, _ body: (inout KindRecord) -> Void
    ) {
        let index = kind.index
        if kinds[index] == nil { kinds[index] = KindRecord() }
        body(&kinds[index]!)
        if let step, steps.count > 1 { body(&steps[step].requests) }
    }

    private static func count(_ name: String, in counts: inout [String: Int]) {
        let isNew = counts[name] == nil
        counts[isNew && counts.count >= LoadLimits.errorNamesMax ? "other" : name, default: 0] += 1
    }
}

extension LatencyObjective {
    /// True when an answer with these times (nanoseconds) is within the objective.
    func holds(_ latency: Int64, _ firstToken: Int64?, _ perToken: Double?) -> Bool {
        func within(_ time: Double?, _ bound: Double?) -> Bool {
            guard let bound, let time else { return true }
            return time <= bound * 1e6
        }
        return within(Double(latency), self.latency)
            && within(firstToken.map(Double.init), timeToFirstToken)
            && within(perToken, timePerOutputToken)
    }
}

extension RequestKind {
    /// Position among all kinds.
    var index: Int {
        switch self {
        case .ping: 0
        case .health: 1
        case .models: 2
        case .tokenize: 3
        case .detokenize: 4
        case .generate: 5
        case .score: 6
        case .logits: 7
        case .embed: 8
        case .stats: 9
        case .chat: 10
        }
    }
}

extension Outcome {
    /// Name under which the outcome counts as an error. Nil when the outcome is no error.
    var errorName: String? {
        switch end {
        case .succeeded, .cancelled, .deadlineExceeded: nil
        case .refused(let status): status
        case .failed(let code): code
        case .unreachable: "unreachable"
        case .mockRefused: "mock_refused"
        }
    }
}
