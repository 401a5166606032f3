// One model in the engine: its runner, its scheduler and the requests it is working on.
//
// Guarantees: one step advances every sequence the plan names, in one pass over the weights; every
// task that ends gives its sequence back and is reported exactly once; a step that fails ends the
// tasks in it and no others. Confined to the engine thread.

import Inference
import Loading
import Service
import Wire

/// See the head of the file.
final class EngineModel {
    let name: String
    let generation: UInt32
    private let loaded: LoadedModel
    /// Why nothing may be begun any more.
    private var distrust: ServiceError?
    private let prompts: PromptPreparation
    private let runner: any ModelRunner
    private var scheduler: BatchScheduler
    private var tasks: [UInt64: EngineTask] = [:]
    // Reused from step to step.
    private var plan = StepPlan()
    private var items: [StepItem] = []
    private var running: [(share: StepShare, task: EngineTask)] = []
    private var events: [WorkEvent] = []
    private var stepEvents: [(task: EngineTask, event: WorkEvent)] = []

    /// Values of logits one step may produce for one request: bounds what waits to be sent.
    private static let logitsPerStepMax = 1 << 18
    /// Positions reserved are counted in whole cache pages.
    private static let pageTokens = 16

    /// Reserves cache for the model's sequences.
    init(
        _ installation: EngineInstallation, limits: ServiceLimits, contextMax: Int,
        cacheTokensMax: Int
    ) throws(InferenceError) {
        name = installation.name
        generation = installation.generation
        loaded = installation.model
        let model = installation.model.tokenModel
        var context = model.contextLength
        if contextMax > 0 { context = min(context, contextMax) }
        if cacheTokensMax > 0 { context = min(context, cacheTokensMax) }
        prompts = PromptPreparation(
            tokenizer: installation.model.tokenizer, vocabularySize: model.vocabularySize,
            contextLength: context)
        let cache = cacheTokensMax > 0 ? cacheTokensMax : Self.defaultCache(context)
        runner = try model.makeRunner(
            maxSequences: limits.sequencesMax, tokenBudget: max(cache, context))
        scheduler = BatchScheduler(limits: limits)
    }

    /// Four full contexts, but no more than 65,536 positions where contexts are long.
    private static func defaultCache(_ context: Int) -> Int {
        max(context, min(4 * context, 65_536))
    }

    var contextLength: Int { prompts.contextLength }
    var hasRunnableWork: Bool { scheduler.hasRunnableWork }
    var nextDeadline: UInt64? { scheduler.nextDeadline }
    var tickets: [UInt64] { tasks.keys.sorted() }

    // MARK: - Requests

    /// Starts a request or answers it at once. Engine thread; tokenizes.
    func begin(_ work: Work, now: UInt64, report: (UInt64, WorkEvent) -> Void) {
        do throws(ServiceError) {
            try checkIntact()
            switch work.task {
            case .tokenize(let request):
                report(work.ticket, try tokenize(request, work, now: now))
            case .detokenize(let request):
                report(work.ticket, try detokenize(request, work, now: now))
            case .generate(let request):
                try add(request, work)
            case .logits(let request):
                try add(request, work)
            case .load, .verify:
                preconditionFailure("what is done to models does not reach the engine")
            }
        } catch {
            report(work.ticket, .failed(error))
        }
    }

    private func tokenize(
        _ request: TokenizeRequest, _ work: Work, now: UInt64
    ) throws(ServiceError) -> WorkEvent {
        let options = PromptOptions(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
        let tokens = try prompts.encode(request.text, options).map { UInt32(bitPattern: $0) }
        let done = ServerClock.now
        return .tokenized(
            TokenizeResponse(tokens: tokens, answer: Self.account(work, from: now, to: done)),
            at: done)
    }

    private func detokenize(
        _ request: DetokenizeRequest, _ work: Work, now: UInt64
    ) throws(ServiceError) -> WorkEvent {
        let text = prompts.tokenizer.decode(try prompts.checked(request.tokens))
        let done = ServerClock.now
        return .detokenized(
            DetokenizeResponse(text: text, answer: Self.account(work, from: now, to: done)),
            at: done)
    }

    /// The budget of an answer that needed no forward pass.
    private static func account(_ work: Work, from start: UInt64, to end: UInt64) -> AnswerRecord {
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: start - min(start, work.acceptedAt), tokenize: end - start)
        return AnswerRecord(model: "", device: "", timing: timing)
    }

