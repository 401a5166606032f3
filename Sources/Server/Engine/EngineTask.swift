// One request while the engine works on it: what the model in the engine asks of every kind.
//
// A task owns its sequences in the runner and turns values into wire messages; when it runs, and
// what else runs in the same step, is the scheduler's business. Confined to the engine thread.

import Compute
import Inference
import Service
import Wire

/// State of one request in the engine.
protocol EngineTask: AnyObject {
    var work: Work { get }
    /// Cache positions the scheduler reserves for it, whole pages.
    var capacity: Int { get }
    /// Of these, how many it may still take from the runner while it is open.
    var unusedCapacity: Int { get }
    /// What its client has been sent.
    var delivered: Delivery { get set }

    /// Starts to run.
    func open(on runner: any ModelRunner, now: UInt64) throws(InferenceError)

    /// Appends the runner's items for a share of the plan. What it throws ends the task.
    func prepare(
        _ share: StepShare, on runner: any ModelRunner, into items: inout [StepItem]
    ) throws(InferenceError)

    /// Takes the values of one position. `part` counts the items of its latest `prepare`. The
    /// runner is busy. Appends the events they bring.
    ///
    /// Throws `non_finite_logits`: the request is computed again, and this task is dropped.
    func accept(
        _ values: UnsafeBufferPointer<Float>, part: Int, position: Int, now: UInt64,
        into events: inout [WorkEvent]) throws(InferenceError)

    /// A share that read tokens is done. Appends the events that brings.
    func advanced(
        _ share: StepShare, on runner: any ModelRunner, now: UInt64,
        into events: inout [WorkEvent])

    /// Ends before its time: with what there is, or with an error when there is nothing yet.
    func interrupted(_ reason: Wire.FinishReason, now: UInt64) -> WorkEvent

    /// Gives back what it holds of the runner.
    func close(on runner: any ModelRunner)
}

extension EngineTask {
    var ticket: UInt64 { work.ticket }

    /// The error of a request that ends before it has an answer.
    func unanswered(_ reason: Wire.FinishReason) -> WorkEvent {
        let attempt = "answering a request to model \"\(work.model?.name ?? "")\""
        return .failed(reason == .deadline ? .deadline(attempt) : .cancelled(attempt))
    }
}

/// Where the time of a request went, and what its answer lacks.
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

    mutating func opened(at now: UInt64) { openedAt = now }

    /// The first value of the answer has come.
    mutating func answered(at now: UInt64) {
        if firstValueAt == nil { firstValueAt = now }
    }

    /// Time and degradations; who answered is filled in on the network side.
    func record(now: UInt64) -> AnswerRecord {
        let opened = openedAt ?? now
        let first = firstValueAt ?? now
        let waited = opened - min(opened, work.acceptedAt)
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: waited - min(waited, tokenizeMicroseconds), tokenize: tokenizeMicroseconds,
            prefill: first - opened, decode: now - first)
        return AnswerRecord(model: "", device: "", timing: timing, degradations: degradations)
    }
}

/// Cache positions in whole pages.
enum CachePages {
    /// Positions of a page.
    static let size = CacheShape.pagePositions

    /// Pages that hold `count` positions.
    static func count(_ count: Int) -> Int { (count + size - 1) / size }
}

extension Wire.FinishReason {
    /// The wire's word for why a generation ended.
    init(_ reason: Inference.FinishReason) {
        switch reason {
        case .stop: self = .stop
        case .length: self = .length
        case .cancelled: self = .cancelled
        case .deadline: self = .deadline
        }
    }
}

extension ServiceError {
    /// An engine's refusal as the peer reads it.
    init(_ error: InferenceError, status: Status, field: String? = nil) {
        self.init(status, .init(error.code.name), error.message, field: field)
    }
}

extension Logprobs {
    /// Adds a token that was found in a row of logits.
    mutating func append(_ token: Int32, _ value: Double, top: [TokenLogProbability]) {
        append(
            UInt32(bitPattern: token), Float(value),
            top: top.map { (UInt32(bitPattern: $0.token), Float($0.value)) })
    }
}
