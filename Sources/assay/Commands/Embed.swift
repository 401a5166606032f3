// assay embed: texts to vectors, as a summary, JSON or a file of f32.

import Console
import Loading
import ArgumentParser
import AssayClient
import Foundation
import PlainText
import Wire

struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Embeddings: one vector for each text.")

    /// Number of values per vector in the table.
    private static let shownCount = 6

    @OptionGroup var options: ServerOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions
    @OptionGroup var form: TableOptions

    @Option(
        name: .customLong("text"),
        help: ArgumentHelp("Text to embed; repeatable.", valueName: "text"))
    var texts: [String] = []

    @Option(
        help: ArgumentHelp(
            "Token ids to embed, used as they are; repeatable, after the texts.", valueName: "ids"))
    var tokens: [String] = []

    @Option(
        help: "Embed each line of this file, after the texts; empty lines are skipped.",
        completion: .file())
    var file: String?

    @Flag(help: "Names of special tokens in the text become those tokens.")
    var parseSpecial = false

    @Flag(help: "Add no begin and end tokens to the text.")
    var noAddSpecial = false

    @Option(
        help: ArgumentHelp(
            "How the positions become one vector: mean, last or cls (the first); the model's own "
                + "when absent."), completion: .list(Pooling.allCases.map(\.rawValue)),
        transform: FlagValue.word("--pooling"))
    var pooling: Pooling?

    @Flag(help: "Leave the vectors at their length instead of making it 1.")
    var noNormalize = false

    @Option(
        help: "Write all vectors to this file: float32, little-endian, row by row.",
        completion: .file())
    var raw: String?

    func run() async throws {
        let inputs = try InputList.inputs(
            texts: texts + (try lines()), tokens: tokens,
            of: (file == nil ? "--text" : "--text, --file", "--tokens"), max: Limits.inputCountMax)
        var request = EmbedRequest(model: options.model, inputs: inputs)
        request.parseSpecial = parseSpecial
        request.addSpecial = !noAddSpecial
        request.pooling = pooling
        request.normalize = !noNormalize
        request.requirements = try demands.requirements()
        request.context = try place.context()
        let reply = try await options.withClient { client in
            try await client.embed(request, deadlineMilliseconds: options.deadline)
        }
        let message = reply.message
        options.announce(reply.provenance, model: message.answer.model)
        if let raw { try FloatFile.write(message.embeddings, to: raw) }
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: message.answer)
        if options.json {
            Console.line(Self.json(message, output).text)
        } else {
            Console.lines(Self.table(message, isWhole: form.verbose))
            Console.error(output.line)
            if let pooling = message.pooling { Console.error("[pooling: \(pooling.rawValue)]") }
        }
    }

    /// Returns the lines of --file that are not empty.
    private func lines() throws -> [String] {
        guard let file else { return [] }
        let data = try LocalText.data(file, of: "--file")
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { index, line in
            let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !bytes.isEmpty else { return nil }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure.usage(
                    "--file: line \(index + 1) of \(file): found bytes that are not UTF-8, "
                        + "allowed: one text per line")
            }
            return text
        }
    }

    private static func rows(_ message: EmbedResponse) -> [ArraySlice<Float>] {
        let width = Int(message.dimensions)
        return (0..<Int(message.count)).map { message.embeddings[$0 * width..<($0 + 1) * width] }
    }

    private static func json(_ message: EmbedResponse, _ output: AnswerOutput) -> JSONText {
        .object(
            output.identity + [
                ("dimensions", .unsigned(message.dimensions)),
                ("pooling", .string(message.pooling?.rawValue)),
                ("embeddings", .array(rows(message).map { .array($0.map { .float($0) }) })),
                (
                    "usage",
                    .object([("prompt_tokens", .unsigned(message.promptTokens))])
                ),
            ] + output.account)
    }

    /// Returns a row per input: the first values, or all of them when `isWhole`.
    private static func table(_ message: EmbedResponse, isWhole: Bool) -> [StyledText] {
        let width = Int(message.dimensions)
        let count = isWhole ? width : min(width, shownCount)
        var table = TextTable(
            [.number("INPUT"), .number("VALUES")] + (0..<count).map { .number("[\($0)]") })
        for (index, row) in rows(message).enumerated() {
            table.add(
                [.init("\(index)"), .init("\(width)")]
                    + row.prefix(count).map { .init(LogprobsOutput.fixed($0)) })
        }
        return table.lines(isWhole: true) + (count < width ? [TextTable.hint] : [])
    }
}
