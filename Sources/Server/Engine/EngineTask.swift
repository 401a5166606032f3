// One request while the engine works on it: its tokens, its cache, what it has said so far.
//
// Confined to the engine thread. It turns logits into wire messages; when to run, and what else
// runs in the same step, is the scheduler's business.

import Inference
import Service
import Wire

/// State of one request in the engine.
final class EngineTask {
    /// What is done with the logits.
    enum Purpose {
        case generate(Generation, stops: [String])
        case logits(allPositions: Bool)
    }

    let work: Work
    /// Cache positions to open the sequence with.
    let capacity: Int
    private let prompt: [Int32]
    private let tokenizeMicroseconds: UInt64
    private let vocabularySize: Int
    private let degradations: [String]
    private var purpose: Purpose
    /// The open sequence and the item that is handed to the runner, reused from step to step.
    private(set) var item: StepItem?

    private var openedAt: UInt64?
    private var firstTokenAt: UInt64?
    private var lastToken: Int32 = 0
    private var positionCount = 0
    private var values: [Float] = []

    init(
        work: Work, prompt: TokenizedPrompt, capacity: Int, purpose: Purpose, vocabularySize: Int
    ) {
        self.work = work
        self.capacity = capacity
        self.prompt = prompt.tokens
        self.tokenizeMicroseconds = prompt.microseconds
        self.degradations = prompt.degradations
        self.purpose = purpose
        self.vocabularySize = vocabularySize
    }

    var ticket: UInt64 { work.ticket }

    /// Whether work has begun: then an early end of a generation is an answer, not an error.
    private var hasBegun: Bool { openedAt != nil }

    /// Starts to run.
    func opened(_ sequence: SequenceID, now: UInt64) {
        openedAt = now
        item = StepItem(sequence: sequence, tokens: [0], wants: .last)
    }

    /// The runner's item for a share of the plan.
    func prepare(_ share: StepShare) -> StepItem? {
        guard var next = item else { return nil }
        item = nil  // Keeps the token array unshared, so that it is changed in place.
        if share.decodes {
            if next.tokens.count == 1 {
                next.tokens[0] = lastToken
            } else {
                next.tokens = [lastToken]
            }
            next.wants = .last
        } else {
            next.tokens = Array(prompt[share.prompt])
            next.wants = wants(share)
        }
        item = next
        return next
    }

    private func wants(_ share: StepShare) -> StepItem.Logits {
        if case .logits(allPositions: true) = purpose { return .all }
        return share.endsPrompt ? .last : .none
    }

    // MARK: - Progress

    /// Takes the logits of one position. Returns the events they bring.
    func accept(
        _ logits: UnsafeBufferPointer<Float>, now: UInt64, into events: inout [WorkEvent]
    ) {
        if firstTokenAt == nil { firstTokenAt = now }
        positionCount += 1
        switch purpose {
        case .generate(var generation, let stops):
            // Taken out while it changes, so that its buffers are not copied.
            purpose = .logits(allPositions: false)
            defer { purpose = .generate(generation, stops: stops) }
            do throws(InferenceError) {
                let step = try generation.accept(logits)
                tell(step, generation, stops, now: now, into: &events)
            } catch {
                events.append(.failed(ServiceError(error, status: .internalError)))
            }
        case .logits:
            values.append(contentsOf: logits)
            sendFullChunks(into: &events)
        }
    }

    /// A part of the prompt was read. Returns the events that brings.
    func promptAdvanced(_ share: StepShare, now: UInt64, into events: inout [WorkEvent]) {
        switch purpose {
        case .generate:
            guard !share.endsPrompt else { return }
            events.append(
                .generateChunk(
                    GenerateChunk(
                        promptDone: UInt64(share.prompt.upperBound),
                        promptTotal: UInt64(prompt.count))))
        case .logits:
            guard share.endsPrompt else { return }
            // The last frame also carries the account: a rest that fills it goes ahead.
            if values.count > work.logitsChunkCount / 2 {
                events.append(.logitsChunk(LogitsChunk(logits: takeValues(values.count))))
            }
            let answer = LogitsResponse(
                logits: takeValues(values.count), vocabulary: UInt64(vocabularySize),
                positions: UInt64(positionCount), answer: account(now: now))
            events.append(.logits(answer, at: now))
        }
    }

    /// Ends before its time: with what there is, or with an error when there is nothing yet.
    func interrupted(_ reason: Wire.FinishReason, now: UInt64) -> WorkEvent {
        let attempt = "answering a request to model \"\(work.model?.name ?? "")\""
        guard hasBegun, case .generate(var generation, _) = purpose else {
            return .failed(reason == .deadline ? .deadline(attempt) : .cancelled(attempt))
        }
        let rest = generation.finish(reason == .deadline ? .deadline : .cancelled)
        return .generated(
            GenerateResponse(
                text: String(decoding: rest, as: UTF8.self), finishReason: reason,
                promptTokens: UInt64(prompt.count),
                completionTokens: UInt64(generation.tokenCount), answer: account(now: now)),
            at: now)
    }

    private func tell(
        _ step: Generation.Step, _ generation: Generation, _ stops: [String], now: UInt64,
        into events: inout [WorkEvent]
    ) {
        let tokens = step.token.map { [UInt32(bitPattern: $0)] } ?? []
        // Whole characters only: `Generation` promises valid UTF-8, so nothing is replaced here.
        let text = String(decoding: step.text, as: UTF8.self)
        if let token = step.token { lastToken = token }
        guard let finish = step.finish else {
            events.append(.generateChunk(GenerateChunk(tokens: tokens, text: text)))
            return
        }
        events.append(
            .generated(
                GenerateResponse(
                    tokens: tokens, text: text, finishReason: Wire.FinishReason(finish),
                    stopMatched: generation.matchedStopIndex.map { stops[$0] },
                    promptTokens: UInt64(prompt.count),
                    completionTokens: UInt64(generation.tokenCount), answer: account(now: now)),
                at: now))
    }

    private func sendFullChunks(into events: inout [WorkEvent]) {
        while values.count >= work.logitsChunkCount {
            events.append(.logitsChunk(LogitsChunk(logits: takeValues(work.logitsChunkCount))))
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

    // MARK: - Account

    /// Time and degradations; who answered is filled in on the network side.
    private func account(now: UInt64) -> AnswerRecord {
        let opened = openedAt ?? now
        let first = firstTokenAt ?? now
        let waited = opened - min(opened, work.acceptedAt)
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: waited - min(waited, tokenizeMicroseconds), tokenize: tokenizeMicroseconds,
            prefill: first - opened, decode: now - first)
        return AnswerRecord(model: "", device: "", timing: timing, degradations: degradations)
    }
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
