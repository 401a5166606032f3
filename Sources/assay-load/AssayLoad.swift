// assay-load measures the speed of Assay. This file only connects modules. The measuring is in
// EngineMeasure, LoadMeasure and LoadTesting.

import ArgumentParser
import AssayClient
import Console
import EngineMeasure
import LoadTesting
import ProgramFacts

@main
struct AssayLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-load", abstract: "Measures Assay.",
        discussion: statuses.text + "\n\n" + variables.text,
        version: ProgramVersion.text(of: "assay-load"),
        subcommands: [
            RpcCommand.self, CompareCommand.self, EngineCommand.self, LoadingCommand.self,
        ])

    private static let statuses = HelpSection.statuses([
        (0, "ok"),
        (1, "a threshold is broken, too many requests fail, or an answer is degraded"),
        (2, "wrong usage"),
        (65, "a model was refused"),
        (69, "the server is unreachable"),
        (70, "nothing could be measured"),
        (74, "standard output or input failed"),
        (77, "refused: no token of the server, or not its scope"),
        (79, "a mock answered"),
        (130, "interrupted"),
    ])

    private static let variables = HelpSection.variables([
        SharedVariable.server(default: ServerAddress.standard.description),
        SharedVariable.tokenFile,
        SharedVariable.instructionSet,
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
            end(error.exitStatus, "assay-load: \(error.message)\(advice(error))")
        } catch {
            // A command ends with a status by throwing the status.
            if let status = error as? ExitCode { exit(withError: status) }
            guard let fault = Self.fault(error) else {
                Console.line(fullMessage(for: error))
                return
            }
            fault.report("assay-load")
            exit(withError: ExitCode(2))
        }
    }

    /// What to do next, behind the words of the failure.
    private static func advice(_ error: ClientError) -> String {
        switch error.serverError?.code {
        case "token_required": return "; name the file that holds your token with --token-file"
        case "token_invalid": return "; ask the server's operator for a new token"
        case "scope_missing": return "; a load test needs a token with the scopes infer and observe"
        default: break
        }
        guard error.code == .unreachable else { return "" }
        return "; start assayd there, name another address with --server or ASSAY_SERVER, or "
            + "wait for it with --wait TIME"
    }

    /// The fault of a command line that the parser refused, or nil for a wish for help.
    private static func fault(_ error: any Error) -> CommandFault? {
        CommandFault(
            "assay-load", Array(CommandLine.arguments.dropFirst()),
            endsWell: exitCode(for: error) == .success, message: message(for: error),
            json: _dumpHelp())
    }

    private static func end(_ status: Int32, _ sentence: String) -> Never {
        Console.error(sentence)
        exit(withError: ExitCode(status))
    }
}
