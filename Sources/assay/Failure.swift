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

    static func usage(_ message: String) -> Failure {
        Failure(code: .usage, message: message, advice: "see assay help")
    }
}

extension Failure {
    init(_ error: ClientError, server: String) {
        self.init(
            code: ExitCode(rawValue: error.exitStatus) ?? .internalError, message: error.message)
        advice = Self.advice(for: error, server: server)
    }

    private static func advice(for error: ClientError, server: String) -> String? {
        switch error.code {
        case .unreachable:
            return "is assayd running? start it with: assayd --listen \(server), "
                + "or name another with --server or ASSAY_SERVER"
        case .connectionClosed:
            return "the server stopped or refused the connection: its log says why"
        case .mockRefused:
            return "a mock's answer means nothing; load a real model, or say --allow-mock"
        case .protocolError:
            return "is there an assayd of this version at \(server)?"
        default: break
        }
        if let pause = error.retryAfterMilliseconds {
            return "try again in \(Double(pause) / 1000) s"
        }
        switch error.status {
        case .notFound: return "assay models lists what is served"
        case .permissionDenied where error.code.name == "loading_not_allowed":
            return "ask over a Unix socket as the server's user, or set allow-loading"
        case .failedPrecondition where error.serverError?.code == "chat_template_missing":
            return "ask a model with a chat template, or continue a plain text: assay generate TEXT"
        case .modelRejected: return "assay inspect PATH shows each layer's verdict"
        case .resourceExhausted, .unavailable: return "try again a little later"
        case .deadlineExceeded: return "give it more time with --deadline, or try again later"
        default: return error.field.map { "the field is \($0)" }
        }
    }
}
