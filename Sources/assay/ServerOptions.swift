// Options of the subcommands that talk to a server, and the code that runs such subcommands.
//
// Guarantees: the flag beats ASSAY_SERVER beats the default address. Errors of the client become
// failures with exit codes in a single place. A mock's answer is announced before it is shown. A
// loading model is waited for. A missing server is waited for only with --wait.

import ArgumentParser
import AssayClient
import Foundation
import PlainText
import Wire

struct ServerOptions: ParsableArguments {
    @Option(
        help: "Server: HOST:PORT or /PATH of a Unix socket (or ASSAY_SERVER; 127.0.0.1:7411).")
    var server: String?

    @Option(name: .shortAndLong, help: "Name of the model; not needed when the server has one.")
    var model: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show answers of mock models instead of refusing them.")
    var allowMock = false

    @Option(help: "Milliseconds the server may take; 0 is no limit.")
    var deadline: UInt32 = 0

    @Option(
        help: ArgumentHelp(
            "Seconds to wait for the server and its model; 0 for neither (default: 60 for a model "
                + "that is loading, none for a server that is not there)."))
    var wait: UInt32?

    /// Seconds to wait for a loading model when --wait is absent.
    private static let loadingSeconds: UInt32 = 60

    /// The address in effect.
    var address: String {
        server ?? ProcessInfo.processInfo.environment["ASSAY_SERVER"]
            ?? ServerAddress.standard.description
    }

    /// Runs `body` with a client and turns the client's errors into failures. Nothing is tried
    /// twice behind the caller's back: a person sees each error at once.
    ///
    /// - Parameter demandsReal: false for questions about a model rather than to the model.
    func withClient<Value: Sendable>(
        demandsReal: Bool = true, _ body: (Client) async throws -> Value
    ) async throws -> Value {
        do {
            var settings = ClientOptions()
            settings.name = "assay-cli/1"
            settings.allowMock = allowMock
            settings.demandsReal = demandsReal
            settings.attempts = 1
            let client = try Client(address, options: settings)
            defer { client.close() }
            return try await waiting { try await body(client) }
        } catch let error as ClientError {
            throw await Failure.explained(error, server: address, deadline: deadline)
        }
    }

    /// Repeats `body` while the server or the model is missing, up to `wait` seconds. The client
    /// could wait by itself, but shows no progress.
    private func waiting<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        let end = ContinuousClock.now + .seconds(Int(wait ?? Self.loadingSeconds))
        var progress = Progress()
        defer { progress.clear() }
        while true {
            do {
                return try await body()
            } catch let error as ClientError {
                let left = ContinuousClock.now.duration(to: end)
                guard left > .zero, let missing = missing(error) else { throw error }
                progress.show(missing)
                // The last try comes at the end of the wait, even if the server asked for a longer
                // pause.
                let pause = min(error.retryAfterMilliseconds ?? 200, 3_600_000)
                try await Task.sleep(for: min(.milliseconds(pause), left))
            }
        }
    }

    /// Describes the wait for the server or the model. Nil for an error that waiting cannot cure.
    private func missing(_ error: ClientError) -> String? {
        if let words = error.serverError, words.code == "model_loading" {
            return "waiting for the model: \(words.message)"
        }
        return error.code == .unreachable && wait != nil
            ? "waiting for the server: \(error.message)" : nil
    }

    /// Announces a mock answer.
    func announce(_ provenance: Provenance, model: String?) {
        if provenance == .mock { Terminal.mockBanner(model: model) }
    }
}

/// Requirements of a request, from the command line.
struct RequirementOptions: ParsableArguments {
    @Flag(help: "Have the server refuse before any work unless the model is real.")
    var requireReal = false

    @Option(help: "Have the server refuse unless the model file has this SHA-256.")
    var requireFingerprint: String?

    @Option(help: "Have the server refuse unless this device computes, such as cpu.")
    var requireDevice: String?

    /// Returns nil if no requirement is given.
    func requirements() throws -> Requirements? {
        guard requireReal || requireFingerprint != nil || requireDevice != nil else { return nil }
        var fingerprint: [UInt8]?
        if let text = requireFingerprint {
            guard let bytes = hexBytes(text), bytes.count == Limits.fingerprintSize else {
                throw Failure.usage("--require-fingerprint: needs 64 hexadecimal digits")
            }
            fingerprint = bytes
        }
        return Requirements(real: requireReal, fingerprint: fingerprint, device: requireDevice)
    }
}

/// Priority and trace context of a request, from the command line.
struct ContextOptions: ParsableArguments {
    @Option(
        help: "Which of a connection's own waiting requests begins first: the highest, 0 to 9.")
    var priority: UInt64?

    @Option(help: "A W3C traceparent, for the server's log: 00-TRACE-PARENT-FLAGS.")
    var traceContext: String?

    /// Returns nil if neither priority nor trace context is given. The server validates the trace
    /// context.
    func context() throws -> RequestContext? {
        if let priority, priority > Limits.priorityMax {
            throw Failure.usage(
                "--priority: found \(priority), allowed: 0 to \(Limits.priorityMax)")
        }
        guard priority != nil || traceContext != nil else { return nil }
        return RequestContext(
            traceContext: traceContext, priority: priority ?? Limits.priorityDefault)
    }
}
