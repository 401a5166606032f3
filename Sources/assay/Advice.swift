// What to do next after a failed call: a sentence of advice for each kind of failure.
//
// Guarantees: commands in the advice can be pasted into a shell. A server is asked once more, for
// the names of its models, and only about a name that it does not know.

import AssayClient
import Foundation
import PlainText
import Wire

extension Failure {
    /// The failure for an error of the client, with advice.
    init(_ error: ClientError, server: String) {
        // The new model was judged and refused: a status that asks to try again would mislead.
        let isRefused = error.serverError?.code == "shadow_differs"
        let code = isRefused ? .rejected : ExitCode(rawValue: error.exitStatus) ?? .internalError
        self.init(code: code, message: error.message)
        advice = Advice(server: server).after(error)
    }

    /// The failure for an error, with the nearest name for a model that the server does not have.
    static func explained(
        _ error: ClientError, server: String, token: String?, deadline: UInt32
    ) async -> Failure {
        var failure = Failure(error, server: server)
        guard error.serverError?.code == "model_unknown", let asked = asked(error) else {
            return failure
        }
        let limit = deadline == 0 ? 2000 : min(deadline, 2000)
        var options = ClientOptions()
        options.attempts = 1
        options.token = token
        options.connectMilliseconds = limit
        guard let client = try? Client(server, options: options) else { return failure }
        defer { client.close() }
        if let list = try? await client.models(deadlineMilliseconds: limit) {
            failure.advice = unknown(asked, among: list.message.models.map(\.name))
        }
        return failure
    }

    /// The name that the server looked up.
    private static func asked(_ error: ClientError) -> String? {
        guard let words = error.serverError?.message, let start = words.firstRange(of: "model \""),
            let end = words.range(of: "\": found", options: .backwards)
        else { return nil }
        return start.upperBound < end.lowerBound
            ? String(words[start.upperBound..<end.lowerBound]) : nil
    }

    /// What there is in place of an unknown name.
    static func unknown(_ name: String, among names: [String]) -> String {
        guard let nearest = nearestName(to: name, among: names) else {
            return "the server has no models; load one: assay load NAME=PATH"
        }
        let served = "served are: " + names.map(\.shellWord).joined(separator: ", ")
        guard edits(from: name, to: nearest) <= max(1, name.utf8.count / 2) else { return served }
        return "did you mean \(nearest.shellWord)? \(served)"
    }
}

/// Advice about a server at one address.
private struct Advice {
    /// The address as given.
    let server: String

    private var place: String { server.shellWord }
    private var rightAddress: String { "give the address that assayd prints as listening on" }

    func after(_ error: ClientError) -> String? {
        if let words = error.serverError { return after(words, error) }
        switch error.code {
        case .addressInvalid:
            return "write the address as assayd prints it: listening on ADDRESS"
        case .unreachable:
            return unreachable(error.systemNumber)
        case .connectionClosed:
            return error.isUnsent
                ? "what listens at \(place) hangs up: \(rightAddress); if it is that one, the "
                    + "server's log says why"
                : "the server stopped or ended the connection: its log says why"
        case .mockRefused:
            return "a mock's answer means nothing; load a real model, or say --allow-mock"
        case .protocolError:
            return "\(rightAddress); its admin port and the bridge speak HTTP, and assayd speaks "
                + "no TLS"
        case .timedOut where error.isUnsent:
            return "what listens at \(place) says nothing: \(rightAddress)"
        case .revisionTooLow: return "the server is older than this request: update assayd"
        case .timedOut: return "give it more time with --deadline, or try again later"
        default: return error.field.map(field)
        }
    }

