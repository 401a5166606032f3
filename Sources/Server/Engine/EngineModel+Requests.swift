// Begins each kind of request in the engine: an answer at once, a refusal, or a task.
//
// Guarantees: a request that can never fit is refused here with the excess. Only its tokens were
// computed.

import Inference
import Service
import Wire

extension EngineModel {
    /// Most logit values of a request in a step. Bounds the data waiting to be sent.
    private static let logitsPerStepMax = 1 << 18

    /// Starts a request or answers at once. Engine thread. Tokenizes.
    func begin(_ work: Work, now: UInt64, report: (UInt64, WorkEvent) -> Void) {
        do throws(ServiceError) {
            if let distrust { throw distrust }
            switch work.request {
            case .tokenize(let request):
                report(work.ticket, try tokenize(request, work, now: now))
            case .detokenize(let request):
                report(work.ticket, try detokenize(request, work, now: now))
            case .generate(let request):
                report(work.ticket, .started(try add(request, work, now: now)))
            case .logits(let request):
                try add(request, work)
            case .score(let request):
                try add(request, work)
            case .embed(let request):
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
        let options = PromptRules(
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

    /// Returns the record of an answer without a forward pass.
    private static func account(_ work: Work, from start: UInt64, to end: UInt64) -> AnswerRecord {
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: start - min(start, work.acceptedAt), tokenize: end - start)
        return AnswerRecord(model: "", device: "", timing: timing)
    }

    // MARK: - Generate and Logits

    private func add(
        _ request: GenerateRequest, _ work: Work, now: UInt64
    ) throws(ServiceError) -> WorkStart {
        guard request.minTokens <= request.maxTokens else {
            throw ServiceError(
                .invalidArgument, .init(WireError.Code.fieldOutOfRange.name),
                "reading min_tokens: found \(request.minTokens), allowed: at most max_tokens, "
                    + "\(request.maxTokens)", field: "min_tokens")
        }
        let options = PromptRules(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
        var prompt = try prompts.tokens(request.prompt, options)
        let asked = Int(request.maxTokens)
        try prompts.fit(&prompt, maxTokens: asked, truncates: request.truncatePrompt)
        // The last token of an answer is never fed back, so it takes no place.
        let room = prompts.contextLength - prompt.tokens.count + 1
        let completion = try completion(request, min(asked, room))
        let promptTop = request.promptLogprobs.map { topCount($0) }
        let task = SequenceTask(
            work: work, prompt: prompt,
            positionCountMax: prompt.tokens.count + min(asked, room) - 1,
            purpose: .generate(completion, stops: request.stop),
            vocabularySize: prompts.vocabularySize, promptTopCount: promptTop)
        enqueue(
            task,
            ScheduledWork(
                id: work.ticket, promptCount: prompt.tokens.count, capacity: task.capacity,
                chunkMax: promptTop.map { Self.logitsPerStepMax / (2 + 2 * $0) } ?? .max,
                deadline: work.deadline, turn: work.turn))
        return WorkStart(
            promptTokens: UInt64(prompt.tokens.count), acceptedAt: work.acceptedAt, startedAt: now,
            tokenizeMicroseconds: prompt.microseconds, degradations: prompt.degradations)
    }

    private func completion(
        _ request: GenerateRequest, _ tokensMax: Int
    ) throws(ServiceError) -> Completion {
        var options = CompletionOptions()
        options.maxTokens = tokensMax
        options.minTokens = Int(request.minTokens)
        options.stopsAtEndTokens = !request.ignoreEos
        options.stops = request.stop.map { Array($0.utf8) }
        options.logProbabilityCount = request.logprobs.map { topCount($0) }
        options.sampling.temperature = request.temperature
        options.sampling.topK = Int(request.topK)
        options.sampling.topP = request.topP
        options.sampling.minP = request.minP
        options.sampling.seed = request.seed
        do throws(InferenceError) {
            return try Completion(tokenizer: prompts.tokenizer, options: options)
        } catch {
            throw ServiceError(error, status: .invalidArgument, field: error.location)
        }
    }

    /// Bounds the requested count by the vocabulary, which may be smaller.
    private func topCount(_ asked: UInt64) -> Int { min(Int(asked), prompts.vocabularySize) }

    private func add(_ request: LogitsRequest, _ work: Work) throws(ServiceError) {
        let options = PromptRules(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial)
        var prompt = try prompts.tokens(request.prompt, options)
        try prompts.fit(&prompt, maxTokens: 1, truncates: false)
        let perStep = max(1, Self.logitsPerStepMax / max(1, prompts.vocabularySize))
        let task = SequenceTask(
            work: work, prompt: prompt, positionCountMax: prompt.tokens.count,
            purpose: .logits(allPositions: request.allPositions),
            vocabularySize: prompts.vocabularySize)
        enqueue(
            task,
            ScheduledWork(
                id: work.ticket, promptCount: prompt.tokens.count, capacity: task.capacity,
                chunkMax: request.allPositions ? perStep : .max, decodes: false,
                deadline: work.deadline, turn: work.turn))
    }

    // MARK: - Score and Embed

    private func add(_ request: ScoreRequest, _ work: Work) throws(ServiceError) {
        let input = try prompts.score(request, answerSizeMax: work.answerSizeMax)
        let reader = ScoreReader(
            rootCount: input.root.count, promptCount: input.promptCount,
            branches: input.branches, topCount: topCount(request.topLogprobs))
        try enqueue(
            work, root: input.root, branches: input.branches.map(\.read), reader,
            microseconds: input.microseconds, field: "continuations")
    }

    private func add(_ request: EmbedRequest, _ work: Work) throws(ServiceError) {
        let input = try prompts.embed(request)
        let reader = EmbedReader(
            counts: input.branches.map(\.count), promptCount: input.promptCount,
            pooling: request.pooling, normalizes: request.normalize, dimensions: embeddingLength,
            chunkCount: work.logitsChunkCount)
        try enqueue(
            work, root: [], branches: input.branches, reader, microseconds: input.microseconds,
            field: "inputs")
    }

    private func enqueue(
        _ work: Work, root: [Int32], branches: [[Int32]], _ reader: any BranchReader,
        microseconds: UInt64, field: String
    ) throws(ServiceError) {
        let line = BranchLine(rootCount: root.count, branchCounts: branches.map(\.count))
        guard let grant = line.grant(of: stepTokensMax, pageCount: pageCount) else {
            let needed = line.pages(grantMax: 1)
            throw ServiceError(
                .outOfRange, .promptTooLong,
                "reserving cache: found \(needed * CachePages.size) positions, "
                    + "\((needed - pageCount) * CachePages.size) more than the cache of "
                    + "\(pageCount * CachePages.size)", field: field)
        }
        let task = BranchingTask(
            work: work, root: root, branches: branches, line: line, pages: grant.pages,
            reader: reader, microseconds: microseconds)
        enqueue(
            task,
            ScheduledWork(
                id: work.ticket, promptCount: line.count, capacity: task.capacity,
                chunkMax: grant.tokens, rootCount: root.count, decodes: false,
                deadline: work.deadline, turn: work.turn))
    }
}
