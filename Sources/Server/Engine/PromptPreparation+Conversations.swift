// Conversations: rendered by the model's own template, then token ids; and Render, which shows
// both.
//
// Guarantees: what the template leaves out is refused, never lost. A caller's text never becomes a
// control token. Any thread.
// Not here: variables that stand twice (Service's `Conversation`).

import Conversations
import Loading
import Rendering
import Service
import Tokenizers
import Wire

extension PromptPreparation {
    /// Returns the ids of a conversation, including the opening of the assistant's turn if wanted.
    func encode(
        _ conversation: Conversation, _ options: PromptRules
    ) throws(ServiceError) -> [Int32] {
        let (_, prompt) = try render(conversation, time: options.templateTime)
        return try encode(rendered: prompt, options.watch)
    }

    /// Answers a Render. The text is the text that `encode` reads.
    func render(
        _ request: RenderRequest, _ work: Work, _ watch: EncodingWatch, now: UInt64
    ) throws(ServiceError) -> WorkEvent {
        guard let conversation = request.conversation, let time = work.templateTime else {
            preconditionFailure("a Render without a conversation")
        }
        let (template, prompt) = try render(conversation, time: time)
        let tokens = try encode(rendered: prompt, watch)
        let size = prompt.text.count + tokens.count * MemoryLayout<UInt32>.size
        guard size <= work.answerSizeMax, prompt.text.count <= Limits.textSizeMax else {
            throw .answerTooLarge(
                "rendering a conversation", "\(size) bytes", sizeMax: work.answerSizeMax)
        }
        let done = ServerClock.now
        return .rendered(
            RenderResponse(
                text: String(decoding: prompt.text, as: UTF8.self),
                tokens: tokens.map { UInt32(bitPattern: $0) },
                template: ChatTemplateInfo(ChatTemplateFacts(template)),
                answer: Self.account(work, from: now, to: done)),
            at: done)
    }

    private func encode(
        rendered prompt: ChatPrompt, _ watch: EncodingWatch?
    ) throws(ServiceError) -> [Int32] {
        do throws(TokenizerError) {
            return try tokenizer.encode(prompt, watch: watch)
        } catch {
            throw ServiceError(error, field: "messages")
        }
    }

    /// Renders a conversation by the template that the model has for it.
    ///
    /// - Parameter time: seconds since 1970 for templates that write the time.
    private func render(
        _ conversation: Conversation, time: UInt64
    ) throws(ServiceError) -> (ChatTemplate, ChatPrompt) {
        let template: ChatTemplate?
        let prompt: ChatPrompt
        do throws(ConversationError) {
            let chat = try ChatConversation(
                messages: conversation.messages, tools: conversation.tools,
                variables: conversation.variables,
                addsGenerationPrompt: conversation.addsGenerationPrompt,
                continuesFinalMessage: conversation.continuesFinalMessage)
            template = chatTemplates.template(for: chat)
            prompt = try template?.render(chat, at: time).prompt ?? ChatPrompt()
        } catch {
            throw ServiceError(error)
        }
        guard let template else {
            throw ServiceError(
                .failedPrecondition, .chatTemplateMissing,
                "rendering the messages: the model's files hold no chat template, send prompt or "
                    + "tokens instead", field: "messages")
        }
        return (template, prompt)
    }
}

extension ServiceError {
    fileprivate init(_ error: ConversationError) {
        self.init(
            error.code == .limit ? .outOfRange : .invalidArgument, .init(error.code.rawValue),
            error.message, field: error.field)
    }
}
