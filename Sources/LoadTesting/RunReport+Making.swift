// Makes the report from the record, with warnings.

extension Quantiles {
    /// Percentiles of `histogram`, nil when the histogram is empty. `intervals` serve to estimate
    /// the noise.
    ///
    /// - Parameter missing: times that requests without an answer would have added.
    package init?(
        _ histogram: LatencyHistogram, missing: Int = 0, intervals: [TimedInterval]? = nil
    ) {
        guard !histogram.isEmpty else { return nil }
        let table = histogram.table
        func at(_ percentile: Double) -> Double { Double(table.value(at: percentile)) / 1e6 }
        count = histogram.count
        min = Double(histogram.smallest) / 1e6
        mean = histogram.mean / 1e6
        p50 = at(50)
        p75 = at(75)
        p90 = at(90)
        p95 = at(95)
        p99 = at(99)
        p999 = at(99.9)
        p9999 = at(99.99)
        max = Double(histogram.largest) / 1e6
        self.missing = missing
        if missing > 0 {
            ofAll = CompleteQuantiles(table, answered: histogram.count, missing: missing)
        }
        guard let intervals else { return }
        let parts = intervals.map(\.record.latency)
        let noise = Noise(histogram, parts: parts)
        spread = Spread(
            p50: noise.spread(of: 50), p90: noise.spread(of: 90), p99: noise.spread(of: 99),
            p999: noise.spread(of: 99.9))
        ofAll?.spread = CompleteQuantiles.Spread(
            Noise(histogram, parts: parts, missing: missing))
    }
}

extension KindReport {
    init(_ kind: RequestKind, _ record: KindRecord) {
        self.kind = kind.rawValue
        sent = record.sent
        succeeded = record.succeeded
        cancelled = record.cancelled
        deadlineExceeded = record.deadlineExceeded
        failed = record.failed
        unfinished = record.unfinished
        unsent = record.unsent
        promptTokens = record.promptTokens
        outputTokens = record.outputTokens
        func times(_ histogram: LatencyHistogram) -> Quantiles? {
            Quantiles(histogram, missing: record.missing(of: histogram.count))
        }
        latency = times(record.latency)
        service = times(record.service)
        timeToFirstToken = times(record.timeToFirstToken)
        interTokenLatency = times(record.interToken)
        timePerOutputToken = times(record.timePerOutputToken)
        serverTotal = Quantiles(record.serverTotal)
        serverQueue = Quantiles(record.serverQueue)
    }
}

extension IntervalReport {
    package init(_ interval: TimedInterval) {
        let latency = interval.record.latency
        let table = latency.table
        func at(_ percentile: Double) -> Double? {
            latency.isEmpty ? nil : Double(table.value(at: percentile)) / 1e6
        }
        start = interval.start
        seconds = interval.seconds
        sent = interval.record.sent
        succeeded = interval.record.succeeded
        failed = interval.record.failed
        outputTokens = interval.record.outputTokens
        p50 = at(50)
        p90 = at(90)
        p99 = at(99)
        max = at(100)
        let missing = interval.record.failed + interval.record.late
        if missing > 0 {
            ofAll = CompleteQuantiles(table, answered: latency.count, missing: missing)
        }
    }
}

extension StepReport {
    /// - Parameters:
    ///   - requests: counts of the requests due in the step.
    ///   - end: seconds from the end of warm-up to the end of sending.
    init(_ record: StepRecord, _ requests: KindRecord, end: Double) {
        start = record.step.start
        seconds = Swift.min(record.step.seconds, Swift.max(end - record.step.start, 0))
        from = record.step.from
        to = record.step.to
        intended = requests.sent + requests.unsent
        sent = requests.sent
        succeeded = requests.succeeded
        failed = requests.failed
        cancelled = requests.cancelled
        deadlineExceeded = requests.deadlineExceeded
        missing = requests.missing
        let length = Swift.max(seconds, 1e-9)
        offeredPerSecond = Double(intended) / length
        requestsPerSecond = Double(record.completed) / length
        outputTokensPerSecond = Double(record.completedTokens) / length
        latency = Quantiles(requests.latency, missing: requests.missing)
        timeToFirstToken = Quantiles(requests.timeToFirstToken)
        interTokenLatency = Quantiles(requests.interToken)
    }

    /// The steps that were reached. Nil for fewer than two steps in the plan.
    static func all(_ record: RunRecord) -> [StepReport]? {
        guard record.steps.count > 1 else { return nil }
        return record.steps.filter { $0.requests.sent + $0.requests.unsent > 0 }.map {
            StepReport($0, $0.requests, end: record.scheduledSeconds)
        }
    }

