// A model's vocabulary and chat templates, without the weights, for render --file.

import Conversations
import Foundation
import Loading
import Rendering
import Tokenizers
import Wire

struct LocalModel {
    private let texts: ModelTexts
    private let path: String

    /// Reads and checks the files. Exit 65 for a model that is refused.
    init(path: String) throws {
        self.path = path
        do throws(AssayRejection) {
            texts = try ModelTexts(path: path)
        } catch {
            throw Failure(
                code: .rejected, message: "\(path): \(error)",
                advice: "assay inspect \(path.shellWord) shows each layer's verdict")
        }
    }

    /// Answers as a server would. Exit 2 for a conversation that is refused.
    func render(_ request: RenderRequest) throws -> RenderResponse {
        let time = request.templateTime ?? UInt64(Date().timeIntervalSince1970)
        do {
            let conversation = try ChatConversation(
                messages: request.messages, tools: request.tools,
                variables: request.templateVariables,
                addsGenerationPrompt: request.addGenerationPrompt && !request.continueFinalMessage,
                continuesFinalMessage: request.continueFinalMessage)
            guard let template = texts.chatTemplates.template(for: conversation) else {
                throw Failure.usage("\(path): the model's files hold no chat template")
            }
            let prompt = try template.render(conversation, at: time).prompt
            let tokens = try texts.tokenizer.encode(prompt)
            return RenderResponse(
                text: String(decoding: prompt.text, as: UTF8.self),
                tokens: tokens.map { UInt32(bitPattern: $0) },
                template: ChatTemplateInfo(ChatTemplateFacts(template)),
                answer: AnswerRecord(model: path, device: "", timing: Timing(), templateTime: time))
        } catch let error as ConversationError {
            throw Failure.usage("\(error)")
        } catch let error as TokenizerError {
            throw Failure.usage("\(error)")
        }
    }
}
