// Options of the subcommands that talk to a server, and the code that runs such subcommands.
//
// Guarantees: the flag beats ASSAY_SERVER beats the default address. Errors of the client become
// failures with exit codes in a single place. A mock's answer is announced before it is shown. A
// loading model is waited for. A missing server is waited for only with --wait.

import ArgumentParser
import AssayClient
import Credentials
import Foundation
import PlainText
import Wire

/// What every question to a server has.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: "Server: HOST:PORT or /PATH of a Unix socket (or ASSAY_SERVER; 127.0.0.1:7411).")
    var server: String?

    @Option(
        help: ArgumentHelp(
            "File with the token to show the server, on one line (or ASSAY_TOKEN_FILE).",
            valueName: "file"), completion: .file())
    var tokenFile: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Time the server may take: milliseconds, or 50ms, 5s, 2m; 0 is no limit.",
            valueName: "time"),
        transform: Self.deadline)
    var deadline: UInt32 = 0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Time to wait for the server and its model: seconds, or 500ms, 2m; 0 for neither "
                + "(default: 60 for a model that is loading, none for a server that is not "
                + "there).", valueName: "time"),
        transform: Self.wait)
    var wait: Duration?

    /// Time to wait for a loading model when --wait is absent.
    private static let loadingTime = Duration.seconds(60)

    /// Milliseconds of --deadline.
    private static func deadline(_ text: String) throws -> UInt32 {
        let milliseconds = 0...UInt64(UInt32.max)
        return UInt32(try FlagValue.time("--deadline", in: .milliseconds, milliseconds)(text))
    }

    /// The time of --wait.
    private static func wait(_ text: String) throws -> Duration {
        .nanoseconds(try FlagValue.span("--wait", bare: .seconds, upTo: UInt64(UInt32.max))(text))
    }

    /// The address in effect.
    var address: String {
        server ?? ProcessInfo.processInfo.environment["ASSAY_SERVER"]
            ?? ServerAddress.standard.description
    }

    /// The token to show, or nil without a token file.
    func token() throws -> String? {
        do throws(TokenFileError) {
            return try OwnToken.read(
                option: tokenFile, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw Failure(
                code: .usage, message: "\(error)",
                advice: "assay token new makes a token and its entry for the server")
        }
    }

    /// The first given option that only a server has a use for, for a command without one.
    var given: String? {
        let flags = [
            ("--server", server != nil), ("--token-file", tokenFile != nil),
            ("--deadline", deadline != 0), ("--wait", wait != nil),
        ]
        return flags.first { $0.1 }?.0
    }

    /// Runs `body` with a client and turns the client's errors into failures. Nothing is tried
    /// twice behind the caller's back: a person sees each error at once.
    ///
    /// - Parameters:
    ///   - allowMock: true for an answer that may be a mock's.
    ///   - demandsReal: false for questions about a model rather than to the model.
    func withClient<Value: Sendable>(
        allowMock: Bool = false, demandsReal: Bool = true,
        _ body: (Client) async throws -> Value
    ) async throws -> Value {
        let token = try token()
        do {
            var settings = ClientOptions()
            settings.token = token
            settings.name = "assay-cli/1"
            settings.allowMock = allowMock
            settings.demandsReal = demandsReal
            settings.attempts = 1
            let client = try Client(address, options: settings)
            defer { client.close() }
            return try await waiting { try await body(client) }
        } catch let error as ClientError {
            throw await Failure.explained(
                error, server: address, token: token, deadline: deadline)
        }
    }

    /// Repeats `body` while the server or the model is missing, up to `wait` seconds. The client
    /// could wait by itself, but shows no progress.
    func waiting<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        let end = ContinuousClock.now + (wait ?? Self.loadingTime)
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
}

/// Options of questions that a mock may answer.
struct AnswerOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Show answers of mock models instead of refusing them.")
    var allowMock = false

    var json: Bool { connection.json }
    var deadline: UInt32 { connection.deadline }

    /// See `ConnectionOptions`.
    func withClient<Value: Sendable>(
        demandsReal: Bool = true, _ body: (Client) async throws -> Value
    ) async throws -> Value {
        try await connection.withClient(allowMock: allowMock, demandsReal: demandsReal, body)
    }

    /// Announces a mock answer.
    func announce(_ provenance: Provenance, model: String?) {
        if provenance == .mock { Terminal.mockBanner(model: model) }
    }
}

