// A failure that ends a command early: an exit code, a sentence and advice.
//
// Guarantees: the numbers are part of the program's contract and never change meaning.
// AssayClient's `exitStatus` gives the code for an error of the client.

import AssayClient
import Console
import Foundation
import Wire

/// Exit codes, after sysexits(3) where possible.
enum ExitCode: Int32 {
    case ok = 0
    case usage = 2
    /// A model file failed the assay.
    case rejected = 65
    /// No server at the address, or the server went away.
    case unreachable = 69
    case internalError = 70
    /// Overloaded, draining, loading, or too late. The command may work later.
    case tryAgain = 75
    case protocolError = 76
    /// Not allowed, or a stated requirement does not hold.
    case refused = 77
    /// The answer came from a mock and --allow-mock was not given.
    case mockRefused = 79
    /// Ended by Ctrl-C.
    case interrupted = 130
}

func exitProcess(_ code: ExitCode) -> Never { exit(code.rawValue) }

struct Failure: Error {
    let code: ExitCode
    let message: String
    var advice: String?

    /// Prints the sentence and the advice on standard error.
    func report() {
        Console.error("assay: \(message)")
        if let advice { Console.error("  \(advice)") }
    }

    static func usage(_ message: String, advice: String? = nil) -> Failure {
        let command = Assay.configuration.subcommands.map { $0._commandName }
            .first { $0 == CommandLine.arguments.dropFirst().first }
        let help = ["assay", "help", command].compactMap { $0 }.joined(separator: " ")
        return Failure(
            code: .usage, message: message, advice: advice ?? "\(help) lists its options")
    }
}
