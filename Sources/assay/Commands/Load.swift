// assay load [NAME=]PATH: asks the server to assay a file and serve it.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the server assay a model file and serve it.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "NAME=PATH, or PATH with --model NAME; the path is the server's.")
    var target: String

    @Option(
        help: "strict, graceful or development; the server's setting by default.",
        transform: FlagValue.word("--strategy"))
    var strategy: LoadStrategy?

    @Option(
        help: "auto, cpu, cuda or cuda:N; the server's setting by default.",
        transform: FlagValue.text("--device", 1...Limits.deviceNameSizeMax))
    var device: String?

    func run() async throws {
        let request = try request()
        let json = options.json
        let reply = try await options.withClient { client in
            var progress = Progress()
            defer { progress.clear() }
            progress.show("loading \(request.name)")
            return try await client.load(request, deadlineMilliseconds: options.deadline) { layer in
                progress.clear()
                let time = Double(layer.microseconds) / 1000
                if !json {
                    Console.line("\(layer.layer)  \(layer.ok ? "ok" : "REJECTED")  \(time) ms")
                }
                progress.show("loading \(request.name): after the \(layer.layer) layer")
            }
        }
        options.announce(reply.provenance, model: request.name)
        let message = reply.message
        if json {
            Console.line(Self.json(message, reply.provenance).text)
        } else if let model = message.model {
            Console.line(ModelOutput.line(model))
        }
    }

    private func request() throws -> LoadRequest {
        var parts = target.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let name = options.model else {
                throw Failure.usage("the model needs a name: NAME=PATH, or --model NAME")
            }
            parts.insert(Substring(name), at: 0)
        } else if options.model != nil {
            throw Failure.usage("NAME=PATH and --model exclude each other")
        }
        try Self.check(parts[0], "the name", Limits.modelNameSizeMax)
        try Self.check(parts[1], "the path", Limits.pathSizeMax)
        return LoadRequest(
            name: String(parts[0]), path: String(parts[1]), strategy: strategy, device: device)
    }

    private static func check(_ text: Substring, _ part: String, _ sizeMax: Int) throws {
        guard (1...sizeMax).contains(text.utf8.count) else {
            throw Failure.usage(
                "NAME=PATH: found \(text.utf8.count) bytes in \(part), allowed: 1 to \(sizeMax)")
        }
    }

    private static func json(_ message: LoadResponse, _ provenance: Provenance) -> JSONText {
        let layers = message.layers.map { layer -> JSONText in
            .object([
                ("layer", .string(layer.layer)), ("ok", .bool(layer.ok)),
                ("ms", .milliseconds(layer.microseconds)),
            ])
        }
        return .object([
            ("accepted", .bool(message.accepted)),
            ("provenance", .string(provenance.description)),
            ("layers", .array(layers)),
            ("model", message.model.map { .object(ModelOutput.fields($0)) } ?? .null),
            ("overrides", .array(message.overrides.map { .string($0) })),
            ("attempts", .array(message.attempts.map { .string($0) })),
        ])
    }
}
