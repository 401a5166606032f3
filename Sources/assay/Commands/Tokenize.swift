// assay tokenize: text to token ids, by a server's model or by a file on this machine.

import Console
import Loading
import ArgumentParser
import AssayClient
import Foundation
import PlainText
import Tokenizers
import Wire

struct Tokenize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Text to token ids, by a server's model or, with --file, here.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var place: ContextOptions

    @Argument(help: "The text; standard input when absent.")
    var text: String?

    @Option(
        help: "Use this model file's vocabulary instead of a server.", completion: .model)
    var file: String?

    @Flag(help: "Read one {\"text\" or \"hex\", \"parse_special\", \"add_special\"} a line.")
    var jsonLines = false

    @Flag(help: "Names of special tokens in the text become those tokens.")
    var parseSpecial = false

    @Flag(help: "Add no begin and end tokens.")
    var noAddSpecial = false

    /// A line of --json-lines.
    private struct Line: Decodable {
        let text: String?
        let hex: String?
        let parse_special: Bool?
        let add_special: Bool?
    }

    /// A text to tokenize, and the options.
    private struct Input {
        let bytes: [UInt8]
        let parseSpecial: Bool
        let addSpecial: Bool
    }

    func validate() throws {
        if jsonLines, text != nil {
            throw ValidationError("--json-lines and TEXT exclude each other")
        }
    }

    func run() async throws {
        if let file {
            try options.refuse(beside: "--file")
            try place.refuse(beside: "--file")
            let tokenizer = try LocalVocabulary.tokenizer(path: file)
            try await each { input in
                do {
                    let tokens = try tokenizer.encode(
                        input.bytes, addSpecial: input.addSpecial,
                        parseSpecial: input.parseSpecial)
                    return tokens.map { UInt32(bitPattern: $0) }
                } catch {
                    throw Failure.usage("\(error)")
                }
            }
            return
        }
        let context = try place.context()
        try await options.withClient { client in
            try await each { input in
                let reply = try await client.tokenize(
                    TokenizeRequest(
                        model: options.model, text: input.bytes,
                        parseSpecial: input.parseSpecial, addSpecial: input.addSpecial,
                        context: context),
                    deadlineMilliseconds: options.deadline)
                options.announce(reply.provenance, model: reply.message.answer.model)
                return reply.message.tokens
            }
        }
    }

    /// Runs `encode` on the text or on every line, and prints the tokens.
    private func each(_ encode: (Input) async throws -> [UInt32]) async throws {
        guard jsonLines else {
            let bytes = text.map { Array($0.utf8) } ?? StandardInput.all()
            let input = Input(
                bytes: bytes, parseSpecial: parseSpecial, addSpecial: !noAddSpecial)
            let tokens = try await encode(input)
            if options.json {
                Console.line(JSONText.object([("tokens", .tokens(tokens))]).text)
            } else {
                Console.line(tokens.map { "\($0)" }.joined(separator: ","))
            }
            return
        }
        try await StandardInput.eachLine { number, line in
            let tokens = try await encode(try input(line, number))
            return JSONText.object([("tokens", .tokens(tokens))]).text
        }
    }

    private func input(_ line: Data, _ number: Int) throws -> Input {
        let fields: Line = try StandardInput.decode(line, number)
        let bytes: [UInt8]
        switch (fields.text, fields.hex) {
        case (let text?, nil): bytes = Array(text.utf8)
        case (nil, let hex?):
            guard let decoded = hexBytes(hex) else {
                throw Failure.usage("line \(number): \"hex\" is not hexadecimal")
            }
            bytes = decoded
        default:
            throw Failure.usage("line \(number): exactly one of \"text\" and \"hex\" is needed")
        }
        return Input(
            bytes: bytes, parseSpecial: fields.parse_special ?? parseSpecial,
            addSpecial: fields.add_special ?? !noAddSpecial)
    }
}
