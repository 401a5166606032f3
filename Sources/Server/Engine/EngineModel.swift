// A model in the engine: its runner, its scheduler and its requests.
//
// Guarantees: a step advances every sequence of the plan in a single pass over the weights. Every
// task that ends gives its sequence back and is reported exactly once. A suspended task gives its
// sequence back too, and reads again when its turn comes. A failed step ends only the tasks in the
// step. A request with values that are not finite is computed a second time. If the
// second values are not finite either, the model answers nothing more. Confined to the engine
// thread.

import Inference
import Loading
import Service
import Tokenizers
import Wire

/// See the head of the file.
final class EngineModel {
    let served: ServedModel
    /// The model, whose memory counts until the runner is gone. It is given up elsewhere.
    let loaded: LoadedModel
    /// Reason to refuse every new request, or nil while the model is trusted.
    private(set) var distrust: ServiceError? {
        didSet { if distrust != nil, case .real(let real) = loaded { real.distrust() } }
    }
    /// Requests in their second computation.
    private var replays: [UInt64: Replay] = [:]
    /// Requests of the current step with values that are not finite.
    private var failures: [(task: any EngineTask, error: InferenceError)] = []
    let tokenizer: any Tokenizer
    /// Reason for which the model makes embeddings and no text, or nil for a model of text.
    let textRefusal: String?
    /// False when a step takes inputs whole, because each position depends on all tokens.
    let isCausal: Bool
    let vocabularySize: Int
    /// Positions of the longest sequence.
    let contextLength: Int
    /// Number of values in a hidden state.
    let embeddingLength: Int
    /// Most tokens of a step.
    let stepTokensMax: Int
    /// Pages of the runner's cache.
    let pageCount: Int
    private let runner: any ModelRunner
    private var scheduler: BatchScheduler
    private var tasks: [UInt64: any EngineTask] = [:]
    // Reused from step to step.
    private var plan = StepPlan()
    private var items: [StepItem] = []
    /// The task of each item, and the item's number within the task.
    private var owners: [(task: any EngineTask, part: Int)] = []
    private var running: [(grant: StepGrant, task: any EngineTask)] = []
    private var events: [WorkEvent] = []
    private var stepEvents: [(task: any EngineTask, event: WorkEvent)] = []
    private var recomputedCount = 0
    private var suspendedCount = 0
    private var stepFailure: String?

    /// Most branches of a request, open or not.
    private static let branchCountMax = max(Limits.continuationCountMax, Limits.inputCountMax)
    /// Most sequences that a runner is asked for.
    private static let sequenceCountMax = 1 << 16

    /// Reserves cache for the model's sequences.
    init(
        _ installation: EngineInstallation, limits: ServiceLimits, cacheTokensMax: Int
    ) throws(InferenceError) {
        served = installation.served
        loaded = installation.model
        let model = installation.model.tokenModel
        let context = installation.contextLength
        tokenizer = installation.model.tokenizer
        textRefusal = installation.model.facts.textRefusal
        isCausal = installation.model.facts.isCausal
        vocabularySize = model.vocabularySize
        contextLength = context
        embeddingLength = model.embeddingLength
        stepTokensMax = limits.stepTokensMax
        let cache = CacheReservation.positions(
            context: context, cacheTokensMax: cacheTokensMax > 0 ? cacheTokensMax : nil)
        runner = try model.makeRunner(
            maxSequences: Self.sequenceCount(limits), tokenBudget: cache)
        pageCount = runner.freeTokens / CachePages.size
        scheduler = BatchScheduler(limits: limits)
    }

    /// Returns the number of sequences for the runner: a sequence per request, a branch of each
    /// request that waits for a grant, and the branches of the running step, which have a token
    /// each at least.
    private static func sequenceCount(_ limits: ServiceLimits) -> Int {
        let touched = min(limits.stepTokensMax, limits.sequencesMax * branchCountMax)
        return min(sequenceCountMax, 2 * limits.sequencesMax + touched)
    }

    func hasRunnableWork(held: Set<UInt64>) -> Bool { scheduler.hasRunnableWork(held: held) }
    var nextDeadline: UInt64? { scheduler.nextDeadline }
    var tickets: [UInt64] { tasks.keys.sorted() }
    /// Requests with a place in the batch.
    var runningCount: Int { scheduler.runningCount }
    /// Used pages of the runner's cache.
    var pagesUsed: Int { pageCount - min(pageCount, runner.freeTokens / CachePages.size) }