    private func add(_ request: GenerateRequest, _ work: Work) throws(ServiceError) {
        let options = PromptOptions(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
        var prompt = try prompts.tokens(request.prompt, options)
        let asked = Int(request.maxTokens)
        try prompts.fit(&prompt, maxTokens: asked, truncates: request.truncatePrompt)
        // The last token of an answer is never fed back, so it takes no place.
        let room = prompts.contextLength - prompt.tokens.count + 1
        let generation = try Self.generation(request, min(asked, room), prompts)
        enqueue(
            prompt, work, capacity: prompt.tokens.count + min(asked, room) - 1,
            purpose: .generate(generation, stops: request.stop), chunkMax: .max)
    }

    private static func generation(
        _ request: GenerateRequest, _ tokensMax: Int, _ prompts: PromptPreparation
    ) throws(ServiceError) -> Generation {
        var options = GenerationOptions()
        options.maxTokens = tokensMax
        options.stops = request.stop.map { Array($0.utf8) }
        options.sampling.temperature = request.temperature
        options.sampling.topK = Int(request.topK)
        options.sampling.topP = request.topP
        options.sampling.minP = request.minP
        options.sampling.seed = request.seed
        do throws(InferenceError) {
            return try Generation(tokenizer: prompts.tokenizer, options: options)
        } catch {
            throw ServiceError(error, status: .invalidArgument, field: error.location)
        }
    }

    private func add(_ request: LogitsRequest, _ work: Work) throws(ServiceError) {
        let options = PromptOptions(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
        var prompt = try prompts.tokens(request.prompt, options)
        try prompts.fit(&prompt, maxTokens: 1, truncates: false)
        let perStep = max(1, Self.logitsPerStepMax / max(1, prompts.vocabularySize))
        enqueue(
            prompt, work, capacity: prompt.tokens.count,
            purpose: .logits(allPositions: request.allPositions),
            chunkMax: request.allPositions ? perStep : .max)
    }

    private func enqueue(
        _ prompt: TokenizedPrompt, _ work: Work, capacity: Int, purpose: EngineTask.Purpose,
        chunkMax: Int
    ) {
        let task = EngineTask(
            work: work, prompt: prompt, capacity: capacity, purpose: purpose,
            vocabularySize: prompts.vocabularySize)
        tasks[work.ticket] = task
        let pages = (capacity + Self.pageTokens - 1) / Self.pageTokens
        let decodes = if case .generate = purpose { true } else { false }
        scheduler.add(
            ScheduledWork(
                id: work.ticket, promptCount: prompt.tokens.count,
                capacity: pages * Self.pageTokens, chunkMax: chunkMax, decodes: decodes,
                deadline: work.deadline))
    }

    // MARK: - Interruptions

    /// Ends a request before its time. Does nothing for a stranger.
    func cancel(_ ticket: UInt64, now: UInt64, report: (UInt64, WorkEvent) -> Void) {
        guard let task = tasks[ticket] else { return }
        scheduler.remove(ticket)
        end(task)
        report(ticket, task.interrupted(.cancelled, now: now))
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

    private func end(_ task: EngineTask) {
        tasks[task.ticket] = nil
        if let item = task.item { runner.close(item.sequence) }
    }

    /// Refuses from now on what was accepted before the model proved wrong.
    func distrust(_ error: ServiceError) { distrust = error }

    /// A file that lost pages under its mapping has been answering with zeros.
    func checkIntact() throws(ServiceError) {
        if let distrust { throw distrust }
        guard case .real(let model) = loaded, !model.isIntact else { return }
        throw ServiceError(
            .dataLoss, .modelDamaged,
            "answering with model \"\(name)\": its file was cut short while it was served; "
                + "unload it and load it again")
    }

    // MARK: - Steps

    /// Runs one step over everything that can move. Returns tokens computed, 0 for none.
    func step(now: UInt64, report: (UInt64, WorkEvent) -> Void) -> Int {
        scheduler.planStep(now: now, freeCapacity: runner.freeTokens, into: &plan)
        for ticket in plan.expired {
            guard let task = tasks[ticket] else { continue }
            end(task)
            report(ticket, task.interrupted(.deadline, now: now))
        }
        for ticket in plan.opened { open(ticket, now: now, report: report) }
        collectItems()
        guard !items.isEmpty else { return 0 }
        do throws(InferenceError) {
            // The runner is busy until it returns: what ends here is closed afterwards.
            try runner.step(items) { item, _, logits in
                let task = running[item].task
                task.accept(logits, now: ServerClock.now, into: &events)
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
            task.opened(try runner.open(capacity: task.capacity), now: now)
        } catch {
            scheduler.remove(ticket)
            tasks[ticket] = nil
            report(ticket, .failed(ServiceError(error, status: .resourceExhausted)))
        }
    }

    private func collectItems() {
        items.removeAll(keepingCapacity: true)
        running.removeAll(keepingCapacity: true)
        for share in plan.shares {
            guard let task = tasks[share.id], let item = task.prepare(share) else { continue }
            items.append(item)
            running.append((share, task))
        }
    }

    private func finishStep(since start: UInt64, report: (UInt64, WorkEvent) -> Void) {
        let end = ServerClock.now
        scheduler.observe(tokenCount: plan.tokenCount, microseconds: end - start)
        for (task, event) in stepEvents { settle(task, event, report: report) }
        stepEvents.removeAll(keepingCapacity: true)
        for (share, task) in running where !share.decodes && tasks[task.ticket] != nil {
            task.promptAdvanced(share, now: end, into: &events)
            for event in events { settle(task, event, report: report) }
            events.removeAll(keepingCapacity: true)
        }
        items.removeAll(keepingCapacity: true)
        running.removeAll(keepingCapacity: true)
    }

    /// Reports what a task brought forth; a final event ends it.
    private func settle(
        _ task: EngineTask, _ event: WorkEvent, report: (UInt64, WorkEvent) -> Void
    ) {
        if event.isFinal {
            scheduler.remove(task.ticket)
            end(task)
        }
        report(task.ticket, event)
    }

    private func failStep(_ error: InferenceError, report: (UInt64, WorkEvent) -> Void) {
        let failure = ServiceError(
            .internalError, .engineFailed, "running a step of model \"\(name)\": \(error.message)")
        for (_, task) in running where tasks[task.ticket] != nil {
            scheduler.remove(task.ticket)
            end(task)
            report(task.ticket, .failed(failure))
        }
    }
}
