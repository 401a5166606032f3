// The command line client: a file per subcommand, exit codes as in docs/command-line.md.
//
// Guarantees: usage errors exit with 2, failures with the code of their cause. Every failure prints
// a sentence and advice on standard error.
// Not here: the protocol is in AssayClient, the assay in Loading, vocabularies in Tokenizers.

import ArgumentParser
import Console

struct Assay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Assays model files and talks to an assayd server.",
        discussion: """
            Exit codes: 0 ok, 2 usage, 65 model rejected, 69 server unreachable, 70 internal, \
            74 output that cannot be written, 75 overloaded or not ready (try again), \
            76 protocol error, 77 refused, 79 mock answer refused.
            """,
        subcommands: [
            Inspect.self, Generate.self, ScoreCommand.self, Embed.self, LogitsCommand.self,
            Tokenize.self, Detokenize.self, Render.self, Models.self, Load.self, Unload.self,
            Health.self, Stats.self, Ping.self,
        ])
}

@main
enum Main {
    static func main() async {
        Console.prepare()
        do {
            var command = try Assay.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.report()
            exitProcess(failure.code)
        } catch {
            guard let fault = Self.fault(error) else {
                Console.line(Assay.fullMessage(for: error))
                exitProcess(.ok)
            }
            fault.report("assay")
            exitProcess(.usage)
        }
    }

    /// The fault of a command line that the parser refused, or nil for a wish for help.
    private static func fault(_ error: any Error) -> CommandFault? {
        CommandFault(
            "assay", Array(CommandLine.arguments.dropFirst()),
            endsWell: Assay.exitCode(for: error) == .success,
            message: Assay.message(for: error), json: Assay._dumpHelp())
    }
}
