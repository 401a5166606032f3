// assay alias NAME:LABEL GENERATION: asks the server to let a label stand for a generation.

import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Alias: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a generation of a model a label, and a share of the requests.",
        discussion: """
            Requests for NAME:LABEL are answered by the label's generation, which stays in memory \
            while it has a label. assay models shows generations and labels.
            """)

    @OptionGroup var options: AnswerOptions

    @Argument(help: "Name of the model and the label.")
    var target: String

    @Argument(
        help: "Number of the generation; 0 removes the label.",
        transform: FlagValue.whole("GENERATION", 0...UInt64(UInt32.max)))
    var generation: UInt64

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share of the requests for plain NAME that this generation answers, 0 to 1.",
            valueName: "share"),
        transform: FlagValue.number("--share", 0...1))
    var share: Double?

    func run() async throws {
        let place = try NamedLabel(target)
        guard generation > 0 || share == nil else {
            throw Failure.usage("--share and GENERATION 0 exclude each other: 0 removes the label")
        }
        let request = AliasRequest(
            name: place.name, label: place.label, generation: generation, share: share)
        let reply = try await options.withClient(demandsReal: false) { client in
            try await client.alias(request, deadlineMilliseconds: options.deadline)
        }
        options.show(
            reply.message.model, reply.provenance, Self.words(place, reply.message.model))
    }

    private static func words(_ place: NamedLabel, _ model: ModelInfo) -> String {
        let name = "\(place.name):\(place.label)"
        guard let label = model.labels.first(where: { $0.label == place.label }) else {
            return "\(name) is removed"
        }
        let share = label.share.map { ", with \(ModelOutput.percent($0)) of \(place.name)" }
        return "\(name) is generation \(label.generation)\(share ?? "")"
    }
}
