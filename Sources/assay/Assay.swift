// The command line client: a file per subcommand, exit codes as in docs/command-line.md.
//
// Guarantees: usage errors exit with 2, failures with the code of their cause. Every failure prints
// a sentence and advice on standard error.
// Not here: the protocol is in AssayClient, the assay in Loading, vocabularies in Tokenizers.

import ArgumentParser
import AssayClient
import Console
import ProgramFacts

struct Assay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Assays model files and talks to an assayd server.",
        discussion: statuses.text + "\n\n" + variables.text,
        version: ProgramVersion.text(of: "assay"),
        subcommands: [
            Inspect.self, Generate.self, Chat.self, ScoreCommand.self, Embed.self,
            LogitsCommand.self,
            Tokenize.self, Detokenize.self, Render.self, Models.self, Load.self, Unload.self,
            Swap.self, Rollback.self, Pin.self, Alias.self, Health.self, Stats.self, Ping.self,
            TokenCommand.self,
        ])

    private static let statuses = HelpSection.statuses([
        (0, "ok"),
        (2, "wrong usage"),
        (65, "a model was refused, or has drifted from its seal"),
        (69, "the server is unreachable"),
        (70, "an internal failure"),
        (74, "standard output or input failed"),
        (75, "overloaded, not ready, or too late: try again"),
        (76, "protocol error"),
        (77, "refused: not allowed, or a requirement does not hold"),
        (79, "a mock's answer was refused"),
        (130, "ended by Ctrl-C"),
    ])

    private static let variables = HelpSection.variables([
        SharedVariable.server(default: ServerAddress.standard.description),
        SharedVariable.tokenFile,
        SharedVariable.instructionSet,
        SharedVariable.noColour,
        ("XDG_STATE_HOME", "folder of assay/history, the lines of assay chat", "~/.local/state"),
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
