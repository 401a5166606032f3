// One model in the engine: its runner, its scheduler and the requests it is working on.
//
// Guarantees: one step advances every sequence the plan names, in one pass over the weights; every
// task that ends gives its sequence back and is reported exactly once; a step that fails ends the
// tasks in it and no others. A request whose values are not finite is computed again, once; if they
// are not finite then either, the model answers nothing more. Confined to the engine thread.

import Inference
import Loading
import Service
import Wire

/// See the head of the file.
final class EngineModel {
    let name: String
    let generation: UInt32
    /// Why nothing may be begun any more.
    private(set) var distrust: ServiceError?
    /// Requests that are computed a second time.
    private var replays: [UInt64: Replay] = [:]
    /// Requests of the current step whose values are not finite.
    private var failures: [(task: any EngineTask, error: InferenceError)] = []
    let prompts: PromptPreparation
    /// Values of a hidden state.
    let embeddingLength: Int
    /// Tokens that one step may hold.
    let stepTokensMax: Int
    /// Pages of the runner's cache.
    let pageCount: Int
    private let runner: any ModelRunner
    private var scheduler: BatchScheduler
    private var tasks: [UInt64: any EngineTask] = [:]
    // Reused from step to step.
    private var plan = StepPlan()
    private var items: [StepItem] = []
    /// Whose each item is, and which of its items.
    private var owners: [(task: any EngineTask, part: Int)] = []
    private var running: [(share: StepShare, task: any EngineTask)] = []
    private var events: [WorkEvent] = []
    private var stepEvents: [(task: any EngineTask, event: WorkEvent)] = []
    private var recomputedCount = 0

    /// Branches that one request may have at most, open or not.
    private static let branchCountMax = max(Limits.continuationCountMax, Limits.inputCountMax)
    /// The most sequences a runner is asked for.
    private static let sequenceCountMax = 1 << 16

    /// Reserves cache for the model's sequences.
    init(
        _ installation: EngineInstallation, limits: ServiceLimits, contextMax: Int,
        cacheTokensMax: Int
    ) throws(InferenceError) {
        name = installation.name
        generation = installation.generation
        let model = installation.model.tokenModel
        var context = model.contextLength
        if contextMax > 0 { context = min(context, contextMax) }
        if cacheTokensMax > 0 { context = min(context, cacheTokensMax) }
        prompts = PromptPreparation(
            tokenizer: installation.model.tokenizer,
            chatTemplate: installation.model.chatTemplate, vocabularySize: model.vocabularySize,
            contextLength: context)
        embeddingLength = model.embeddingLength
        stepTokensMax = limits.stepTokensMax
        let cache = cacheTokensMax > 0 ? cacheTokensMax : Self.defaultCache(context)
        // One page more than the longest sequence takes: a fork copies the root's last one.
        runner = try model.makeRunner(
            maxSequences: Self.sequenceCount(limits),
            tokenBudget: max(cache, context + CachePages.size))
        pageCount = runner.freeTokens / CachePages.size
        scheduler = BatchScheduler(limits: limits)
    }

    /// A sequence per request, one branch each that waits for its next share, and those that a step
    /// touches: at least a token each.
    private static func sequenceCount(_ limits: ServiceLimits) -> Int {
        let touched = min(limits.stepTokensMax, limits.sequencesMax * branchCountMax)
        return min(sequenceCountMax, 2 * limits.sequencesMax + touched)
    }

    /// Four full contexts, but no more than 65,536 positions where contexts are long.
    private static func defaultCache(_ context: Int) -> Int {
        max(context, min(4 * context, 65_536))
    }

    var contextLength: Int { prompts.contextLength }
    var hasRunnableWork: Bool { scheduler.hasRunnableWork }
    var nextDeadline: UInt64? { scheduler.nextDeadline }
    var tickets: [UInt64] { tasks.keys.sorted() }
    /// Requests with a place in the batch.
    var runningCount: Int { scheduler.runningCount }
    /// Pages of the runner's cache that hold something.
    var pagesUsed: Int { pageCount - min(pageCount, runner.freeTokens / CachePages.size) }

    /// Beats `pulse` while a step runs.
    func reportProgress(to pulse: EnginePulse) { runner.reportProgress { pulse.beat() } }

    /// Takes a request in whose work is known.
    func enqueue(_ task: any EngineTask, _ work: ScheduledWork) {
        tasks[task.ticket] = task
        scheduler.add(work)
    }

    // MARK: - Interruptions

    /// Ends a request before its time. Does nothing for a stranger.
    func cancel(_ ticket: UInt64, now: UInt64, report: (UInt64, WorkEvent) -> Void) {
        guard let task = tasks[ticket] else { return }
        interrupt(task, .cancelled, now: now, report: report)
    }

    func setPaused(_ ticket: UInt64, _ isPaused: Bool) { scheduler.setPaused(ticket, isPaused) }

    /// Fails everything, for a model that is dropped or can no longer be trusted.
    func failAll(_ error: ServiceError, report: (UInt64, WorkEvent) -> Void) {
        for ticket in tickets {
            guard let task = tasks[ticket] else { continue }
            scheduler.remove(ticket)
            end(task)
            report(ticket, .failed(error))
        }
    }

    private func end(_ task: any EngineTask) {
        tasks[task.ticket] = nil
        replays[task.ticket] = nil
        task.close(on: runner)
    }

