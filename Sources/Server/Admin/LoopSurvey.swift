// One question to the loop thread: what are your models, and do you drain? Its answer is also the
// proof that the loop is alive.
//
// Guarantees: every question is answered or given up exactly once; the loop is asked at most a
// hundred times a second, however many callers there are.

import Dispatch
import Service
import Synchronization

/// What the loop thread says.
struct LoopFacts: Sendable {
    let slots: [ModelDirectory.Slot]
    let isDraining: Bool
    /// Whether models of the start are still on their way into service.
    let isStarting: Bool
    /// What is wrong with the server itself.
    let faults: [String]
    /// Why the process should be given up; nil while it should not.
    let death: String?
}

/// A question on its way. Any thread.
final class LoopSurvey: Sendable {
    /// Time the loop has; it never computes, so this is far beyond any load.
    static let limit = DispatchTimeInterval.seconds(2)

    private let waiting: Mutex<CheckedContinuation<LoopFacts?, Never>?>

    private init(_ continuation: CheckedContinuation<LoopFacts?, Never>) {
        waiting = Mutex(continuation)
    }

    /// Asks; nil when nobody answers in time.
    static func ask(_ inbox: LoopInbox) async -> LoopFacts? {
        await withCheckedContinuation { continuation in
            let survey = LoopSurvey(continuation)
            inbox.post(.survey(survey))
            DispatchQueue.global().asyncAfter(deadline: .now() + limit) { survey.answer(nil) }
        }
    }

    /// Answers; later answers are dropped.
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

    /// The loop's facts, at most 10 ms old; nil when it does not answer.
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
