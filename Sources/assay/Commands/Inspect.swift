// assay inspect PATH: runs the assay here, without a server.

import ArgumentParser
import Loading
import Logging
import Synchronization

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Assay a model file on this machine: 0 accepted, 65 rejected.")

    @Argument(help: "The model file.")
    var path: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        // The report says it all; a log line beside it would say it twice.
        let silent = Logger(label: "assay.inspect") { _ in SwiftLogNoOpLogHandler() }
        let loader = try ModelLoader(logger: silent)
        let progress = InspectProgress()
        let outcome = loader.run(path: path) { progress.show($0) }
        progress.clear()
        var report = outcome.report
        if case .success(.real(let model)) = outcome.result {
            // Computed beside the layers; what is printed should have it.
            _ = model.fingerprint.value(within: .seconds(600))
            report = model.currentReport
        }
        print(json ? report.json : report.table)
        // The table and the JSON both say where, why and what to do.
        if case .failure = outcome.result { exitProcess(.rejected) }
    }
}

/// The line that names the layer at work. Called from the loading thread and from the main one.
private final class InspectProgress: Sendable {
    private let progress = Mutex(Progress())

    func show(_ step: LoadProgress) {
        guard step.verdict == nil else { return }
        progress.withLock { $0.show("assaying: \(step.layer) layer") }
    }

    func clear() { progress.withLock { $0.clear() } }
}
