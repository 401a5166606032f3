// assay chat: a conversation with a model, on a terminal or line by line from a pipe.
//
// Guarantees: before the first question the model is known to be there, real (or allowed to be a
// mock), and to have a chat template. Only answers go to standard output.

import ArgumentParser
import AssayClient
import Console
import Foundation
import LineEditing
import Wire

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model; a pipe is read one message a line.",
        discussion: """
            On a terminal lines can be edited, and the lines before come back with the arrow keys. \
            Ctrl-C ends an answer, Ctrl-D leaves, and /help lists the commands.
            """)

    @Argument(help: "Name of the model; not needed when the server has one.")
    var name: String?

    @OptionGroup var options: ServerOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions

    @Option(help: ArgumentHelp("System message of the conversation.", valueName: "text"))
    var system: String?

    @Option(
        help: ArgumentHelp(
            "File to go on with where it exists, and to write after each answer.",
            valueName: "file"),
        completion: .file())
    var session: String?

    @Flag(
        name: .shortAndLong, help: "Print no account of answers; a mock is announced all the same.")
    var quiet = false

    /// The model that is asked for.
    var model: String? { name ?? options.model }

    func run() async throws {
        if name != nil, options.model != nil {
            throw Failure.usage("NAME and --model exclude each other")
        }
        if options.json, Console.inputIsTerminal {
            throw Failure.usage("--json: found a terminal, allowed: questions from a pipe")
        }
        let record = try beginning()
        // A wrong requirement is told before anything is asked.
        _ = try (sampling.check(), demands.requirements(), place.context())
        let status = try await options.withClient { client in
            let partner = try await ChatPartner.meet(model, system: record.system, client, self)
            return await ChatLoop(self, client, partner, record).run()
        }
        exitProcess(status)
    }

    /// The conversation to go on with.
    private func beginning() throws -> ChatRecord {
        var record = ChatRecord()
        if let session {
            // Told now, and not after the first answer.
            try ChatRecord.checkFolder(of: session, for: "--session")
            if access(session, F_OK) == 0 {
                record = ChatRecord(try ConversationFile(path: session, of: "--session"))
            }
        }
        if let system { record.system = system.isEmpty ? nil : system }
        return record
    }
}

/// The model of a chat, as it was met.
struct ChatPartner: Sendable {
    let name: String
    var provenance: Provenance
    var fingerprint: [UInt8]?
    /// Tokens of the model's context. Nil when the list of models does not tell.
    let context: UInt64?
    /// The origin, as a line.
    let line: String
    /// False for a mock, which gets each question as a plain text.
    var hasTemplate = true

    /// What stands before a person's lines: `real demo> `.
    var prompt: String { "\(provenance == .mock ? "MOCK" : "real") \(name)> " }

    /// Has the server render a short conversation, which costs no computing, to learn whether the
    /// model is there, real, and has a template for such a conversation. A mock never has one.
    static func meet(
        _ model: String?, system: String?, _ client: Client, _ chat: Chat
    ) async throws -> ChatPartner {
        var request = RenderRequest(
            model: model, messages: ChatRecord(system: system).asking("Hello"))
        request.requirements = try chat.demands.requirements()
        let deadline = chat.options.deadline
        let models = try await client.models(deadlineMilliseconds: deadline).message.models
        let reply: Reply<RenderResponse>
        do {
            reply = try await client.render(request, deadlineMilliseconds: deadline)
        } catch {
            // The client refuses mocks by itself unless they are allowed.
            guard error.provenance == .mock, error.serverError?.code == "chat_template_missing",
                let mock = models.first(where: { $0.name == model ?? $0.name })
            else { throw error }
            return ChatPartner(
                name: mock.name, provenance: .mock, fingerprint: nil, context: mock.context,
                line: "[provenance: mock | model: \(mock.name)]", hasTemplate: false)
        }
        let answer = reply.message.answer
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: answer)
        return ChatPartner(
            name: answer.model, provenance: reply.provenance, fingerprint: answer.fingerprint,
            context: models.first { $0.name == answer.model }?.context, line: output.line)
    }
}
