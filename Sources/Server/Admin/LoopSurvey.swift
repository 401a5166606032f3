// A question to the loop thread about its models and its state. The answer also proves that the
// loop is alive.
//
// Guarantees: every question is answered or given up exactly once. The loop is asked at most a
// hundred times a second, however many callers there are.

import Dispatch
import Service
import Synchronization
import Wire

/// Answer of the loop thread.
struct LoopFacts: Sendable {
    let entries: [ModelRegistry.Entry]
    /// The entries as a Models answer has them, with their circuit breakers.
    let rows: [ModelInfo]
    let isDraining: Bool
    /// True while a model of the start is not yet in service.
    let isStarting: Bool
    /// Faults of the server itself.
    let faults: [String]
    /// Reasons of models in service that cannot answer now, by name.
    let outages: [String: String]
    /// Reason to give the process up, or nil while the engine is alive.
    let death: String?
}

/// A question on its way. Any thread.
final class LoopSurvey: Sendable {
    /// Time the loop has. The loop never computes, so the limit is far beyond any load.
    static let limit = DispatchTimeInterval.seconds(2)

    private let waiting: Mutex<CheckedContinuation<LoopFacts?, Never>?>

    private init(_ continuation: CheckedContinuation<LoopFacts?, Never>) {
        waiting = Mutex(continuation)
    }

    /// Asks the loop thread. Returns nil without an answer in time.
    static func ask(_ inbox: LoopInbox) async -> LoopFacts? {
        await withCheckedContinuation { continuation in
            let survey = LoopSurvey(continuation)
            inbox.post(.survey(survey))
            DispatchQueue.global().asyncAfter(deadline: .now() + limit) { survey.answer(nil) }
        }
    }

    /// Answers the question. Later answers are dropped.
    func answer(_ facts: LoopFacts?) {
        waiting.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }?.resume(returning: facts)
    }
}

/// Shares answers among callers.
actor LoopSurveys {
    private static let ageMax = Duration.milliseconds(10)

    private let inbox: LoopInbox
    private var asking: Task<LoopFacts?, Never>?
    private var last: (facts: LoopFacts, at: ContinuousClock.Instant)?

    init(_ inbox: LoopInbox) { self.inbox = inbox }

    /// The loop's facts, at most 10 ms old, or nil when the loop does not answer.
    func facts() async -> LoopFacts? {
        if let last, .now - last.at < Self.ageMax { return last.facts }
        if let asking { return await asking.value }
        let task = Task { [inbox] in await LoopSurvey.ask(inbox) }
        asking = task
        let facts = await task.value
        asking = nil
        last = facts.map { ($0, .now) }
        return facts
    }
}
