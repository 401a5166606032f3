// The commands of a chat, carried out. What they say goes to standard error.

import AssayClient
import Console
import Foundation

extension ChatLoop {
    /// Carries out a command.
    func carryOut(_ command: ChatCommand) async throws {
        switch command {
        case .system(let text): system(text)
        case .clear: record.clear()
        case .save(let file): try save(file)
        case .load(let file):
            let path = Self.expanded(file)
            record = ChatRecord(try ConversationFile(path: path, of: "/load"))
            Console.error("\(record.messages.count) messages from \(path)")
        case .stats: stats()
        case .model(let name?):
            partner = try await ChatPartner.meet(name, system: record.system, client, chat)
            Console.error(partner.line)
        case .model(nil): try await models()
        case .help: Console.error(ChatCommand.list)
        case .exit: break
        }
    }

    private func system(_ text: String?) {
        guard let text else {
            return Console.error(record.system ?? "no system message; /system TEXT sets one")
        }
        record.system = text.isEmpty ? nil : text
    }

    private func save(_ file: String?) throws {
        guard let path = file.map(Self.expanded) ?? chat.session else {
            throw Failure(
                code: .usage,
                message: "/save: found no file, allowed: a path, or none beside --session",
                advice: "say /save FILE")
        }
        guard !record.all.isEmpty else {
            throw Failure(
                code: .usage, message: "/save: found no messages, allowed: a conversation",
                advice: "ask something first")
        }
        try record.save(path, of: "/save")
        Console.error("\(record.messages.count) messages to \(path)")
    }

    private func stats() {
        let room = partner.context.map { " of \($0)" } ?? ""
        Console.error(
            """
            conversation  \(record.messages.count) messages\
            \(record.system == nil ? "" : " and a system message")
            this chat     \(usage.turns) answers, \(usage.read) tokens read, \(usage.made) made
            context       \(usage.last)\(room) tokens after the last answer
            """)
    }

    private func models() async throws {
        let reply = try await client.models(deadlineMilliseconds: chat.options.deadline)
        for model in reply.message.models {
            let mark = model.provenance == .mock ? "MOCK" : "real"
            let isAsked = model.name == partner.name
            Console.error(
                "\(isAsked ? "*" : " ") \(mark) \(model.name) (\(model.state.rawValue))")
        }
    }

    /// A path in which ~ stands for the user's folder, as in a shell.
    private static func expanded(_ path: String) -> String {
        NSString(string: path).expandingTildeInPath
    }
}