    private func interrupt(
        _ task: any EngineTask, _ reason: Wire.FinishReason, now: UInt64,
        report: (UInt64, WorkEvent) -> Void
    ) {
        let ticket = task.ticket
        scheduler.remove(ticket)
        let isReplay = replays[ticket] != nil
        end(task)
        // A second computation does not know what the client has of the first; who sent it does.
        if isReplay { report(ticket, .due(reason)) }
        report(ticket, task.interrupted(reason, now: now))
    }

    /// Refuses from now on what was accepted before the model proved wrong.
    func distrust(_ error: ServiceError) { distrust = error }

    // MARK: - Steps

    /// Runs one step over everything that can move. Returns tokens computed, 0 for none.
    func step(now: UInt64, report: (UInt64, WorkEvent) -> Void) -> Int {
        // What open requests have reserved for their branches is free only to look at.
        let reserved = tasks.values.reduce(0) { $0 + $1.unusedCapacity }
        scheduler.planStep(now: now, freeCapacity: runner.freeTokens - reserved, into: &plan)
        for ticket in plan.expired {
            guard let task = tasks[ticket] else { continue }
            interrupt(task, .deadline, now: now, report: report)
        }
        for ticket in plan.opened { open(ticket, now: now, report: report) }
        collectItems(report: report)
        guard !items.isEmpty else { return 0 }
        do throws(InferenceError) {
            // The runner is busy until it returns: what ends here is closed afterwards.
            try runner.step(items) { item, position, values in
                let (task, part) = owners[item]
                guard !failures.contains(where: { $0.task === task }) else { return }
                do throws(InferenceError) {
                    guard values.isFinite else {
                        throw InferenceError(
                            .nonFiniteLogits, tried: "looking at the values of a step",
                            found: "one that is NaN or infinite", allowed: "finite values")
                    }
                    try task.accept(
                        values, part: part, position: position, now: ServerClock.now,
                        into: &events)
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

    private func open(_ ticket: UInt64, now: UInt64, report: (UInt64, WorkEvent) -> Void) {
        guard let task = tasks[ticket] else { return }
        do throws(InferenceError) {
            try task.open(on: runner, now: now)
        } catch {
            refuse(task, error, report: report)
        }
    }

    private func refuse(
        _ task: any EngineTask, _ error: InferenceError, report: (UInt64, WorkEvent) -> Void
    ) {
        scheduler.remove(task.ticket)
        end(task)
        report(task.ticket, .failed(ServiceError(error, status: .resourceExhausted)))
    }

    private func collectItems(report: (UInt64, WorkEvent) -> Void) {
        clearStep()
        for share in plan.shares {
            guard let task = tasks[share.id] else { continue }
            let first = items.count
            do throws(InferenceError) {
                try task.prepare(share, on: runner, into: &items)
                for part in 0..<items.count - first { owners.append((task, part)) }
                running.append((share, task))
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

    private func finishStep(since start: UInt64, report: (UInt64, WorkEvent) -> Void) {
        let end = ServerClock.now
        scheduler.observe(tokenCount: plan.tokenCount, microseconds: end - start)
        for (task, event) in stepEvents { settle(task, event, report: report) }
        stepEvents.removeAll(keepingCapacity: true)
        for (share, task) in running
        where !share.decodes && tasks[task.ticket] === task
            && !failures.contains(where: { $0.task === task })
        {
            task.advanced(share, on: runner, now: end, into: &events)
            for event in events { settle(task, event, report: report) }
            events.removeAll(keepingCapacity: true)
        }
        clearStep()
        for (task, error) in failures where tasks[task.ticket] === task {
            notFinite(task, error, now: end, report: report)
        }
        failures.removeAll(keepingCapacity: true)
    }

    /// Begins the request anew, or gives the model up when this was its second computation.
    private func notFinite(
        _ task: any EngineTask, _ error: InferenceError, now: UInt64,
        report: (UInt64, WorkEvent) -> Void
    ) {
        let isSecond = replays[task.ticket] != nil
        scheduler.remove(task.ticket)
        end(task)
        guard isSecond else {
            recomputedCount += 1
            replays[task.ticket] = Replay(after: task.delivered)
            begin(task.work, now: now, report: report)
            if tasks[task.ticket] == nil { replays[task.ticket] = nil }
            return
        }
        let failure = ServiceError(
            .dataLoss, .logitsNotFinite,
            "answering with model \"\(name)\": \(error.tried): found \(error.found), twice; "
                + "the model is out of service, unload it and load it again")
        distrust = failure
        report(task.ticket, .failed(failure))
    }

    /// Requests that were begun anew since the last call.
    func takeRecomputedCount() -> Int {
        defer { recomputedCount = 0 }
        return recomputedCount
    }

    /// Reports what a task brought forth; a final event ends it.
    private func settle(
        _ task: any EngineTask, _ event: WorkEvent, report: (UInt64, WorkEvent) -> Void
    ) {
        guard tasks[task.ticket] === task else { return }
        task.delivered.add(event)
        let rest = replays[task.ticket] == nil ? event : replays[task.ticket]?.rest(of: event)
        if event.isFinal {
            scheduler.remove(task.ticket)
            end(task)
        }
        if let rest { report(task.ticket, rest) }
    }

    private func failStep(_ error: InferenceError, report: (UInt64, WorkEvent) -> Void) {
        failures.removeAll(keepingCapacity: true)
        let failure = ServiceError(
            .internalError, .engineFailed, "running a step of model \"\(name)\": \(error.message)")
        for (_, task) in running where tasks[task.ticket] != nil {
            scheduler.remove(task.ticket)
            end(task)
            report(task.ticket, .failed(failure))
        }
    }
}
