// The conversation of a chat: what was said so far, and the file that keeps it.
//
// Guarantees: a question is part of the conversation once its answer is whole. A file is written
// beside its place and moved there, so a reader sees the old one or the new one, and only the user
// may read a new file. What a file holds beyond texts (tools, calls, names) is kept.

import Foundation
import Loading
import ModelFiles
import Wire

/// Messages, with the system message apart.
package struct ChatRecord: Equatable, Sendable {
    /// Text of the system message. Nil for none.
    package var system: String?
    /// Messages behind the system message.
    package private(set) var messages: [ChatMessage] = []
    /// JSON text of the list of tools that a file named.
    package private(set) var tools: String?

    package init(system: String? = nil) { self.system = system }

    init(_ file: ConversationFile) {
        messages = file.messages
        tools = file.tools
        if let first = messages.first, first.role == .system, first.contentJson == nil {
            system = first.content
            messages.removeFirst()
        }
    }

    /// All messages, in order.
    package var all: [ChatMessage] {
        (system.map { [ChatMessage(.system, $0)] } ?? []) + messages
    }

    /// The messages of a request that asks `question`.
    package func asking(_ question: String) -> [ChatMessage] {
        all + [ChatMessage(.user, question)]
    }

    /// Adds a question and its answer.
    package mutating func add(_ question: String, answer: String) {
        messages += [ChatMessage(.user, question), ChatMessage(.assistant, answer)]
    }

    /// Forgets everything but the system message and the tools.
    package mutating func clear() { messages = [] }

    /// The form that `--conversation` reads, a line for each message.
    package var fileText: String {
        let list = all.map { "  " + $0.json.text }.joined(separator: ",\n")
        let tools = tools.map { ",\n\"tools\": \($0)" } ?? ""
        return "{\"messages\": [\n\(list)\n]\(tools)}\n"
    }

    /// Writes the file.
    func save(_ path: String, of flag: String) throws {
        // A link stays one: the file it points to is replaced.
        let place =
            realpath(path, nil).map { found in
                defer { free(found) }
                return String(cString: found)
            } ?? path
        let draft = place + ".\(getpid()).part"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(flag, path) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(fileText.utf8))
            try file.close()
            guard rename(draft, place) == 0 else { throw Self.failure(flag, path) }
        } catch {
            unlink(draft)
            throw error as? Failure ?? Self.failure(flag, path)
        }
    }

    /// Throws unless a file can be written beside `path`.
    static func checkFolder(of path: String, for flag: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(folder, W_OK) == 0 else { throw failure(flag, path) }
    }

    private static func failure(_ flag: String, _ path: String) -> Failure {
        let reason = String(cString: strerror(errno))
        return Failure(
            code: .usage, message: "\(flag): writing \(path): \(reason)",
            advice: "name a file in a folder that you may write to")
    }
}

extension ChatMessage {
    /// The message as a file of `--conversation` has it.
    var json: JSONText {
        var fields: [(String, JSONText)] = [("role", .string(role.rawValue))]
        let other = contentJson.flatMap { try? JSONDocument(Array($0.utf8)).root.jsonText }
        fields.append(("content", other ?? .string(content)))
        if let name { fields.append(("name", .string(name))) }
        if let reasoningContent {
            fields.append(("reasoning_content", .string(reasoningContent)))
        }
        if !toolCalls.isEmpty {
            fields.append(("tool_calls", .array(toolCalls.map(\.json))))
        }
        if let toolCallId { fields.append(("tool_call_id", .string(toolCallId))) }
        return .object(fields)
    }
}

extension ToolCall {
    fileprivate var json: JSONText {
        let function: JSONText = .object([
            ("name", .string(name)), ("arguments", .string(arguments)),
        ])
        return .object(
            (id.map { [("id", .string($0))] } ?? []) + [
                ("type", .string("function")), ("function", function),
            ])
    }
}
