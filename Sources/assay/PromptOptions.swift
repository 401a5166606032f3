// The prompt of a request, exactly one kind: a text (TEXT, --prompt, --prompt-file or standard
// input), --tokens 1,2,3, or a conversation (--message ROLE:TEXT or --conversation FILE).

import Console
import Loading
import ArgumentParser
import Wire

struct PromptOptions: ParsableArguments {
    @Argument(help: "Text to begin with; - is standard input, as is a pipe without any of these.")
    var text: String?

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Text to begin with.")
    var prompt: String?

    @Option(
        help: ArgumentHelp("File with the text to begin with.", valueName: "file"),
        completion: .file())
    var promptFile: String?

    @Option(help: "Token ids to begin with, separated by commas; used as they are.")
    var tokens: String?

    @Option(
        name: .customLong("message"),
        help: ArgumentHelp(
            "One message of a conversation, in the model's own chat template; repeatable. "
                + "Roles: system, user, assistant, tool.", valueName: "role:text"))
    var messages: [String] = []

    @Flag(help: "Names of special tokens in the text become those tokens.")
    var parseSpecial = false

    @Flag(help: "Add no begin and end tokens to the text.")
    var noAddSpecial = false

    @OptionGroup var template: TemplateOptions

    /// Returns the given prompt.
    func chosen() throws -> Prompt {
        if let messages = try template.messages(messages) {
            try checkAlone()
            return .messages(messages)
        }
        if let flag = template.given {
            throw Failure.usage("\(flag) needs --message or --conversation")
        }
        if let second = kinds.dropFirst().first {
            throw Failure.usage("\(kinds[0]) and \(second) exclude each other")
        }
        if let tokens { return .tokens(try Self.tokens(tokens)) }
        if let promptFile {
            return .text(try LocalText.line(LocalText.read(promptFile, of: "--prompt-file")))
        }
        if let text = prompt ?? text, text != "-" { return .text(text) }
        return .text(try standardInput())
    }

    /// The kinds of prompts that are given, apart from conversations.
    private var kinds: [String] {
        [
            ("TEXT", text != nil), ("--prompt", prompt != nil),
            ("--prompt-file", promptFile != nil), ("--tokens", tokens != nil),
        ].filter(\.1).map(\.0)
    }

    /// Standard input, when it is asked for or nothing else is given.
    private func standardInput() throws -> String {
        let isAskedFor = (prompt ?? text) != nil
        let ways = "TEXT, --prompt, --prompt-file, --tokens, --message or --conversation"
        if !isAskedFor, Console.inputIsTerminal {
            throw Failure.usage("no prompt: found none, allowed: \(ways), or a pipe")
        }
        let text = try LocalText.standardInput()
        if !isAskedFor, text.isEmpty {
            throw Failure.usage(
                "no prompt: standard input is empty, allowed: \(ways), or a pipe with text")
        }
        return LocalText.line(text)
    }

    private func checkAlone() throws {
        let flags = [("--parse-special", parseSpecial), ("--no-add-special", noAddSpecial)]
        if let other = (kinds + flags.filter(\.1).map(\.0)).first {
            let flag = template.conversationFile == nil ? "--message" : "--conversation"
            throw Failure.usage("\(flag) and \(other) exclude each other")
        }
    }

    /// Reads `1,2,3`.
    static func tokens(_ text: String, of flag: String = "--tokens") throws -> [UInt32] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let digits = part.drop { $0 == " " }
            guard let token = UInt32(digits) else {
                throw Failure.usage(
                    "\(flag): found \"\(part)\", allowed: token ids, whole numbers from 0 to "
                        + "\(UInt32.max), separated by commas")
            }
            return token
        }
    }
}

/// A list of inputs from repeatable flags: texts and lists of token ids.
enum InputList {
    /// Returns the texts first, then the tokens. Refuses an empty list and more than `max` inputs.
    static func inputs(
        texts: [String], tokens: [String], of flags: (text: String, tokens: String), max: Int
    ) throws -> [Input] {
        let inputs =
            texts.map { Input.text($0) }
            + (try tokens.map { .tokens(try PromptOptions.tokens($0, of: flags.tokens)) })
        guard (1...max).contains(inputs.count) else {
            throw Failure.usage(
                "\(flags.text) and \(flags.tokens): found \(inputs.count) in all, "
                    + "allowed: 1 to \(max)")
        }
        return inputs
    }

    /// Returns an input as JSON: a text, or an array of token ids.
    static func json(_ input: Input) -> JSONText {
        switch input {
        case .text(let text): .string(text)
        case .tokens(let tokens): .tokens(tokens)
        }
    }
}
