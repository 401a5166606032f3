// assay-fidelity: does this build give the references' answers? One table, and an exit status.
//
// 0: every row holds. 1: at least one misses. 2: wrong usage. 77: there are no fixtures, so nothing
// was checked. Wiring only; the checks are in Fidelity.

import ArgumentParser
import Fidelity
import Foundation

@main
struct FidelityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-fidelity",
        abstract: "Compares models, formats and tokenizers with recorded answers.")

    @Option(help: "The folder of reference models and answers.")
    var fixtures =
        ProcessInfo.processInfo.environment["ASSAY_FIXTURES"] ?? "../shared/fixtures"

    @Option(help: "Check only subjects whose title contains this.")
    var only: String?

    static func main() {
        do {
            let command = try parse()
            // Unbuffered: the table grows for minutes.
            let run = FidelityRun(root: command.fixtures, only: command.only) { line in
                FileHandle.standardOutput.write(Data((line + "\n").utf8))
            }
            Foundation.exit(run.run().rawValue)
        } catch {
            let isHelp = exitCode(for: error) == .success
            let text = fullMessage(for: error) + "\n"
            FileHandle(fileDescriptor: isHelp ? 1 : 2).write(Data(text.utf8))
            Foundation.exit(isHelp ? 0 : 2)
        }
    }
}