    /// Beats `pulse` while a step runs.
    func reportProgress(to pulse: EnginePulse) { runner.reportProgress { pulse.beat() } }

    /// Takes in a task with its scheduled work.
    func enqueue(_ task: any EngineTask, _ work: ScheduledWork) {
        tasks[task.ticket] = task
        scheduler.add(work)
    }

    // MARK: - Interruptions

    /// Ends a request early. Does nothing for an unknown ticket.
    func cancel(_ ticket: UInt64, now: UInt64, report: (PreparedWork, WorkEvent) -> Void) {
        guard let task = tasks[ticket] else { return }
        interrupt(task, .cancelled, now: now, report: report)
    }

    /// Fails all requests of a model that is dropped or no longer trusted.
    func failAll(_ error: ServiceError, report: (PreparedWork, WorkEvent) -> Void) {
        for task in tasks.values.sorted(by: { $0.ticket < $1.ticket }) {
            scheduler.remove(task.ticket)
            end(task)
            report(task.prepared, .failed(error))
        }
    }

    private func end(_ task: any EngineTask) {
        tasks[task.ticket] = nil
        replays[task.ticket] = nil
        task.close(on: runner)
    }

    private func interrupt(
        _ task: any EngineTask, _ reason: FinishReason, now: UInt64,
        report: (PreparedWork, WorkEvent) -> Void
    ) {
        let ticket = task.ticket
        scheduler.remove(ticket)
        let isReplay = replays[ticket] != nil
        end(task)
        // The task of a second computation does not know the chunks of the first. `RequestMachine`
        // does.
        if isReplay { report(task.prepared, .due(reason)) }
        report(task.prepared, task.interrupted(reason, now: now))
    }

    /// Refuses requests from now on, also those accepted before the model proved wrong.
    func distrust(_ error: ServiceError) { distrust = error }

    /// Takes requests again.
    func trust() { distrust = nil }

    // MARK: - Steps

    /// Runs a step over everything that can move. Returns the number of computed tokens, 0 for
    /// none.
    ///
    /// - Parameter held: connections that do not read.
    func step(now: UInt64, held: Set<UInt64>, report: (PreparedWork, WorkEvent) -> Void) -> Int {
        // Capacity that open requests have reserved for branches only looks free.
        let reserved = tasks.values.reduce(0) { $0 + $1.unusedCapacity }
        scheduler.planStep(
            now: now, freeCapacity: runner.freeTokens - reserved, held: held, into: &plan)
        for ticket in plan.expired {
            interrupt(known(ticket), .deadline, now: now, report: report)
        }
        suspendedCount += plan.suspended.count
        for ticket in plan.suspended {
            scheduler.setRereads(ticket, known(ticket).suspend(on: runner))
        }
        for ticket in plan.opened { open(ticket, now: now, report: report) }
        collectItems(report: report)
        guard !items.isEmpty else { return 0 }
        do throws(InferenceError) {
            // The runner is busy until `step` returns, so tasks that end here are closed
            // afterwards.
            try runner.step(items) { (row: StepRow) in
                let (task, part) = owners[row.item]
                guard !failures.contains(where: { $0.task === task }) else { return }
                do throws(InferenceError) {
                    guard row.isFinite else {
                        throw InferenceError(
                            .nonFiniteLogits, tried: "looking at the values of a step",
                            found: "one that is NaN or infinite", allowed: "finite values")
                    }
                    try task.accept(row, part: part, now: ServerClock.now, into: &events)
                } catch {
                    failures.append((task, error))
                }
                for event in events { stepEvents.append((task, event)) }
                events.removeAll(keepingCapacity: true)
            }
        } catch {
            stepEvents.removeAll(keepingCapacity: true)
            failStep(error, report: report)
            return plan.tokenCount
        }
        finishStep(since: now, report: report)
        return plan.tokenCount
    }

    private func open(_ ticket: UInt64, now: UInt64, report: (PreparedWork, WorkEvent) -> Void) {
        let task = known(ticket)
        do throws(InferenceError) {
            try task.open(on: runner, now: now)
        } catch {
            refuse(task, error, report: report)
        }
    }

