// The inputs of Score and Embed: checked token ids, laid out as a root and its branches.
//
// Guarantees: refusals happen here, before any forward pass: empty and overlong inputs (with the
// excess), foreign tokens, answers too large for a frame to the peer, and texts that would stop the
// engine for long with tokenizing alone.

import Service
import Tokenizers
import Wire

/// A Score as the engine reads it.
struct ScoreInput {
    /// Tokens shared by all continuations, at least one.
    var root: [Int32]
    var branches: [ScoredBranch]
    /// Tokens of the prompt without continuations.
    var promptCount: Int
    var microseconds: UInt64
}

/// An Embed as the engine reads it.
struct EmbedInput {
    /// Tokens to read of each input.
    var branches: [[Int32]]
    /// Tokens of all inputs.
    var promptCount: Int
    var microseconds: UInt64
    /// The request's pooling, else the model's own.
    var pooling: Pooling
}

extension PromptPreparation {
    // MARK: - Score

    /// Lays out a prompt and its continuations.
    ///
    /// A text continuation is tokenized together with a text prompt, because the border may fall
    /// inside a token. Tokens after the common start of both tokenizations are scored. The root is
    /// the start that the prompt shares with all continuations.
    func score(
        _ request: ScoreRequest, _ work: Work, _ watch: EncodingWatch
    ) throws(ServiceError) -> ScoreInput {
        let answerSizeMax = work.answerSizeMax
        var options = PromptRules(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial, watch: watch)
        options.take(work)
        // The last token of a continuation is not read.
        options.countMax = contextLength + 1
        let start = ServerClock.now
        try checkTextSize(request)
        let prompt = try tokens(request.prompt, options).tokens
        try checkLength(prompt.count, "the prompt", field: "prompt")
        var wholes: [(tokens: [Int32], common: Int)] = []
        var answerSize = Self.accountSizeMax
        for (index, continuation) in request.continuations.enumerated() {
            let whole = try whole(prompt, request.prompt, continuation, options, index)
            wholes.append(whole)
            let scored = whole.tokens.count - whole.common
            answerSize += Self.scoreSizeMax + scored * (8 + 8 * Int(request.topLogprobs))
            try checkAnswer(answerSize, answerSizeMax)
        }
        let rootCount = wholes.map(\.common).min() ?? prompt.count
        let branches = wholes.map { whole in
            ScoredBranch(
                targets: Array(whole.tokens[rootCount...]), lead: whole.common - rootCount)
        }
        return ScoreInput(
            root: Array(prompt[..<rootCount]), branches: branches, promptCount: prompt.count,
            microseconds: ServerClock.now - start)
    }

    /// Returns prompt and continuation as a single list, and the number of tokens shared with the
    /// prompt.
    private func whole(
        _ prompt: [Int32], _ source: Prompt, _ continuation: Input, _ options: PromptRules,
        _ index: Int
    ) throws(ServiceError) -> (tokens: [Int32], common: Int) {
        var tokens: [Int32]
        var common = prompt.count
        switch (source, continuation) {
        case (_, .tokens(let ids)):
            tokens = prompt + (try checked(ids, field: "continuations"))
        case (.text(let before), .text(let text)):
            tokens = try encodeOpen(before + text, options)
            common = zip(prompt, tokens).prefix { $0 == $1 }.count
        case (_, .text(let text)):
            let alone = PromptRules(
                addSpecial: false, parseSpecial: false, watch: options.watch,
                countMax: options.countMax)
            tokens = prompt + (try encode(Array(text.utf8), alone))
        }
        guard tokens.count > common, continuation != .text("") else {
            throw ServiceError(
                .invalidArgument, .continuationEmpty,
                "reading continuation \(index): found no token, allowed: at least one",
                field: "continuations")
        }
        guard common > 0 else {
            throw ServiceError(
                .invalidArgument, .continuationNotScorable,
                "reading continuation \(index): together with the prompt it begins with another "
                    + "token, and nothing comes before that; begin the prompt with a begin token",
                field: "continuations")
        }
        // The last token is scored by the logits before it and needs no place.
        try checkLength(
            tokens.count - 1, "the prompt and continuation \(index)", field: "continuations")
        return (tokens, common)
    }

    /// Bounds the text to tokenize, because the prompt's text is tokenized again with every
    /// continuation.
    private func checkTextSize(_ request: ScoreRequest) throws(ServiceError) {
        guard case .text(let prompt) = request.prompt else { return }
        var size = 0
        for case .text(let text) in request.continuations {
            size += prompt.utf8.count + text.utf8.count
        }
        guard size > TokenizerLimits.textSizeMax else { return }
        throw ServiceError(
            .outOfRange, .promptTooLong,
            "reading the continuations: found \(size) bytes to tokenize, the prompt counted with "
                + "each, \(size - TokenizerLimits.textSizeMax) more than "
                + "\(TokenizerLimits.textSizeMax); send fewer, or the prompt as tokens",
            field: "continuations")
    }

    /// Bytes of a Score without its lists, and of the rest of the answer.
    private static let scoreSizeMax = 128
    private static let accountSizeMax = 1024

    private func checkAnswer(_ size: Int, _ sizeMax: Int) throws(ServiceError) {
        guard size > sizeMax else { return }
        throw ServiceError(
            .outOfRange, .answerTooLarge,
            "reading the continuations: found more tokens than the \(sizeMax) bytes of an answer "
                + "hold; send fewer continuations or ask for fewer top_logprobs",
            field: "continuations")
    }

    // MARK: - Embed

    /// Tokenizes and checks every input. Under causal attention the first position depends on no
    /// later position, so `cls` pooling reads only the first.
    func embed(
        _ request: EmbedRequest, _ watch: EncodingWatch
    ) throws(ServiceError) -> EmbedInput {
        var options = PromptRules(
            addSpecial: request.addSpecial, parseSpecial: request.parseSpecial, watch: watch)
        options.countMax = contextLength
        let start = ServerClock.now
        var result = EmbedInput(
            branches: [], promptCount: 0, microseconds: 0, pooling: request.pooling ?? pooling)
        for (index, input) in request.inputs.enumerated() {
            var tokens: [Int32]
            switch input {
            case .text(let text): tokens = try encode(Array(text.utf8), options)
            case .tokens(let ids): tokens = try checked(ids, field: "inputs")
            }
            guard !tokens.isEmpty else {
                throw ServiceError(
                    .invalidArgument, .promptEmpty,
                    "reading input \(index): found no token, allowed: 1 to \(contextLength)",
                    field: "inputs")
            }
            try checkLength(tokens.count, "input \(index)", field: "inputs")
            result.promptCount += tokens.count
            if isCausal, result.pooling == .cls { tokens.removeSubrange(1...) }
            result.branches.append(tokens)
        }
        result.microseconds = ServerClock.now - start
        return result
    }

    private func checkLength(
        _ count: Int, _ what: String, field: String
    ) throws(ServiceError) {
        guard count > contextLength else { return }
        throw ServiceError(
            .outOfRange, .promptTooLong,
            "reading \(what): found \(count) tokens to read, \(count - contextLength) more than "
                + "the model's context of \(contextLength)", field: field)
    }
}