    /// A run at one rate as a step. Nil for a run without a rate.
    package static func whole(_ record: RunRecord) -> StepReport? {
        record.steps.first.map {
            StepReport($0, record.total, end: record.scheduledSeconds)
        }
    }
}

extension RunReport {
    /// The report of one run.
    ///
    /// - Parameters:
    ///   - startedAt: seconds since 1970.
    ///   - facts: facts about the server before the run.
    package init(
        _ result: RunResult, facts: TargetFacts, setup: SetupReport,
        objective: LatencyObjective?, startedAt: Double
    ) {
        let record = result.record
        let total = record.total
        let seconds = Swift.max(record.measuredSeconds, 1e-9)
        provenance = record.sawMock || facts.mockSentence != nil ? "mock" : "real"
        if case .mock = record.earlyEnd { provenance = "mock" }
        degraded = !record.degradations.isEmpty
        if case .degraded = record.earlyEnd { degraded = true }
        self.startedAt = startedAt
        target = facts
        self.setup = setup
        endedEarly = record.earlyEnd?.sentence
        scheduledSeconds = record.scheduledSeconds
        measuredSeconds = record.measuredSeconds
        intended = record.intended
        sent = total.sent
        succeeded = total.succeeded
        cancelled = total.cancelled
        deadlineExceeded = total.deadlineExceeded
        failed = total.failed
        unfinished = total.unfinished + record.stillOpen
        unsent = record.unsent
        mockAnswers = total.mock
        degradedAnswers = total.degraded
        offeredPerSecond = Double(record.intended) / Swift.max(record.scheduledSeconds, 1e-9)
        requestsPerSecond = Double(total.succeeded) / seconds
        promptTokensPerSecond = Double(total.promptTokens) / seconds
        outputTokensPerSecond = Double(total.outputTokens) / seconds
        if let objective {
            goodput = GoodputReport(
                objective: objective.description,
                share: Double(total.good) / Double(Swift.max(record.intended, 1)),
                requestsPerSecond: Double(total.good) / seconds)
        }
        latency = Quantiles(
            total.latency, missing: total.missing, intervals: result.intervals)
        service = Quantiles(total.service, missing: total.missing)
        timeToFirstToken = Quantiles(
            total.timeToFirstToken, missing: record.missing(\.timeToFirstToken))
        interTokenLatency = Quantiles(total.interToken, missing: record.missing(\.interToken))
        timePerOutputToken = Quantiles(
            total.timePerOutputToken, missing: record.missing(\.timePerOutputToken))
        kinds = RequestKind.allCases.compactMap { kind in
            record.kinds[kind].map { KindReport(kind, $0) }
        }
        errors = Self.sorted(record.errors)
        degradations = Self.sorted(record.degradations)
        client = ClientReport(
            sendDelay: Quantiles(record.sendDelay), placeWait: Quantiles(record.placeWait),
            wakeDelay: Quantiles(result.host.wakeDelay),
            processorSeconds: result.host.processorSeconds,
            involuntarySwitches: result.host.involuntarySwitches,
            runQueueSeconds: result.host.runQueueSeconds)
        curve = Self.curve(total.latency)
        intervals = result.intervals.map(IntervalReport.init)
        steps = StepReport.all(record)
        timeline = Timeline.series(
            result.intervals, starts: (steps ?? []).map(\.start))
        warnings = ReportWarnings.all(self)
    }

    private static func sorted(_ counts: [String: Int]) -> [NamedCount] {
        counts.map { NamedCount(name: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }

    /// Points at even steps on a scale of nines. The share of the requests beyond a point shrinks
    /// by a factor of 0.87 per point, until fewer than one request is left.
    private static func curve(_ histogram: LatencyHistogram) -> [CurvePoint] {
        guard !histogram.isEmpty else { return [] }
        let table = histogram.table
        var points: [CurvePoint] = []
        var left = 1.0
        while left * Double(histogram.count) >= 1, points.count < 200 {
            let percentile = (1 - left) * 100
            points.append(
                CurvePoint(
                    percentile: percentile,
                    milliseconds: Double(table.value(at: percentile)) / 1e6))
            left *= 0.87
        }
        return points + [
            CurvePoint(percentile: 100, milliseconds: Double(histogram.largest) / 1e6)
        ]
    }
}

extension EarlyEnd {
    /// The reason as text for the report.
    package var sentence: String {
        switch self {
        case .mock(let words): "stopped: \(words)"
        case .degraded(let words): "stopped: a degraded answer came (\(words))"
        case .interrupted: "stopped by the user; what follows was measured until then"
        case .unreachable(let words): "stopped: nobody answers any more (\(words))"
        }
    }
}
