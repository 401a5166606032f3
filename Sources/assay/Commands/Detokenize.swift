// assay detokenize: token ids to text, by a server's model or by a file on this machine.

import Console
import Loading
import ArgumentParser
import AssayClient
import Foundation
import PlainText
import Tokenizers
import Wire

struct Detokenize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Token ids to text, by a server's model or, with --file, here.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var place: ContextOptions

    @Option(help: "Token ids separated by commas.")
    var tokens: String?

    @Option(
        help: "Use this model file's vocabulary instead of a server.", completion: .model)
    var file: String?

    @Flag(help: "Read one {\"tokens\":[…]} a line, write one {\"text\",\"hex\"} a line.")
    var jsonLines = false

    private struct Line: Decodable { let tokens: [UInt32] }

    func validate() throws {
        if jsonLines, tokens != nil {
            throw ValidationError("--json-lines and --tokens exclude each other")
        }
    }

    func run() async throws {
        if let file {
            try options.refuse(beside: "--file")
            try place.refuse(beside: "--file")
            let tokenizer = try LocalVocabulary.tokenizer(path: file)
            try await each { tokens in
                tokenizer.decode(tokens.map { Int32(truncatingIfNeeded: $0) })
            }
            return
        }
        let context = try place.context()
        try await options.withClient { client in
            try await each { tokens in
                let reply = try await client.detokenize(
                    DetokenizeRequest(model: options.model, tokens: tokens, context: context),
                    deadlineMilliseconds: options.deadline)
                options.announce(reply.provenance, model: reply.message.answer.model)
                return reply.message.text
            }
        }
    }

    private func each(_ decode: ([UInt32]) async throws -> [UInt8]) async throws {
        guard jsonLines else {
            guard let tokens else {
                throw Failure.usage(
                    "--tokens: found none, allowed: --tokens IDS or --json-lines")
            }
            let bytes = try await decode(try PromptOptions.tokens(tokens))
            if options.json {
                Console.line(Self.json(bytes))
            } else {
                Console.output(bytes: bytes + [UInt8(ascii: "\n")])
            }
            return
        }
        try await StandardInput.eachLine { number, line in
            let fields: Line = try StandardInput.decode(line, number)
            return Self.json(try await decode(fields.tokens))
        }
    }

    /// Bytes that are no text become U+FFFD in "text" and are exact in "hex".
    private static func json(_ bytes: [UInt8]) -> String {
        JSONText.object([
            ("text", .string(String(decoding: bytes, as: UTF8.self))),
            ("hex", .string(hexText(bytes))),
        ]).text
    }
}
