// assay-load: how fast is it? Wiring only; the measuring is in EngineMeasure and LoadMeasure.

import ArgumentParser
import EngineMeasure

@main
struct AssayLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-load", abstract: "Measures Assay.",
        subcommands: [EngineCommand.self, LoadingCommand.self])

    /// Exit statuses are the project's, not the parser's: 2 for wrong usage, 65 for a model that
    /// cannot be measured.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ModelRefused {
            complain(error.description)
            exit(withError: ExitCode(65))
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            complain(fullMessage(for: error))
            exit(withError: ExitCode(2))
        }
    }
}
