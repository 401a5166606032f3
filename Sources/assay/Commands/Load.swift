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
        var rows = LayerRows()
        var progress = Progress()
        defer { progress.clear() }
        progress.show("loading \(request.name)")
        let (estimate, begin) = (ReadingEstimate(), ContinuousClock.now)
        return try await client.load(request, deadlineMilliseconds: options.deadline) { layer in
            if let count = layer.bytesRead {
                let words = estimate.words(
                    layer: layer.layer,
                    BytesRead(
                        count: Int(clamping: count),
                        total: Int(clamping: layer.bytesTotal ?? count)),
                    time: begin.duration(to: .now))
                return progress.show("loading \(request.name): \(words)")
            }
            progress.clear()
            if !options.json { rows.show(layer) }
            progress.show("loading \(request.name): after the \(layer.layer) layer")
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
            name: String(parts[0]), path: String(parts[1]), strategy: strategy, device: device,
            progress: true)
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

/// A table whose rows come one by one, with a column wide enough for each layer's name.
private struct LayerRows {
    private let table = TextTable([
        .text("LAYER", widthMin: 13), .text("VERDICT", widthMin: 8), .number("TIME", widthMin: 9),
    ])
    private var isBegun = false

    mutating func show(_ layer: LayerVerdictRecord) {
        var table = table
        table.add([
            .init(layer.layer), layer.ok ? "ok" : StyledText("REJECTED", .alarm),
            .init(Quantity.time(microseconds: layer.microseconds)),
        ])
        Console.lines(Array(table.lines().suffix(isBegun ? 1 : 2)))
        isBegun = true
    }
}
