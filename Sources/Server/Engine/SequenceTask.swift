// A request with a single sequence: Generate and Logits.
//
// The task turns logits into wire messages, and keeps the runner's item from step to step so that a
// steady decode allocates little. Log-probabilities of the prompt are sent while the prompt is
// read.

import Inference
import Service
import Wire

/// See the head of the file.
final class SequenceTask: EngineTask {
    /// Use of the logits.
    enum Purpose {
        case generate(Completion, stops: [String])
        case logits(allPositions: Bool)
    }

    let prepared: PreparedWork
    let capacity: Int
    private let prompt: [Int32]
    /// Sampled tokens that were read.
    private var readTokens: [Int32] = []
    private var promptDone = 0
    private let positionCountMax: Int
    private let vocabularySize: Int
    private var purpose: Purpose
    /// Likeliest tokens beside each token of the answer, or nil for no log-probabilities.
    private let sampledTopCount: Int?
    private var account: TaskAccount
    var delivered = Delivery()
    /// The open sequence and the item for the runner, reused from step to step.
    private var item: StepItem?
    private var lastToken: Int32 = 0
    private var positionCount = 0
    private var values: [Float] = []
    /// Log-probabilities of the prompt not yet sent, or nil when the request does not ask for them.
    private var promptLogprobs: Logprobs?

    /// - Parameters:
    ///   - positionCountMax: positions of prompt and answer together.
    ///   - promptTopCount: likeliest tokens beside each token of the prompt, or nil for no
    ///     log-probabilities of the prompt.
    init(
        _ prepared: PreparedWork, prompt: TokenizedPrompt, positionCountMax: Int,
        purpose: Purpose,
        vocabularySize: Int, promptTopCount: Int? = nil
    ) {
        self.prepared = prepared
        self.positionCountMax = positionCountMax
        self.capacity = CachePages.count(positionCountMax) * CachePages.size
        self.prompt = prompt.tokens
        self.purpose = purpose
        if case .generate(let completion, _) = purpose {
            sampledTopCount = completion.options.logProbabilityCount
        } else {
            sampledTopCount = nil
        }
        self.vocabularySize = vocabularySize
        promptLogprobs = promptTopCount.map { Logprobs(topCount: UInt64($0)) }
        account = TaskAccount(
            prepared.work, tokenizeMicroseconds: prompt.microseconds,
            degradations: prompt.degradations)
    }

    let unusedCapacity = 0

    func open(on runner: any ModelRunner, now: UInt64) throws(InferenceError) {
        item = StepItem(
            sequence: try runner.open(capacity: positionCountMax), tokens: [0], wants: .last)
        account.opened(at: now)
    }

    func close(on runner: any ModelRunner) {
        if let item { runner.close(item.sequence) }
        item = nil
    }

    func suspend(on runner: any ModelRunner) -> [Range<Int>] {
        close(on: runner)
        return [0..<promptDone + readTokens.count]
    }

    func prepare(
        _ grant: StepGrant, on runner: any ModelRunner, into items: inout [StepItem]
    ) throws(InferenceError) {
        guard var next = item else {
            preconditionFailure("request \(ticket) gets a step before its sequence opens")
        }
        item = nil  // Keeps the token array unshared, so that it is changed in place.
        if grant.decodes {
            if next.tokens.count == 1 {
                next.tokens[0] = lastToken
            } else {
                next.tokens = [lastToken]
            }
            next.wants = .last
            next.topCount = sampledTopCount
            next.choice = nextChoice()
            readTokens.append(lastToken)
        } else if grant.isReread {
            next.tokens = tokens(at: grant.prompt)
            next.wants = .none
            next.choice = nil
        } else {
            next.tokens = Array(prompt[grant.prompt])
            next.wants = wants(grant)
            next.topCount = topCount(grant)
            next.choice = grant.endsPrompt ? nextChoice() : nil
            promptDone = grant.prompt.upperBound
        }
        item = next
        items.append(next)
    }

    /// Tokens of prompt and answer at positions that were read before.
    private func tokens(at range: Range<Int>) -> [Int32] {
        let ofPrompt = prompt[range.clamped(to: 0..<prompt.count)]
        let first = max(0, range.lowerBound - prompt.count)
        let end = max(0, range.upperBound - prompt.count)
        return Array(ofPrompt) + readTokens[first..<end]
    }

    /// Returns the choice of the answer's next token, or nil for a request that generates none.
    private func nextChoice() -> TokenChoice? {
        guard case .generate(var completion, let stops) = purpose else { return nil }
        // Taken out during the change, so that its buffers are not copied.
        purpose = .logits(allPositions: false)
        defer { purpose = .generate(completion, stops: stops) }
        return completion.nextChoice(vocabularySize: vocabularySize)
    }

    private func wants(_ grant: StepGrant) -> StepItem.Logits {
        if case .logits(allPositions: true) = purpose { return .all }
        if promptLogprobs != nil { return .all }
        return grant.endsPrompt ? .last : .none
    }

    /// Likeliest tokens that a range of the prompt needs. Its last position also begins the answer.
    private func topCount(_ grant: StepGrant) -> Int? {
        let ofPrompt = promptLogprobs.map { Int($0.topCount) }
        guard grant.endsPrompt, let sampled = sampledTopCount else { return ofPrompt }
        return max(sampled, ofPrompt ?? 0)
    }

