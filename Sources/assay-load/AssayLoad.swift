// assay-load measures the speed of Assay. This file only connects modules. The measuring is in
// EngineMeasure, LoadMeasure and LoadTesting.

import ArgumentParser
import AssayClient
import Console
import EngineMeasure
import LoadTesting

@main
struct AssayLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-load", abstract: "Measures Assay.",
        subcommands: [
            RpcCommand.self, CompareCommand.self, EngineCommand.self, LoadingCommand.self,
        ])

    /// Runs the command. The exit statuses are the project's, not the parser's: 2 for wrong usage,
    /// 65 for a model that cannot be measured, 69 for an unreachable server, 79 for a mock.
    static func main() async {
        Console.prepare()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ModelRefused {
            end(65, error.description)
        } catch let error as RunRefused {
            end(error.status, "assay-load: " + error.sentence)
        } catch let error as LoadTestError {
            end(2, "assay-load: " + error.message)
        } catch let error as ClientError {
            let advice =
                error.code == .unreachable
                ? "; start assayd there, name another address with --server or ASSAY_SERVER, or wait "
                    + "for it with --wait SECONDS" : ""
            end(error.exitStatus, "assay-load: \(error.message)\(advice)")
        } catch {
            switch exitCode(for: error) {
            case .success: Console.line(fullMessage(for: error))
            case .validationFailure: end(2, fullMessage(for: error))
            default: exit(withError: error)
            }
        }
    }

    private static func end(_ status: Int32, _ sentence: String) -> Never {
        Console.error(sentence)
        exit(withError: ExitCode(status))
    }
}
