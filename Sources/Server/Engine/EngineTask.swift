// A request at work in the engine: the interface that `EngineModel` needs of every kind.
//
// A task owns its sequences in the runner and turns values into wire messages. The scheduler
// decides when the task runs and with which companions in a step. Confined to the engine thread.

import Compute
import Inference
import Service
import Wire

/// State of a request in the engine.
protocol EngineTask: AnyObject {
    var prepared: PreparedWork { get }
    /// Cache positions that the scheduler reserves for the task, in whole pages.
    var capacity: Int { get }
    /// Reserved positions that the open task has not yet taken from the runner.
    var unusedCapacity: Int { get }
    /// Counts of the data sent to the client.
    var delivered: Delivery { get set }

    /// Starts to run, or goes on after `suspend`.
    func open(on runner: any ModelRunner, now: UInt64) throws(InferenceError)

    /// Appends the runner's items for a grant of the plan. An error ends the task.
    func prepare(
        _ grant: StepGrant, on runner: any ModelRunner, into items: inout [StepItem]
    ) throws(InferenceError)

    /// Takes the values of a position and appends the resulting events. `part` counts the items of
    /// the latest `prepare`. The runner is busy.
    ///
    /// Throws `non_finite_logits`: the request is computed again, and the task is dropped.
    func accept(
        _ row: StepRow, part: Int, now: UInt64, into events: inout [WorkEvent]
    ) throws(InferenceError)

    /// Appends the events of a finished grant that read tokens.
    func advanced(
        _ grant: StepGrant, on runner: any ModelRunner, now: UInt64,
        into events: inout [WorkEvent])

    /// Returns the last event of a task that ends early: a partial answer, or an error without one.
    func interrupted(_ reason: FinishReason, now: UInt64) -> WorkEvent

    /// Closes the task's sequences in the runner.
    func close(on runner: any ModelRunner)

    /// Closes the task's sequences until the next `open`.
    ///
    /// - Returns: ranges of positions to read again before the work goes on, in order.
    func suspend(on runner: any ModelRunner) -> [Range<Int>]
}

extension EngineTask {
    var ticket: UInt64 { prepared.work.ticket }

    /// Returns the error of a request that ends before any answer.
    func unanswered(_ reason: FinishReason) -> WorkEvent {
        let attempt = "answering a request to model \"\(prepared.work.model?.name ?? "")\""
        return .failed(reason == .deadline ? .deadline(attempt) : .cancelled(attempt))
    }
}

/// Times of a request, and the degradations of its answer.
struct TaskAccount {
    let work: Work
    let tokenizeMicroseconds: UInt64
    let degradations: [String]
    private(set) var openedAt: UInt64?
    private var firstValueAt: UInt64?

    init(_ work: Work, tokenizeMicroseconds: UInt64, degradations: [String] = []) {
        self.work = work
        self.tokenizeMicroseconds = tokenizeMicroseconds
        self.degradations = degradations
    }

    /// Notes the time of the first opening.
    mutating func opened(at now: UInt64) {
        if openedAt == nil { openedAt = now }
    }

    /// Notes the time of the answer's first value.
    mutating func answered(at now: UInt64) {
        if firstValueAt == nil { firstValueAt = now }
    }

    /// Returns the record with times and degradations. The network side fills in the model.
    func record(now: UInt64) -> AnswerRecord {
        let opened = openedAt ?? now
        let first = firstValueAt ?? now
        let waited = opened - min(opened, work.acceptedAt)
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: waited - min(waited, tokenizeMicroseconds), tokenize: tokenizeMicroseconds,
            prefill: first - opened, decode: now - first)
        return AnswerRecord(
            model: "", device: "", timing: timing, degradations: degradations,
            templateTime: work.templateTime)
    }
}

/// Cache positions in whole pages.
enum CachePages {
    /// Positions of a page.
    static let size = CacheShape.pagePositions

    /// Pages that hold `count` positions.
    static func count(_ count: Int) -> Int { (count + size - 1) / size }
}

extension FinishReason {
    /// The wire's finish reason of a completion.
    init(_ reason: Completion.FinishReason) {
        switch reason {
        case .stop: self = .stop
        case .length: self = .length
        case .cancelled: self = .cancelled
        case .deadline: self = .deadline
        }
    }
}

extension ServiceError {
    /// The engine's refusal, for the peer.
    init(_ error: InferenceError, status: Status, field: String? = nil) {
        self.init(status, .init(error.code.name), error.message, field: field)
    }
}

extension Logprobs {
    /// Adds a token with its log-probability and alternatives.
    mutating func append(_ token: Int32, _ value: Double, top: [TokenLogProbability]) {
        append(
            UInt32(bitPattern: token), Float(value),
            top: top.map { (UInt32(bitPattern: $0.token), Float($0.value)) })
    }
}