    // MARK: - Progress

    func accept(
        _ row: StepRow, part: Int, now: UInt64, into events: inout [WorkEvent]
    ) throws(InferenceError) {
        if promptLogprobs != nil, row.position + 1 < prompt.count {
            return try score(prompt[row.position + 1], row, into: &events)
        }
        sendPromptLogprobs(into: &events)
        account.answered(at: now)
        positionCount += 1
        switch purpose {
        case .generate(var completion, let stops):
            // Taken out during the change, so that its buffers are not copied.
            purpose = .logits(allPositions: false)
            defer { purpose = .generate(completion, stops: stops) }
            let step = try completion.accept(
                row.chosen(), of: row.values, logProbabilities: row.logProbabilities?.get())
            tell(step, completion, stops, now: now, into: &events)
        case .logits:
            values.append(contentsOf: row.values)
            sendFullChunks(into: &events)
        }
    }

    func advanced(
        _ grant: StepGrant, on runner: any ModelRunner, now: UInt64,
        into events: inout [WorkEvent]
    ) {
        switch purpose {
        case .generate:
            guard !grant.endsPrompt else { return }
            sendPromptLogprobs(into: &events)
            events.append(
                .generateChunk(
                    GenerateChunk(
                        promptDone: UInt64(grant.prompt.upperBound),
                        promptTotal: UInt64(prompt.count))))
        case .logits:
            guard grant.endsPrompt else { return }
            // The last frame also carries the record, so a rest that fills the frame goes ahead.
            if values.count > prepared.work.logitsChunkCount / 2 {
                events.append(.logitsChunk(LogitsChunk(logits: takeValues(values.count))))
            }
            let answer = LogitsResponse(
                logits: takeValues(values.count), vocabulary: UInt64(vocabularySize),
                positions: UInt64(positionCount), answer: account.record(now: now))
            events.append(.logits(answer, at: now))
        }
    }

    func interrupted(_ reason: FinishReason, now: UInt64) -> WorkEvent {
        guard account.openedAt != nil, case .generate(var completion, _) = purpose else {
            return unanswered(reason)
        }
        let rest = completion.finish(reason == .deadline ? .deadline : .cancelled)
        return .generated(
            GenerateResponse(
                text: String(decoding: rest, as: UTF8.self), finishReason: reason,
                promptTokens: UInt64(prompt.count),
                completionTokens: UInt64(completion.tokenCount),
                answer: account.record(now: now)),
            at: now)
    }

    private func tell(
        _ step: Completion.Step, _ completion: Completion, _ stops: [String], now: UInt64,
        into events: inout [WorkEvent]
    ) {
        let tokens = step.token.map { [UInt32(bitPattern: $0)] } ?? []
        // Whole characters only: `Completion` promises valid UTF-8, so nothing is replaced here.
        let text = String(decoding: step.text, as: UTF8.self)
        if let token = step.token { lastToken = token }
        var logprobs: Logprobs?
        if let found = step.logProbability {
            logprobs = Logprobs(topCount: UInt64(step.alternatives.count))
            logprobs?.append(found.token, found.value, top: step.alternatives)
        }
        guard let finish = step.finish else {
            events.append(
                .generateChunk(GenerateChunk(tokens: tokens, text: text, logprobs: logprobs)))
            return
        }
        events.append(
            .generated(
                GenerateResponse(
                    tokens: tokens, text: text, finishReason: FinishReason(finish),
                    stopMatched: completion.matchedStopIndex.map { stops[$0] },
                    promptTokens: UInt64(prompt.count),
                    completionTokens: UInt64(completion.tokenCount), logprobs: logprobs,
                    answer: account.record(now: now)),
                at: now))
    }

    // MARK: - Log-probabilities of the prompt

    private func score(
        _ token: Int32, _ row: StepRow, into events: inout [WorkEvent]
    ) throws(InferenceError) {
        guard let topCount = promptLogprobs?.topCount else { return }
        let found = try row.scored()
        promptLogprobs?.append(
            token, found.value(ofLogit: row.values[Int(token)]),
            top: Array(found.top.prefix(Int(topCount))))
        // The frame of a token takes as much as four values, besides its alternatives.
        let chunkCount = max(1, prepared.work.logitsChunkCount / (4 + 2 * Int(topCount)) / 2)
        if let pending = promptLogprobs, pending.count >= chunkCount {
            sendPromptLogprobs(into: &events)
        }
    }

    private func sendPromptLogprobs(into events: inout [WorkEvent]) {
        guard let pending = promptLogprobs, pending.count > 0 else { return }
        events.append(.generateChunk(GenerateChunk(promptLogprobs: pending)))
        promptLogprobs = Logprobs(topCount: pending.topCount)
    }

    // MARK: - Values

    private func sendFullChunks(into events: inout [WorkEvent]) {
        while values.count >= prepared.work.logitsChunkCount {
            let chunk = takeValues(prepared.work.logitsChunkCount)
            events.append(.logitsChunk(LogitsChunk(logits: chunk)))
        }
    }

    private func takeValues(_ count: Int) -> [Float] {
        if count == values.count {
            defer { values = [] }
            return values
        }
        defer { values.removeFirst(count) }
        return Array(values.prefix(count))
    }
}