/// Options of questions to a model or about one.
struct ServerOptions: ParsableArguments {
    @OptionGroup var answer: AnswerOptions
    @OptionGroup var chosen: ModelOption

    var json: Bool { answer.json }
    var deadline: UInt32 { answer.deadline }
    var model: String? { chosen.model }
    var address: String { answer.connection.address }

    /// Refuses options that only a server has a use for, beside a flag that asks none.
    func refuse(beside flag: String) throws {
        let flags = [("--model", model != nil), ("--allow-mock", answer.allowMock)]
        let own = answer.connection.given ?? flags.first { $0.1 }?.0
        guard let own else { return }
        throw Failure.usage("\(flag) and \(own) exclude each other: \(flag) asks no server")
    }

    /// See `ConnectionOptions`.
    func withClient<Value: Sendable>(
        demandsReal: Bool = true, _ body: (Client) async throws -> Value
    ) async throws -> Value {
        try await answer.withClient(demandsReal: demandsReal, body)
    }

    /// Announces a mock answer.
    func announce(_ provenance: Provenance, model: String?) {
        answer.announce(provenance, model: model)
    }
}

/// The model by its name.
struct ModelOption: ParsableArguments {
    @Option(
        name: .shortAndLong, help: "Name of the model; not needed when the server has one.",
        transform: FlagValue.text("--model", 1...Limits.modelNameSizeMax))
    var model: String?
}

/// Requirements of a request, from the command line.
struct RequirementOptions: ParsableArguments {
    @Flag(help: "Have the server refuse before any work unless the model is real.")
    var requireReal = false

    @Option(
        help: ArgumentHelp(
            "Have the server refuse unless the model file has this SHA-256.", valueName: "hex"))
    var requireFingerprint: String?

    @Option(
        help: ArgumentHelp(
            "Have the server refuse unless this device computes, such as cpu.",
            valueName: "device"),
        completion: .computingDevice,
        transform: FlagValue.text("--require-device", 1...Limits.deviceNameSizeMax))
    var requireDevice: String?

    /// The first given option.
    var given: String? {
        let flags = [
            ("--require-real", requireReal), ("--require-fingerprint", requireFingerprint != nil),
            ("--require-device", requireDevice != nil),
        ]
        return flags.first { $0.1 }?.0
    }

    /// Refuses the options beside a flag that asks no server.
    func refuse(beside flag: String) throws {
        guard let given else { return }
        throw Failure.usage("\(flag) and \(given) exclude each other: \(flag) asks no server")
    }

    /// Returns nil if no requirement is given.
    func requirements() throws -> Requirements? {
        guard given != nil else { return nil }
        var fingerprint: [UInt8]?
        if let text = requireFingerprint {
            guard let bytes = hexBytes(text), bytes.count == Limits.fingerprintSize else {
                throw Failure.usage(
                    "--require-fingerprint: found \(FlagValue.shown(text)), allowed: 64 "
                        + "hexadecimal digits")
            }
            fingerprint = bytes
        }
        return Requirements(real: requireReal, fingerprint: fingerprint, device: requireDevice)
    }
}

/// Priority and trace context of a request, from the command line.
struct ContextOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Which of a connection's own waiting requests begins first: the highest, 0 to 9.",
            valueName: "n"),
        transform: FlagValue.whole("--priority", 0...Limits.priorityMax))
    var priority: UInt64?

    @Option(
        help: ArgumentHelp(
            "A W3C traceparent, for the server's log: 00-TRACE-PARENT-FLAGS.", valueName: "text"))
    var traceContext: String?

    /// The first given option.
    var given: String? {
        priority != nil ? "--priority" : traceContext != nil ? "--trace-context" : nil
    }

    /// Refuses the options beside a flag that asks no server.
    func refuse(beside flag: String) throws {
        guard let given else { return }
        throw Failure.usage("\(flag) and \(given) exclude each other: \(flag) asks no server")
    }

    /// Returns nil if neither priority nor trace context is given.
    func context() throws -> RequestContext? {
        guard given != nil else { return nil }
        let context = RequestContext(
            traceContext: traceContext, priority: priority ?? Limits.priorityDefault)
        if let traceContext, !isTraceparent(traceContext) {
            throw Failure.usage(
                "--trace-context: found \(FlagValue.shown(traceContext)), allowed: a W3C "
                    + "traceparent, 00-TRACE-PARENT-FLAGS with 32, 16 and 2 lower-case "
                    + "hexadecimal digits")
        }
        return context
    }
}
