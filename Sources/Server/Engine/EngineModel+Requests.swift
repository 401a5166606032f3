// Takes each kind of request into the engine: a task, or a refusal.
//
// Guarantees: a request that can never fit is refused here with the excess. Only its tokens were
// computed.

import Inference
import Service
import Wire

extension EngineModel {
    /// Takes a request in, or refuses it. Engine thread.
    func begin(_ prepared: PreparedWork, report: (PreparedWork, WorkEvent) -> Void) {
        do throws(ServiceError) {
            if let distrust { throw distrust }
            try checkText(prepared)
            switch prepared.input {
            case .generate(let request, let prompt):
                report(prepared, .started(try add(request, prompt, prepared)))
            case .logits(let request, let prompt):
                add(request, prompt, prepared)
            case .score(let request, let input):
                try add(request, input, prepared)
            case .embed(let request, let input):
                try add(request, input, prepared)
            }
        } catch {
            report(prepared, .failed(error))
        }
    }

    /// Refuses everything but Embed for a model that makes no text.
    private func checkText(_ prepared: PreparedWork) throws(ServiceError) {
        if case .embed = prepared.input { return }
        guard let textRefusal else { return }
        throw ServiceError(
            .failedPrecondition, isCausal ? .modelMakesNoText : .modelNotCausal,
            "choosing the model: found \(textRefusal); allowed: Embed, Tokenize, Detokenize",
            field: "model")
    }

    // MARK: - Generate and Logits

    private func add(
        _ request: GenerateRequest, _ prompt: TokenizedPrompt, _ prepared: PreparedWork
    ) throws(ServiceError) -> WorkStart {
        guard request.minTokens <= request.maxTokens else {
            throw ServiceError(
                .invalidArgument, .init(WireError.Code.fieldOutOfRange.name),
                "reading min_tokens: found \(request.minTokens), allowed: at most max_tokens, "
                    + "\(request.maxTokens)", field: "min_tokens")
        }
        let work = prepared.work
        // The last token of an answer is never fed back, so it takes no place.
        let room = contextLength - prompt.tokens.count + 1
        let tokensMax = min(Int(request.maxTokens), room)
        let completion = try completion(request, tokensMax)
        let promptTop = request.promptLogprobs.map { topCount($0) }
        let task = SequenceTask(
            prepared, prompt: prompt, positionCountMax: prompt.tokens.count + tokensMax - 1,
            purpose: .generate(completion, stops: request.stop), vocabularySize: vocabularySize,
            promptTopCount: promptTop)
        var scheduled = ScheduledWork(
            id: work.ticket, promptCount: prompt.tokens.count, capacity: task.capacity,
            deadline: work.deadline, turn: work.turn)
        if let promptTop {
            scheduled.promptKind = .logprobs
            scheduled.outputPerToken = 8 + 8 * promptTop
        }
        if request.logprobs != nil { scheduled.sampledKind = .logprobs }
        enqueue(task, scheduled)
        return WorkStart(
            promptTokens: UInt64(prompt.tokens.count), acceptedAt: work.acceptedAt,
            startedAt: prepared.startedAt, tokenizeMicroseconds: prompt.microseconds,
            degradations: prompt.degradations, templateTime: work.templateTime)
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
            return try Completion(tokenizer: tokenizer, options: options)
        } catch {
            throw ServiceError(error, status: .invalidArgument, field: error.location)
        }
    }

    /// Bounds the requested count by the vocabulary, which may be smaller.
    private func topCount(_ asked: UInt64) -> Int { min(Int(asked), vocabularySize) }

    private func add(
        _ request: LogitsRequest, _ prompt: TokenizedPrompt, _ prepared: PreparedWork
    ) {
        let work = prepared.work
        let task = SequenceTask(
            prepared, prompt: prompt, positionCountMax: prompt.tokens.count,
            purpose: .logits(allPositions: request.allPositions), vocabularySize: vocabularySize)
        var scheduled = ScheduledWork(
            id: work.ticket, promptCount: prompt.tokens.count, capacity: task.capacity,
            decodes: false, deadline: work.deadline, turn: work.turn)
        if request.allPositions {
            scheduled.promptKind = .logits
            scheduled.outputPerToken = vocabularySize * MemoryLayout<Float>.size
        }
        enqueue(task, scheduled)
    }

    // MARK: - Score and Embed

    private func add(
        _ request: ScoreRequest, _ input: ScoreInput, _ prepared: PreparedWork
    ) throws(ServiceError) {
        let reader = ScoreReader(
            rootCount: input.root.count, promptCount: input.promptCount,
            branches: input.branches, topCount: topCount(request.topLogprobs))
        try enqueue(
            prepared, root: input.root, branches: input.branches.map(\.read), reader,
            microseconds: input.microseconds, field: "continuations"
        ) { scheduled in
            scheduled.promptKind = .logprobs
            scheduled.outputAtEnd =
                scheduled.promptCount * (8 + 8 * topCount(request.topLogprobs))
        }
    }

    private func add(
        _ request: EmbedRequest, _ input: EmbedInput, _ prepared: PreparedWork
    ) throws(ServiceError) {
        let reader = EmbedReader(
            counts: input.branches.map(\.count), promptCount: input.promptCount,
            pooling: input.pooling, normalizes: request.normalize, dimensions: embeddingLength,
            chunkCount: prepared.work.logitsChunkCount)
        try enqueue(
            prepared, root: [], branches: input.branches, reader,
            microseconds: input.microseconds, field: "inputs"
        ) { scheduled in
            // The size of an answer is spread over the tokens that it is made of.
            let size = input.branches.count * embeddingLength * MemoryLayout<Float>.size
            scheduled.outputPerToken = (size + scheduled.promptCount - 1) / scheduled.promptCount
        }
    }

    private func enqueue(
        _ prepared: PreparedWork, root: [Int32], branches: [[Int32]], _ reader: any BranchReader,
        microseconds: UInt64, field: String, describe: (inout ScheduledWork) -> Void
    ) throws(ServiceError) {
        let work = prepared.work
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
            prepared, root: root, branches: branches, line: line, pages: grant.pages,
            reader: reader, microseconds: microseconds)
        var scheduled = ScheduledWork(
            id: work.ticket, promptCount: line.count, capacity: task.capacity,
            chunkMax: grant.tokens, rootCount: root.count, decodes: false,
            deadline: work.deadline, turn: work.turn)
        if !isCausal { scheduled.cuts = line.branchEnds }
        describe(&scheduled)
        enqueue(task, scheduled)
    }
}
