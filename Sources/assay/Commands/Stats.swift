// assay stats: the server's counters, split by provenance.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counters of the server, real and mock apart.")

    @OptionGroup var options: AnswerOptions

    func run() async throws {
        let reply = try await options.withClient { client in
            try await client.stats(deadlineMilliseconds: options.deadline)
        }
        options.announce(reply.provenance, model: nil)
        let counters = reply.message.counters
        if options.json {
            let list = counters.map { counter -> (String, JSONText) in
                (
                    counter.name,
                    .object([("real", .unsigned(counter.real)), ("mock", .unsigned(counter.mock))])
                )
            }
            Console.line(
                JSONText.object([
                    ("provenance", .string(reply.provenance.description)),
                    ("counters", .object(list)),
                ]).text)
        } else {
            var table = TextTable([.text("COUNTER"), .number("REAL"), .number("MOCK")])
            for counter in counters {
                table.add([
                    .init(counter.name), .init("\(counter.real)"),
                    .init("\(counter.mock)", counter.mock > 0 ? .alarm : .plain),
                ])
            }
            Console.lines(table.lines())
        }
    }
}
