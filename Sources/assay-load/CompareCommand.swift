// assay-load compare: differences beyond chance between two reports of assay-load rpc.

import ArgumentParser
import Console
import LoadTesting

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two reports of rpc --save-json: what differs beyond chance.",
        discussion: "Exit status: 0; 1 with --fail-if-worse when something is worse beyond chance.")

    @Argument(help: "The report before.", completion: .file(extensions: ["json"]))
    var before: String

    @Argument(help: "The report after.", completion: .file(extensions: ["json"]))
    var after: String

    @Flag(help: "Fail when something is worse beyond chance.")
    var failIfWorse = false

    func run() throws {
        let comparison = try Comparison(
            try ReportOptions.report(before), try ReportOptions.report(after))
        Console.output(comparison.text)
        if failIfWorse, comparison.isWorse {
            Console.error("assay-load: B is worse than A beyond chance")
            throw ExitCode(1)
        }
    }
}
