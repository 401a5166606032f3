// From a request to what the engine takes in, or to the answer where no forward pass is needed.
//
// Guarantees: the work is bounded by the text's size. What cannot fit, because even the fewest
// tokens are too many, is refused before anything is tokenized. Any thread.

import Loading
import Service
import Tokenizers
import Wire

/// A request as the engine takes it in: token ids in place of text. Immutable, and shared by all
/// who handle the request.
final class PreparedWork: Sendable {
    enum Input: Sendable {
        case generate(GenerateRequest, TokenizedPrompt)
        case logits(LogitsRequest, TokenizedPrompt)
        case score(ScoreRequest, ScoreInput)
        case embed(EmbedRequest, EmbedInput)
    }

    let work: Work
    let input: Input
    /// Time the preparation began.
    let startedAt: UInt64

    init(_ work: Work, _ input: Input, startedAt: UInt64) {
        self.work = work
        self.input = input
        self.startedAt = startedAt
    }
}

/// Outcome of a preparation.
enum Preparation: Sendable {
    case answer(WorkEvent)
    case work(PreparedWork)
}

extension PromptPreparation {
    /// Tokenizes or detokenizes.
    ///
    /// - Throws: `cancelled` soon after `watch` was cancelled, or the refusal of the request.
    func prepare(
        _ work: Work, _ watch: EncodingWatch, now: UInt64
    ) throws(ServiceError) -> Preparation {
        let input: PreparedWork.Input
        switch work.request {
        case .tokenize(let request):
            return .answer(try tokenize(request, work, watch, now: now))
        case .detokenize(let request):
            return .answer(try detokenize(request, work, now: now))
        case .render(let request):
            return .answer(try render(request, work, watch, now: now))
        case .generate(let request):
            var rules = PromptRules(
                addSpecial: request.addSpecial, parseSpecial: request.parseSpecial, watch: watch)
            rules.take(work)
            rules.countMax = request.truncatePrompt ? .max : contextLength
            var prompt = try tokens(request.prompt, rules)
            try fit(
                &prompt, maxTokens: Int(request.maxTokens), truncates: request.truncatePrompt)
            input = .generate(request, prompt)
        case .logits(let request):
            var rules = PromptRules(
                addSpecial: request.addSpecial, parseSpecial: request.parseSpecial, watch: watch)
            rules.take(work)
            rules.countMax = contextLength
            var prompt = try tokens(request.prompt, rules)
            try fit(&prompt, maxTokens: 1, truncates: false)
            input = .logits(request, prompt)
        case .score(let request):
            input = .score(request, try score(request, work, watch))
        case .embed(let request):
            input = .embed(request, try embed(request, watch))
        case .load, .swap, .verify:
            preconditionFailure("what is done to models has no prompt")
        }
        return .work(PreparedWork(work, input, startedAt: now))
    }

    /// Bytes to tokenize, and a byte for each id. The cost of a preparation grows with the size.
    static func size(of request: Work.Request) -> Int {
        switch request {
        case .tokenize(let request): request.text.count
        case .detokenize(let request): request.tokens.count
        case .generate(let request): request.conversation?.size ?? request.prompt.size
        case .logits(let request): request.conversation?.size ?? request.prompt.size
        case .score(let request):
            (request.conversation?.size ?? request.prompt.size)
                + request.continuations.reduce(0) { $0 + request.prompt.size + $1.size }
        case .render(let request): request.conversation?.size ?? 0
        case .embed(let request): request.inputs.reduce(0) { $0 + $1.size }
        case .load, .swap, .verify: 0
        }
    }

    private func tokenize(
        _ request: TokenizeRequest, _ work: Work, _ watch: EncodingWatch, now: UInt64
    ) throws(ServiceError) -> WorkEvent {
        let countMax = work.answerSizeMax / MemoryLayout<UInt32>.size
        let least = tokenizer.leastTokenCount(ofSize: request.text.count)
        guard least <= countMax else {
            throw .answerTooLarge(
                "tokenizing a text", "at least \(least) tokens", sizeMax: work.answerSizeMax)
        }
        var rules = PromptRules(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial, watch: watch)
        rules.countMax = .max
        let tokens = try encode(request.text, rules)
        guard tokens.count <= countMax else {
            throw .answerTooLarge(
                "tokenizing a text", "\(tokens.count) tokens", sizeMax: work.answerSizeMax)
        }
        let done = ServerClock.now
        return .tokenized(
            TokenizeResponse(
                tokens: tokens.map { UInt32(bitPattern: $0) },
                answer: Self.account(work, from: now, to: done)),
            at: done)
    }

    private func detokenize(
        _ request: DetokenizeRequest, _ work: Work, now: UInt64
    ) throws(ServiceError) -> WorkEvent {
        let text = tokenizer.decode(
            try checked(request.tokens), special: false, sizeMax: work.answerSizeMax)
        guard text.count <= work.answerSizeMax else {
            throw .answerTooLarge(
                "detokenizing \(request.tokens.count) tokens", "at least \(text.count) bytes",
                sizeMax: work.answerSizeMax)
        }
        let done = ServerClock.now
        return .detokenized(
            DetokenizeResponse(text: text, answer: Self.account(work, from: now, to: done)),
            at: done)
    }

    /// Returns the record of an answer without a forward pass.
    static func account(_ work: Work, from start: UInt64, to end: UInt64) -> AnswerRecord {
        let timing = Timing(
            accept: work.acceptedAt - work.receivedAt,
            queue: start - min(start, work.acceptedAt), tokenize: end - start)
        return AnswerRecord(
            model: "", device: "", timing: timing, templateTime: work.templateTime)
    }
}

extension ServiceError {
    static func answerTooLarge(
        _ tried: String, _ found: String, sizeMax: Int
    ) -> ServiceError {
        ServiceError(
            .outOfRange, .answerTooLarge,
            "\(tried): found \(found), more than the \(sizeMax) bytes of an answer hold; send less "
                + "at once")
    }
}

extension PromptRules {
    /// Takes over the conversation and the time of a request.
    mutating func take(_ work: Work) {
        conversation = work.request.template?.conversation
        templateTime = work.templateTime ?? 0
    }
}

extension Prompt {
    /// Bytes of text, and a byte for each id.
    fileprivate var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let ids): ids.count
        case .messages(let messages): messages.reduce(0) { $0 + 64 + $1.content.utf8.count }
        }
    }
}

extension Input {
    /// Bytes of text, and a byte for each id.
    fileprivate var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let ids): ids.count
        }
    }
}
