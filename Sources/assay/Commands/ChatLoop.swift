// The turns of a chat: reading, asking, showing, and going on whatever has failed.
//
// Guarantees: a failed or cancelled turn leaves the conversation as it was before the question. A
// server that went away is asked anew with the next question. The status is that of the last
// failure of a pipe, and 0 on a terminal that was left.

import AssayClient
import Console
import Foundation
import PlainText
import Wire

/// A chat from its first line to its end. For one task.
final class ChatLoop {
    let chat: Chat
    let client: Client
    var partner: ChatPartner
    var record: ChatRecord
    /// Turns, tokens read and made, and tokens of the context in use after the last turn.
    var usage = (turns: 0, read: UInt64(0), made: UInt64(0), last: UInt64(0))
    private let reader = ChatReader()
    private var input = ChatInput()
    private var status = ExitCode.ok
    /// Ctrl-C at an empty prompt, directly before.
    private var isWarned = false

    init(_ chat: Chat, _ client: Client, _ partner: ChatPartner, _ record: ChatRecord) {
        (self.chat, self.client, self.partner, self.record) = (chat, client, partner, record)
    }

    func run() async -> ExitCode {
        if reader.isTerminal, !chat.quiet {
            Console.error(partner.line)
            Console.error("/help lists the commands, Ctrl-D leaves")
        }
        while true {
            switch reader.read(prompt: input.isOpen ? "... " : partner.prompt) {
            case .line(let line):
                isWarned = false
                guard let entry = input.take(line) else { continue }
                if let end = await take(entry) { return end }
            case .refused(let reason):
                fail(.usage(reason))
            case .interrupt(let lineWasEmpty):
                if lineWasEmpty, !input.isOpen {
                    if isWarned { return .interrupted }
                    isWarned = true
                    Console.error("Ctrl-C once more ends the chat, as Ctrl-D does")
                }
                input.drop()
            case .end:
                if let entry = input.finish(), let end = await take(entry) { return end }
                return reader.isTerminal ? .ok : status
            }
        }
    }

    /// Carries out an entry. Returns the status when the chat is over.
    private func take(_ entry: ChatEntry) async -> ExitCode? {
        do {
            switch entry {
            case .refused(let reason): throw Failure.usage(reason)
            case .command(let text):
                let command: ChatCommand
                do throws(ChatCommand.Refusal) {
                    command = try ChatCommand.parse(text)
                } catch {
                    throw Failure(code: .usage, message: error.message, advice: error.advice)
                }
                if command == .exit { return reader.isTerminal ? .ok : status }
                try await carryOut(command)
            case .message(let text):
                if try await turn(text) { return nil }
                return reader.isTerminal ? nil : .interrupted
            }
        } catch {
            fail(failure(error))
        }
        return nil
    }

    /// Tells a failure, which does not end the chat.
    private func fail(_ failure: Failure) {
        status = failure.code
        failure.report()
    }

    /// The failure for an error, with the advice that helps in a chat.
    private func failure(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? ClientError else {
            return Failure(code: .internalError, message: "\(error)")
        }
        var failure = Failure(error, server: chat.options.address)
        if error.serverError?.code == "prompt_too_long" {
            failure.advice =
                "the conversation has outgrown the model's context; /clear begins a new one"
        }
        return failure
    }

    // MARK: - A turn

    /// Asks a question. Returns false when the person cancelled the answer.
    private func turn(_ question: String) async throws -> Bool {
        let request = try request(question)
        let (chat, client) = (chat, client)
        let ending = try await interruptible {
            try await chat.options.answer.connection.waiting {
                var shown = ShownAnswer(isQuiet: chat.options.json)
                return try await shown.take(
                    client.generateStream(request, deadlineMilliseconds: chat.options.deadline))
            }
        }
        switch ending ?? .cut(CutAnswer()) {
        case .cut(let cut):
            if !chat.quiet {
                Console.error(cut.line(model: partner.name))
                Console.error("[question and answer are not part of the conversation]")
            }
            if !reader.isTerminal { await settle(client) }
            return false
        case .whole(let reply):
            try finish(question, reply)
            return true
        }
    }

    private func request(_ question: String) throws -> GenerateRequest {
        var request = GenerateRequest(
            model: partner.name,
            prompt: partner.hasTemplate ? .messages(record.asking(question)) : .text(question))
        if partner.hasTemplate { request.tools = record.tools }
        chat.sampling.apply(to: &request)
        request.requirements = try chat.demands.requirements()
        request.context = try chat.place.context()
        return request
    }

    private func finish(_ question: String, _ reply: Reply<GenerateResponse>) throws {
        let message = reply.message
        record.add(question, answer: message.text)
        usage.turns += 1
        usage.read += message.promptTokens
        usage.made += message.completionTokens
        usage.last = message.promptTokens + message.completionTokens
        if chat.options.json {
            let output = AnswerOutput(
                provenance: reply.provenance, generation: reply.generation,
                answer: message.answer)
            Console.line(Generate.json(message, output).text)
        } else if !chat.quiet {
            Console.error(message.summary + ending(message))
            for degradation in message.answer.degradations {
                Console.error("[degraded: \(degradation)]")
            }
        }
        notice(reply)
        if let session = chat.session { try record.save(session, of: "--session") }
    }

    /// What the person can do about an answer that ends too early.
    private func ending(_ message: GenerateResponse) -> String {
        guard message.finishReason == .length else { return "" }
        let isFull = partner.context.map { usage.last >= $0 } ?? false
        return isFull
            ? "\n[the model's context is full: /clear begins a new conversation]"
            : "\n[ended at \(message.completionTokens) tokens: -n NUMBER allows more]"
    }

    /// Tells when another model answers than the one that was met.
    private func notice(_ reply: Reply<GenerateResponse>) {
        if let found = reply.message.answer.fingerprint, let known = partner.fingerprint,
            found != known
        {
            Console.error(
                "[another file is served as \(partner.name) now: fingerprint "
                    + "\(hexText(found.prefix(6)))…, before \(hexText(known.prefix(6)))…]")
        }
        partner.provenance = reply.provenance
        partner.fingerprint = reply.message.answer.fingerprint
    }
}
