// What a model is given: --prompt TEXT or --tokens 1,2,3, exactly one of them.

import ArgumentParser
import Wire

struct PromptOptions: ParsableArguments {
    @Option(help: "Text to begin with.")
    var prompt: String?

    @Option(help: "Token ids to begin with, separated by commas; used as they are.")
    var tokens: String?

    @Flag(help: "Names of special tokens in the text become those tokens.")
    var parseSpecial = false

    @Flag(help: "Add no begin and end tokens to the text.")
    var noAddSpecial = false

    /// The one that was given.
    func chosen() throws -> Prompt {
        switch (prompt, tokens) {
        case (let text?, nil): return .text(text)
        case (nil, let list?): return .tokens(try Self.tokens(list))
        case (_?, _?): throw Failure.usage("--prompt and --tokens exclude each other")
        case (nil, nil): throw Failure.usage("one of --prompt and --tokens is needed")
        }
    }

    /// Reads `1,2,3`.
    static func tokens(_ text: String) throws -> [UInt32] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let digits = part.drop { $0 == " " }
            guard let token = UInt32(digits) else {
                throw Failure.usage(
                    "token ids: found \"\(part)\", allowed: whole numbers separated by commas")
            }
            return token
        }
    }
}
