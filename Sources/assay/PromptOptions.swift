// The prompt of a request: --prompt TEXT, --tokens 1,2,3 or --message ROLE:TEXT, exactly one kind.

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
                + "Roles: system, user, assistant.", valueName: "role:text"))
    var messages: [String] = []

    @Flag(help: "Names of special tokens in the text become those tokens.")
    var parseSpecial = false

    @Flag(help: "Add no begin and end tokens to the text.")
    var noAddSpecial = false

    /// Returns the given prompt.
    func chosen() throws -> Prompt {
        if !messages.isEmpty { return .messages(try conversation()) }
        switch (prompt, tokens) {
        case (let text?, nil): return .text(text)
        case (nil, let list?): return .tokens(try Self.tokens(list))
        case (_?, _?): throw Failure.usage("--prompt and --tokens exclude each other")
        case (nil, nil):
            throw Failure.usage("one of --prompt, --tokens and --message is needed")
        }
    }

    private func conversation() throws -> [ChatMessage] {
        let others = [
            ("--prompt", prompt != nil), ("--tokens", tokens != nil),
            ("--parse-special", parseSpecial), ("--no-add-special", noAddSpecial),
        ]
        if let other = others.first(where: { $0.1 }) {
            throw Failure.usage("--message and \(other.0) exclude each other")
        }
        guard messages.count <= Limits.messageCountMax else {
            throw Failure.usage(
                "--message: found \(messages.count) of them, allowed: 1 to "
                    + "\(Limits.messageCountMax)")
        }
        return try messages.map(Self.message)
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
