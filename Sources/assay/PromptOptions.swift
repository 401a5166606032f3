// The prompt of a request: --prompt TEXT, --tokens 1,2,3, or a conversation (--message ROLE:TEXT or
// --conversation FILE), exactly one kind.

import Loading
import ArgumentParser
import Wire

struct PromptOptions: ParsableArguments {
    @Option(help: "Text to begin with.")
    var prompt: String?

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
        switch (prompt, tokens) {
        case (let text?, nil): return .text(text)
        case (nil, let list?): return .tokens(try Self.tokens(list))
        case (_?, _?): throw Failure.usage("--prompt and --tokens exclude each other")
        case (nil, nil):
            throw Failure.usage(
                "one of --prompt, --tokens, --message and --conversation is needed")
        }
    }

    private func checkAlone() throws {
        let others = [
            ("--prompt", prompt != nil), ("--tokens", tokens != nil),
            ("--parse-special", parseSpecial), ("--no-add-special", noAddSpecial),
        ]
        if let other = others.first(where: { $0.1 }) {
            let flag = template.conversationFile == nil ? "--message" : "--conversation"
            throw Failure.usage("\(flag) and \(other.0) exclude each other")
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
