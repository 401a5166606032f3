// Reports for tests, made of played runs.

import LoadTesting

enum Samples {
    static let facts = TargetFacts(
        address: "unix:///tmp/s", server: "assayd/0.1",
        models: [
            TargetFacts.Model(
                name: "m", isMock: false, architecture: "llama", device: "cpu",
                fingerprint: "ab", vocabulary: 500, context: 128)
        ])

    static let host = HostRecord(
        wakeDelay: LatencyHistogram(), processorSeconds: 0.5, involuntarySwitches: 3, seconds: 2,
        runQueueSeconds: nil)

    static func setup(_ loop: String = "open") -> SetupReport {
        SetupReport(
            loop: loop, schedule: "1000/s", mix: "ping", connections: 8, depth: 4,
            warmupSeconds: 0, durationSeconds: 2)
    }

    static func report(
        _ record: RunRecord, intervals: [TimedInterval] = [], loop: String = "open",
        facts: TargetFacts = Samples.facts, objective: LatencyObjective? = nil
    ) -> RunReport {
        RunReport(
            RunResult(record: record, intervals: intervals, host: host), facts: facts,
            setup: setup(loop), objective: objective, startedAt: 1_700_000_000)
    }
}