    /// The task of a request that the scheduler names.
    private func known(_ ticket: UInt64) -> any EngineTask {
        guard let task = tasks[ticket] else {
            preconditionFailure("the scheduler names request \(ticket), which has no task")
        }
        return task
    }

    private func refuse(
        _ task: any EngineTask, _ error: InferenceError, report: (PreparedWork, WorkEvent) -> Void
    ) {
        scheduler.remove(task.ticket)
        end(task)
        report(task.prepared, .failed(ServiceError(error, status: .resourceExhausted)))
    }

    private func collectItems(report: (PreparedWork, WorkEvent) -> Void) {
        clearStep()
        for grant in plan.grants {
            // A request that was refused as it opened still has its grant in the plan.
            guard let task = tasks[grant.id] else { continue }
            let first = items.count
            do throws(InferenceError) {
                try task.prepare(grant, on: runner, into: &items)
                for part in 0..<items.count - first { owners.append((task, part)) }
                running.append((grant, task))
            } catch {
                items.removeSubrange(first...)
                refuse(task, error, report: report)
            }
        }
    }

    private func clearStep() {
        items.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        running.removeAll(keepingCapacity: true)
    }

    private func finishStep(since start: UInt64, report: (PreparedWork, WorkEvent) -> Void) {
        let end = ServerClock.now
        scheduler.observe(plan.tokens, microseconds: end - start)
        for (task, event) in stepEvents { settle(task, event, report: report) }
        stepEvents.removeAll(keepingCapacity: true)
        for (grant, task) in running
        where !grant.decodes && !grant.isReread && tasks[task.ticket] === task
            && !failures.contains(where: { $0.task === task })
        {
            task.advanced(grant, on: runner, now: end, into: &events)
            for event in events { settle(task, event, report: report) }
            events.removeAll(keepingCapacity: true)
        }
        clearStep()
        for (task, error) in failures where tasks[task.ticket] === task {
            notFinite(task, error, now: end, report: report)
        }
        failures.removeAll(keepingCapacity: true)
    }

    /// Begins the request anew, or gives the model up after the second computation.
    private func notFinite(
        _ task: any EngineTask, _ error: InferenceError, now: UInt64,
        report: (PreparedWork, WorkEvent) -> Void
    ) {
        let isSecond = replays[task.ticket] != nil
        scheduler.remove(task.ticket)
        end(task)
        guard isSecond else {
            recomputedCount += 1
            replays[task.ticket] = Replay(after: task.delivered)
            begin(task.prepared, report: report)
            if tasks[task.ticket] == nil { replays[task.ticket] = nil }
            return
        }
        let failure = ServiceError(
            .dataLoss, .logitsNotFinite,
            "answering with model \"\(served.name)\": \(error.tried): found \(error.found), twice; "
                + "the model takes no requests for a while, load it anew when this stays")
        distrust = failure
        report(task.prepared, .failed(failure))
    }

    /// Returns the number of requests begun anew since the last call.
    func takeRecomputedCount() -> Int {
        defer { recomputedCount = 0 }
        return recomputedCount
    }

    /// Returns the failure of the latest step, once.
    func takeStepFailure() -> String? {
        defer { stepFailure = nil }
        return stepFailure
    }

    /// Returns the number of requests suspended since the last call.
    func takeSuspendedCount() -> Int {
        defer { suspendedCount = 0 }
        return suspendedCount
    }

    /// Reports an event of a task. A final event ends the task.
    private func settle(
        _ task: any EngineTask, _ event: WorkEvent, report: (PreparedWork, WorkEvent) -> Void
    ) {
        guard tasks[task.ticket] === task else { return }
        task.delivered.add(event)
        let rest = replays[task.ticket] == nil ? event : replays[task.ticket]?.rest(of: event)
        if event.isFinal {
            scheduler.remove(task.ticket)
            end(task)
        }
        if let rest { report(task.prepared, rest) }
    }

    private func failStep(_ error: InferenceError, report: (PreparedWork, WorkEvent) -> Void) {
        failures.removeAll(keepingCapacity: true)
        let failure = ServiceError(
            .internalError, .engineFailed,
            "running a step of model \"\(served.name)\": \(error.message)")
        stepFailure = failure.message
        for (_, task) in running where tasks[task.ticket] != nil {
            scheduler.remove(task.ticket)
            end(task)
            report(task.prepared, .failed(failure))
        }
    }
}
