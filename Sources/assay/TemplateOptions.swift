// What stands beside a conversation: tools, variables, the end of the prompt, and the time.

import ArgumentParser
import Foundation
import PlainText
import Wire

struct TemplateOptions: ParsableArguments {
    @Option(
        name: .customLong("conversation"),
        help: ArgumentHelp(
            "File with a JSON list of messages, or an object with messages and tools.",
            valueName: "file"),
        completion: .json)
    var conversationFile: String?

    @Option(
        name: .customLong("tools"),
        help: ArgumentHelp("File with a JSON list of tools.", valueName: "file"),
        completion: .json)
    var toolsFile: String?

    @Option(
        name: .customLong("var"),
        help: ArgumentHelp(
            "Variable of the chat template, such as enable_thinking=false; repeatable.",
            valueName: "name=json"))
    var variables: [String] = []

    @Flag(help: "Do not open an answer behind the messages.")
    var noGenerationPrompt = false

    @Flag(help: "Go on with the last message instead of opening an answer.")
    var continueFinal = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Time for the chat template instead of the server's: seconds since 1970, UTC.",
            valueName: "seconds"),
        transform: FlagValue.whole("--now", 0...Self.lastSecond))
    var now: UInt64?

    /// The last second of the year 9999, as far as the protocol's times go.
    private static let lastSecond: UInt64 = 253_402_300_799

    /// The flags that need a conversation, of which the first given is named in a refusal.
    var given: String? {
        let flags = [
            ("--conversation", conversationFile != nil), ("--tools", toolsFile != nil),
            ("--var", !variables.isEmpty), ("--no-generation-prompt", noGenerationPrompt),
            ("--continue-final", continueFinal), ("--now", now != nil),
        ]
        return flags.first { $0.1 }?.0
    }

    /// Returns the messages of `--message ROLE:TEXT` or of the file.
    func messages(_ texts: [String]) throws -> [ChatMessage]? {
        if let conversationFile {
            guard texts.isEmpty else {
                throw Failure.usage("--message and --conversation exclude each other")
            }
            return try ConversationFile(path: conversationFile).messages
        }
        guard !texts.isEmpty else { return nil }
        guard texts.count <= Limits.messageCountMax else {
            throw Failure.usage(
                "--message: found \(texts.count) of them, allowed: 1 to \(Limits.messageCountMax)")
        }
        return try texts.map(Self.message)
    }

    /// Puts the options into a request.
    func apply(to request: inout some TemplateFields) throws {
        if noGenerationPrompt, continueFinal {
            throw Failure.usage("--no-generation-prompt and --continue-final exclude each other")
        }
        guard variables.count <= Limits.templateVariableCountMax else {
            throw Failure.usage(
                "--var: found \(variables.count) of them, allowed: up to "
                    + "\(Limits.templateVariableCountMax)")
        }
        request.tools = try tools()
        request.templateVariables = try variables.map(Self.variable)
        request.addGenerationPrompt = !noGenerationPrompt
        request.continueFinalMessage = continueFinal
        request.templateTime = now
    }

    private func tools() throws -> String? {
        let inside = try conversationFile.flatMap { try ConversationFile(path: $0).tools }
        guard let toolsFile else { return inside }
        guard inside == nil else {
            throw Failure.usage("--tools: the file of --conversation has tools, too")
        }
        return try LocalText.read(toolsFile, of: "--tools")
    }

    /// Reads `ROLE:TEXT`. The text may hold colons.
    private static func message(_ text: String) throws -> ChatMessage {
        let roles = ChatMessage.Role.allCases.map(\.rawValue).joined(separator: ", ")
        let allowed = "allowed: ROLE:TEXT, ROLE one of \(roles)"
        guard let colon = text.firstIndex(of: ":") else {
            throw Failure.usage("--message: found no colon, \(allowed)")
        }
        guard let role = ChatMessage.Role(rawValue: String(text[..<colon])) else {
            throw Failure.usage("--message: found the role \"\(text[..<colon])\", \(allowed)")
        }
        return ChatMessage(role, String(text[text.index(after: colon)...]))
    }

    /// Reads `NAME=JSON`. The JSON text goes to the server as it is.
    private static func variable(_ text: String) throws -> TemplateVariable {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw Failure.usage("--var: found \"\(text)\", allowed: NAME=JSON")
        }
        return TemplateVariable(
            name: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
}

/// The fields that every request with a conversation has.
protocol TemplateFields {
    var tools: String? { get set }
    var templateVariables: [TemplateVariable] { get set }
    var addGenerationPrompt: Bool { get set }
    var continueFinalMessage: Bool { get set }
    var templateTime: UInt64? { get set }
}

extension GenerateRequest: TemplateFields {}
extension LogitsRequest: TemplateFields {}
extension ScoreRequest: TemplateFields {}
extension RenderRequest: TemplateFields {}

/// Texts from files that the command line names.
enum LocalText {
    /// A usage failure names the flag, for a file that cannot be read or is not UTF-8.
    static func read(_ path: String, of flag: String) throws -> String {
        try text(data(path, of: flag), "\(flag): \(path)")
    }

    /// The bytes of a file. A usage failure names the flag and the system's reason.
    static func data(_ path: String, of flag: String) throws -> Data {
        func failure(_ found: String, _ advice: String) -> Failure {
            .usage("\(flag): reading \(path): found \(found)", advice: advice)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        let number = errno
        guard descriptor >= 0 else {
            switch number {
            case ENOENT, ENOTDIR:
                throw failure("no such file, allowed: a file", "check the path with ls")
            case EACCES:
                throw failure(
                    "a file that this user may not read, allowed: a readable one",
                    "ask its owner, or: chmod u+r \(path.shellWord)")
            default: throw failure(String(cString: strerror(number)), "check the path with ls")
            }
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT != S_IFDIR else {
            throw failure("a folder, allowed: a file", "name a file in it")
        }
        do {
            return try file.readToEnd() ?? Data()
        } catch {
            throw failure(error.localizedDescription, "check the disk and the path")
        }
    }

    /// Reads standard input as far as a request can hold it.
    static func standardInput() throws -> String {
        let bytes = StandardInput.all(sizeMax: Limits.textSizeMax + 1)
        guard bytes.count <= Limits.textSizeMax + 1 else {
            throw Failure.usage(
                "standard input: found more than \(Limits.textSizeMax) bytes, allowed: up to "
                    + "\(Limits.textSizeMax)")
        }
        return try text(bytes, "standard input")
    }

    /// The text without the newline that ends its last line.
    static func line(_ text: String) -> String {
        text.unicodeScalars.last == "\n" ? String(text.unicodeScalars.dropLast()) : text
    }

    private static func text(_ bytes: some Sequence<UInt8>, _ place: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure.usage(
                "\(place): found bytes that are not UTF-8, allowed: UTF-8",
                advice: "convert the text, for example with iconv -t UTF-8")
        }
        return text
    }
}
