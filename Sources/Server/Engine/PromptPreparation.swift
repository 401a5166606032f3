// From a prompt on the wire to checked token ids that fit the model's context.
//
// Guarantees: every id is in the vocabulary. There is at least one id, and room for at least one
// token of the answer. An overlong prompt is refused with the excess, or cut at the beginning when
// the request allows the cut, and then the answer lists the degradation.

import Conversations
import Inference
import Service
import Tokenizers
import Wire

/// Checked token ids.
struct TokenizedPrompt {
    var tokens: [Int32]
    var microseconds: UInt64 = 0
    var degradations: [String] = []
}

/// Options for the tokens of a text.
struct PromptRules {
    var addSpecial: Bool
    var parseSpecial: Bool
    var watch: EncodingWatch?
    /// Ids above which a text is refused before it is encoded.
    var countMax = Int.max
    /// The conversation of a prompt that is one.
    var conversation: Conversation?
    /// Time for a chat template, in seconds since 1970.
    var templateTime: UInt64 = 0
}

/// Prepares prompts for a model. Any thread. Encoding takes time linear in the text.
struct PromptPreparation: Sendable {
    let tokenizer: any Tokenizer
    let chatTemplates: ChatTemplates
    /// Pooling of the model's own.
    let pooling: Pooling
    /// False when every position of an input depends on all of its tokens.
    let isCausal: Bool
    let vocabularySize: Int
    let contextLength: Int

    /// Tokenizes a prompt and checks the tokens.
    func tokens(
        _ prompt: Prompt, _ options: PromptRules
    ) throws(ServiceError) -> TokenizedPrompt {
        let start = ServerClock.now
        var result = TokenizedPrompt(tokens: [])
        switch prompt {
        case .text(let text):
            result.tokens = try encodeOpen(text, options)
        case .tokens(let ids):
            result.tokens = try checked(ids)
        case .messages:
            guard let conversation = options.conversation else {
                preconditionFailure("rules of a conversation without the conversation")
            }
            result.tokens = try encode(conversation, options)
        }
        guard !result.tokens.isEmpty else {
            throw ServiceError(
                .invalidArgument, .promptEmpty,
                "reading the prompt: found no token, allowed: 1 to \(contextLength)",
                field: "prompt")
        }
        result.microseconds = ServerClock.now - start
        return result
    }

    /// Returns the ids of a text.
    func encode(_ text: [UInt8], _ options: PromptRules) throws(ServiceError) -> [Int32] {
        let least = tokenizer.leastTokenCount(ofSize: text.count)
        guard least <= options.countMax else {
            throw ServiceError(
                .outOfRange, .promptTooLong,
                "reading a text of \(text.count) bytes: found at least \(least) tokens, "
                    + "\(least - options.countMax) more than the model's context of "
                    + "\(options.countMax); shorten it")
        }
        do throws(TokenizerError) {
            return try tokenizer.encode(
                text, addSpecial: options.addSpecial, parseSpecial: options.parseSpecial,
                watch: options.watch)
        } catch {
            throw ServiceError(error)
        }
    }

    /// Returns the ids of a text that more text follows, without the end tokens that some
    /// vocabularies put behind every text.
    func encodeOpen(_ text: String, _ options: PromptRules) throws(ServiceError) -> [Int32] {
        var tokens = try encode(Array(text.utf8), options)
        if options.addSpecial { tokens.removeLast(tokenizer.suffixTokens.count) }
        return tokens
    }

    /// Returns the ids of a request. Throws for an id outside the vocabulary.
    func checked(_ ids: [UInt32], field: String = "tokens") throws(ServiceError) -> [Int32] {
        if let index = ids.firstIndex(where: { $0 >= vocabularySize }) {
            throw ServiceError(
                .outOfRange, .tokenOutOfRange,
                "reading the tokens: found \(ids[index]) at index \(index), allowed: 0 to "
                    + "\(vocabularySize - 1)", field: field)
        }
        return ids.map { Int32($0) }
    }

    /// Refuses or cuts a prompt that leaves no room. A prompt that fills the context exactly still
    /// gives a token, because the last position's logits need no further place.
    func fit(
        _ prompt: inout TokenizedPrompt, maxTokens: Int, truncates: Bool
    ) throws(ServiceError) {
        let count = prompt.tokens.count
        guard count > contextLength else { return }
        guard truncates else {
            throw ServiceError(
                .outOfRange, .promptTooLong,
                "reading the prompt: found \(count) tokens, \(count - contextLength) more than the "
                    + "model's context of \(contextLength); shorten it or set truncate_prompt",
                field: "prompt")
        }
        // The end of the prompt is kept, with room for the answer but at least half a context of
        // prompt. A begin token stays in front, where the model was trained to see it.
        let kept = contextLength - min(maxTokens - 1, contextLength / 2)
        let begin = prompt.tokens.first.flatMap { $0 == tokenizer.beginToken ? $0 : nil }
        var tail = Array(prompt.tokens.suffix(kept))
        if let begin { tail[0] = begin }
        prompt.tokens = tail
        prompt.degradations.append(
            "truncated_context: \(count - kept) of \(count) prompt tokens cut")
    }
}

extension ServiceError {
    /// A refused text, or a text whose encoding was cancelled.
    init(_ error: TokenizerError, field: String? = nil) {
        guard error.code != .encodingCancelled else {
            self = .cancelled("tokenizing a text")
            return
        }
        self.init(
            .invalidArgument, .init(error.code.name), field == nil ? "\(error)" : error.message,
            field: field)
    }
}
