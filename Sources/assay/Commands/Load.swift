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
    @OptionGroup var form: TableOptions

    @Argument(
        help: "NAME=PATH, or PATH with --model NAME; the path is the server's.",
        completion: .model)
    var target: String

    @Option(
        help: "strict, graceful or development; the server's setting by default.",
        completion: .strategy, transform: FlagValue.word("--strategy"))
    var strategy: LoadStrategy?

    @Option(
        help: "auto, cpu, cuda or cuda:N; the server's setting by default.", completion: .device,
        transform: FlagValue.text("--device", 1...Limits.deviceNameSizeMax))
    var device: String?

    func run() async throws {
        let asked = try request()
        let reply = try await options.withClient { client in
            var request = asked
            do {
                return try await load(request, client)
            } catch let error as ClientError where error.serverError?.code == "field_unknown" {
                // A server from before the field.
                request.progress = nil
                return try await load(request, client)
            }
        }
        options.announce(reply.provenance, model: asked.name)
        let message = reply.message
        if options.json {
            Console.line(Self.json(message, reply.provenance).text)
        } else if let model = message.model {
            Console.lines([""] + ModelOutput.lines([model], isWhole: form.verbose))
        }
    }

    private func load(
        _ request: LoadRequest, _ client: Client
    ) async throws -> Reply<LoadResponse> {
        var output = LayerOutput("loading \(request.name)", isQuiet: options.json)
        defer { output.clear() }
        return try await client.load(request, deadlineMilliseconds: options.deadline) { layer in
            output.show(layer)
        }
    }

    private func request() throws -> LoadRequest {
        let place = try NamedPath(target, model: options.model)
        return LoadRequest(
            name: place.name, path: place.path, strategy: strategy, device: device, progress: true)
    }

    private static func json(_ message: LoadResponse, _ provenance: Provenance) -> JSONText {
        .object([
            ("accepted", .bool(message.accepted)),
            ("provenance", .string(provenance.description)),
            ("layers", LayerOutput.json(message.layers)),
            ("model", message.model.map { .object(ModelOutput.fields($0)) } ?? .null),
            ("overrides", .array(message.overrides.map { .string($0) })),
            ("attempts", .array(message.attempts.map { .string($0) })),
        ])
    }
}