    /// Advice after words of the server.
    private func after(_ words: ErrorBody, _ error: ClientError) -> String? {
        switch words.code {
        case "model_unknown": return "assay models lists what is served"
        case "model_required": return "name one of them with --model NAME"
        case "model_exists": return "load it under another name, or unload that model first"
        case "loading_not_allowed":
            return words.message.contains("scope admin")
                ? "use a token with the scope admin; the server's operator makes it (assay token "
                    + "new)"
                : "ask over a Unix socket as the server's user, or start assayd with the setting "
                    + "allow-loading"
        case "token_required":
            return "name the file that holds your token with --token-file or ASSAY_TOKEN_FILE"
        case "token_invalid":
            return "ask the server's operator for a new token (assay token new)"
        case "scope_missing":
            return "use a token with that scope; the server's operator makes it (assay token new)"
        case "path_not_allowed":
            return "move the file below a folder that assayd was started with as --model-root"
        case "chat_template_missing":
            return "ask a model with a chat template, or continue a plain text: assay generate TEXT"
        case "prompt_too_long":
            return "shorten the prompt, or let assay generate drop its beginning with "
                + "--truncate-prompt"
        default: break
        }
        let later = error.retryAfterMilliseconds.map { "try again in \(Double($0) / 1000) s" }
        if let advice = model(words.code, later ?? "try again a little later") { return advice }
        if let later { return later }
        switch error.status {
        case .notFound: return "assay models lists what is served"
        case .modelRejected:
            return "assay inspect shows each layer's verdict on a file of this machine"
        case .resourceExhausted, .unavailable: return "try again a little later"
        case .deadlineExceeded: return "give it more time with --deadline, or try again later"
        default: return error.field.map(field)
        }
    }

    /// Advice after a refusal about generations, labels, breakers and pins.
    private func model(_ code: String, _ later: String) -> String? {
        switch code {
        case "breaker_open", "model_evicted":
            return "\(later); assay models --verbose shows the reason"
        case "swap_running": return "\(later), or end the other swap with Ctrl-C"
        case "generation_unknown": return "assay models lists the generations and labels in memory"
        case "no_held_generation": return "swap to the file: assay swap NAME=PATH"
        case "shadow_differs":
            return "the old generation goes on; compare the files, or swap without --require-equal"
        case "name_reserved": return "take a name without \":\"; labels are set by assay alias"
        case "model_pinned": return "unpin the model first: assay pin NAME --off"
        default: return nil
        }
    }

    /// Names the option that sets a field of the request.
    private func field(_ path: String) -> String {
        let parts = path.split(separator: ".").map(String.init)
        let last = (parts.last ?? path).replacing("_", with: "-")
        let option =
            switch parts.first {
            case "requirements": "--require-\(last)"
            case "messages": "--message or --conversation"
            case "inputs": "--text, --tokens or --file"
            case "continuations": "--continuation or --continuation-tokens"
            case "template_variables": "--var"
            case "template_time": "--now"
            case "name", "path": "NAME=PATH"
            case "label": "NAME:LABEL"
            case "generation": "GENERATION"
            case "prompt", "text": "the text"
            default: "--\(last)"
            }
        return "correct \(option) (the request's field \(path))"
    }

    /// Advice for an error of connect(2) or getaddrinfo(3).
    private func unreachable(_ number: Int32) -> String {
        let other = "or name another with --server or ASSAY_SERVER"
        switch number {
        case EACCES, EPERM:
            return "this user may not write to the socket: ask as its owner, \(other)"
        case ECONNREFUSED where isNoSocket:
            return "the file is no socket: \(rightAddress)"
        case ENOENT, ECONNREFUSED, ENOTDIR:
            return "no assayd listens there; start it: assayd --listen \(place), \(other)"
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT:
            return "this machine has no way to that address: check it and the network, \(other)"
        case EAI_AGAIN:
            return "the name server gives no answer: try again, or give a numeric address"
        case ..<0:
            return "no such host: check the spelling, or give a numeric address"
        default:
            return "nothing answers there: check the address, and firewalls in between, \(other)"
        }
    }

    /// True for the path of a file that is no socket.
    private var isNoSocket: Bool {
        guard case .unix(let path)? = try? ServerAddress(server) else { return false }
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT != S_IFSOCK
    }
}

extension String {
    /// The text as one word of a shell, in quotes where it needs them.
    var shellWord: String {
        if !isEmpty, utf8.allSatisfy(\.isShellPlain) { return self }
        return "'" + replacing("'", with: "'\\''") + "'"
    }
}

extension UInt8 {
    /// True for letters, digits, and signs without a meaning for a shell.
    fileprivate var isShellPlain: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-_./:,@+%[]".utf8.contains(self)
        }
    }
}
