// assay inspect PATH: runs the assay on this machine, without a server. With --seal, writes down
// the model's answer to a prompt, for comparison in later loads.

import ArgumentParser
import Console
import Loading
import Logging
import Synchronization

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Assay a model file on this machine: 0 accepted, 65 rejected.")

    @Argument(help: "The model: a .gguf or .safetensors file, or a folder.", completion: .model)
    var path: String

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "A value in place of a key of the model's files; ignore vouches for a key that is "
                + "refused. Repeatable. The report and every answer say so.",
            valueName: "KEY=VALUE"))
    var override: [String] = []

    @Option(
        name: .customLong("sha256"),
        help: ArgumentHelp(
            "Refuse the model unless this is its SHA-256, such as the one published beside a file.",
            valueName: "hex"))
    var digest: String?

    @OptionGroup var form: TableOptions

    @Flag(help: "Write a seal beside an accepted model; later loads must match it.")
    var seal = false

    @Option(help: "With --seal: the text to seal it with, at most 64 tokens.")
    var prompt: String?

    @Flag(help: "With --seal: replace a seal that is there, without comparing it.")
    var force = false

    func validate() throws {
        guard seal || (prompt == nil && !force) else {
            throw ValidationError("--prompt and --force go with --seal")
        }
        if let digest, Fingerprint(hex: digest) == nil {
            throw ValidationError(
                "--sha256: found \"\(digest)\", allowed: 64 hexadecimal digits")
        }
        do {
            _ = try configuration()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func configuration() throws(LoadingConfigurationError) -> ModelLoadingConfiguration {
        var configuration = ModelLoadingConfiguration()
        configuration.ignoresSeal = force
        configuration.requiredFingerprint = digest.flatMap { Fingerprint(hex: $0) }
        for text in self.override { try configuration.addOverride(text) }
        return configuration
    }

    func run() throws {
        // The report has every fact. A log line beside it would repeat the facts.
        let silent = Logger(label: "assay.inspect") { _ in SwiftLogNoOpLogHandler() }
        let loader = try ModelLoader(configuration: configuration(), logger: silent)
        let progress = InspectProgress()
        let outcome = loader.run(path: path) { progress.show($0) }
        progress.clear()
        var report = outcome.report
        if seal, case .success(.real(let model)) = outcome.result {
            report.seal = .written(path: try write(model))
        }
        if json { Console.line(report.json) } else { Console.lines(report.lines(form.verbose)) }
        // The table and the JSON both give place, reason and advice.
        if case .failure = outcome.result { exitProcess(.rejected) }
    }

    private func write(_ model: RealModel) throws -> String {
        do throws(SealingError) {
            return try model.writeSeal(prompt: prompt, replaces: force)
        } catch {
            throw Failure(error)
        }
    }
}

extension Failure {
    /// A bad place, prompt or flag is the caller's and therefore a usage error. A failed sealing is
    /// an internal error.
    fileprivate init(_ error: SealingError) {
        self.init(
            code: error.code == .sealingFailed ? .internalError : .usage, message: error.message,
            advice: error.code == .sealExists
                ? "it matches the model; --force replaces it" : nil)
    }
}

/// The line that names the running layer. Called from the loading thread and from the main thread.
private final class InspectProgress: Sendable {
    private let progress = Mutex(Progress())
    private let estimate = ReadingEstimate()
    private let begin = ContinuousClock.now

    func show(_ step: LayerProgress) {
        guard step.verdict == nil else { return }
        let words = step.bytes.map {
            estimate.words(
                layer: step.layer.rawValue, $0, time: begin.duration(to: .now))
        }
        progress.withLock { $0.show("assaying: " + (words ?? "\(step.layer) layer")) }
    }

    func clear() { progress.withLock { $0.clear() } }
}
