// The server as a whole: binds addresses first, then assays models, then serves requests until a
// drain.
//
// Guarantees:
// - From the binding on every request is answered, if only with `model_loading`.
// - A model of the start is loaded in the way of a client's Load.
// - A failed start drains and leaves no thread, socket or file behind.
// - `stop` drains.
//
// Threads: a loop thread for the network, an engine thread and the back end's workers for
// computing, a thread per running load.

import Compute
import Credentials
import EventLoop
import Loading
import Logging
import Service
import Synchronization
import Threads
import Wire

/// Reason a server could not start.
package enum ServerStartError: Error, Sendable, CustomStringConvertible {
    /// A model did not pass the assay. The report names the layer and the reason.
    case modelRejected(name: String, report: LoadReport)
    /// A setting with a fault that shows only in use: a model's name, an address.
    case configuration(String)
    /// The system refused: an address in use, no memory, no descriptor.
    case system(String)
    /// A stop was requested before every model was in service.
    case stopped

    /// Text for a person. A rejection shows the whole layer report.
    package var description: String {
        switch self {
        case .modelRejected(let name, let report): "model \"\(name)\" was rejected\n\(report)"
        case .configuration(let text), .system(let text): text
        case .stopped: "asked to stop before every model was in service"
        }
    }
}

/// A server. Any thread. Call `start` once.
package final class AssayServer: Sendable {
    /// Name and version, as told in Hello.
    package static let version = "assayd \(Limits.release)"

    private let configuration: ServerConfiguration
    private let logger: Logger
    private let inbox = LoopInbox()
    private let placing: ModelPlacing
    private let store: PackingStore
    private let board: AdminBoard
    private let admin = Mutex<AdminServer?>(nil)
    private let stopped = Latch<Void>()

    /// Starts the computing threads of the CPU back end. Touches no model and no socket.
    package convenience init(
        configuration: ServerConfiguration, logger: Logger
    ) throws(ServerStartError) {
        let threads = configuration.threads == 0 ? ProcessorCount.usable : configuration.threads
        let backend: CPUBackend
        do {
            backend = try CPUBackend(threads: threads)
        } catch {
            throw .system("starting the CPU back end: \(error)")
        }
        self.init(configuration: configuration, logger: logger, backend: backend)
    }

    /// Makes a server with a given back end, for tests.
    package init(configuration: ServerConfiguration, logger: Logger, backend: any Backend) {
        self.configuration = configuration
        self.logger = logger
        Self.report(backend, to: logger)
        let memoryMax = configuration.memoryMax
        placing = ModelPlacing(
            backend: backend, ledger: MemoryLedger(limit: memoryMax > 0 ? memoryMax : nil))
        store = PackingStore(
            digests: DigestMemory(path: DigestPlace.path(configuration.digestFile), logger: logger))
        board = AdminBoard(inbox)
    }

    deinit { stopAdmin() }

    /// Logs the back end in one line, and a warning for each kernel that was found faulty.
    private static func report(_ backend: any Backend, to logger: Logger) {
        guard let kernels = backend.kernels else { return }
        let threads = (backend as? CPUBackend).map { " on \($0.threads) threads" } ?? ""
        logger.info("computing\(threads) with \(kernels.summary)")
        for degradation in kernels.degradations {
            logger.warning("a self check of the kernels failed: \(degradation)")
        }
    }

    // MARK: - Start and stop

    /// Answers monitors from now on, if the configuration names an admin address: alive, and not
    /// ready before `start` has succeeded. Call once, before `start`.
    ///
    /// - Parameter names: models that will be loaded besides the configured models.
    /// - Returns: `HOST:PORT` as bound, or nil without an admin address.
    /// - Throws: `configuration` when the address cannot be bound.
    package func startAdmin(expecting names: [String] = []) throws(ServerStartError) -> String? {
        guard let address = configuration.adminAddress else { return nil }
        let configured: [String]
        do throws(ConfigurationError) {
            configured = try configuration.namedModels().map(\.name)
        } catch {
            throw .configuration("\(error)")
        }
        board.expect(
            Readiness.Requirement(
                names: configuration.requiredModels, configured: configured + names,
                allowsMock: configuration.isReadyWithMock,
                loadsOnRequest: configuration.limits.eviction != .refuse))
        let server = try AdminServer(address, board: board, logger: logger)
        admin.withLock { $0 = server }
        return server.address
    }

    /// Stops the admin server, if there is one.
    private func stopAdmin() {
        let server = admin.withLock { admin in
            defer { admin = nil }
            return admin
        }
        server?.stop()
    }

    /// Binds the addresses, then puts every configured model through the assay and into service, in
    /// order. From the binding on requests are answered: Ping, Health, Models and Stats at once, a
    /// request to a loading model with `model_loading`.
    ///
    /// - Parameters:
    ///   - signals: signal numbers that drain, e.g. SIGTERM and SIGINT.
    ///   - strictly: additional models, assayed under the strict strategy whatever the
    ///     configuration says, so no mock may stand in for them.
    ///   - bound: called once with the addresses as bound (with the port chosen for port 0).
    ///   - report: called for each model that passed.
    /// - Returns: the addresses, after all models are in service.
    /// - Throws: an error when an address cannot be bound, or at the first model that did not pass,
    ///   with its report. `stopped` when a stop was requested meanwhile. Nothing is left running
    ///   after an error.
    @discardableResult
    package func start(
        signals: [Int32] = [], strictly: [(name: String, path: String)] = [],
        bound: (_ addresses: [String]) -> Void = { _ in },
        report: (_ name: String, LoadReport) -> Void = { _, _ in }
    ) throws(ServerStartError) -> [String] {
        let requests: [LoadRequest]
        let warmUps: WarmUps
        do throws(ServerStartError) {
            requests = try loadRequests(strictly)
            warmUps = try readWarmUps()
        } catch {
            stopAdmin()
            throw error
        }
        let addresses = try bind(signals, requests, warmUps)
        board.bound()
        bound(addresses)
        do throws(ServerStartError) {
            let preloaded = requests.filter { isPreloaded($0.name) }
            for request in preloaded { report(request.name, try load(request)) }
            try settle()
        } catch {
            // With `stopped` a drain has begun already, and a second call would hurry it.
            if case .stopped = error {} else { stop() }
            waitUntilStopped()
            throw error
        }
        return addresses
    }

    /// Requests a drain and returns at once. The second call hurries the drain. Any thread.
    package func stop() { inbox.post(.shutDown) }

    /// Blocks until the server is down.
    package func waitUntilStopped() { stopped.wait() }

    /// Returns the loads of the start, checked as far as possible without a file.
    private func loadRequests(
        _ strictly: [(name: String, path: String)]
    ) throws(ServerStartError) -> [LoadRequest] {
        var requests: [LoadRequest] = []
        do throws(ConfigurationError) {
            requests = try configuration.namedModels().map {
                LoadRequest(name: $0.name, path: $0.path)
            }
        } catch {
            throw .configuration("\(error)")
        }
        requests += strictly.map { LoadRequest(name: $0.name, path: $0.path, strategy: .strict) }
        let names = Set(requests.map(\.name))
        let modelsMax = configuration.limits.modelsMax
        guard names.count == requests.count, names.count <= modelsMax else {
            throw .configuration(
                "reading the models: found \(requests.count) with \(names.count) names, allowed: "
                    + "\(modelsMax) (models-max), each with a name of its own")
        }
        return requests
    }

    /// True for a model of the start that is loaded before the server is ready. A model that the
    /// configuration does not name always is.
    private func isPreloaded(_ name: String) -> Bool {
        let isNamed = configuration.models.contains { $0.hasPrefix(name + "=") }
        return !isNamed || configuration.isPreloaded(name)
    }

    private func readWarmUps() throws(ServerStartError) -> WarmUps {
        do throws(ConfigurationError) {
            return try WarmUps(path: configuration.warmUpRequests)
        } catch {
            throw .configuration("\(error)")
        }
    }

    /// Time the engine has for its last step after the drain.
    private static let engineSecondsMax = 10

    private func bind(
        _ signals: [Int32], _ requests: [LoadRequest], _ warmUps: WarmUps
    ) throws(ServerStartError) -> [String] {
        var addresses: [Address] = []
        do throws(EventLoopError) {
            for text in configuration.listen { addresses.append(try Address.parse(text)) }
        } catch {
            throw .configuration("\(error)")
        }
        let windows = OutputWindows(limits: configuration.limits)
        let tokens = try readTokens()
        let engine: EngineThread
        let texts: TextThreads
        do throws(ThreadRefusal) {
            engine = try EngineThread(
                configuration: configuration, inbox: inbox, windows: windows, logger: logger)
            do throws(ThreadRefusal) {
                texts = try TextThreads(engine: engine.mailbox, inbox: inbox, windows: windows)
            } catch {
                _ = engine.stop(within: Self.engineSecondsMax)
                throw error
            }
        } catch {
            throw .system("starting the engine's threads: \(error)")
        }
        let start = LoopStart(
            configuration: configuration, names: requests.map(\.name).filter(isPreloaded),
            onRequest: requests.filter { !isPreloaded($0.name) }, addresses: addresses,
            signals: signals,
            mailbox: engine.mailbox, texts: texts, windows: windows,
            loading: ModelLoading(
                configuration: configuration, placing: placing, store: store, logger: logger,
                serving: ServingState(engine.mailbox),
                observe: { [board] in board.progressed($0, $1) }), warmUps: warmUps,
            inbox: inbox, tokens: tokens, logger: logger)
        let outcome = StartOutcome()
        // The thread keeps the server, and with it the admin pages, until the drain is over.
        do {
            try startThread("assay-loop") { [self] in
                start.run(outcome)
                tokens?.stop()
                texts.stop()
                if !engine.stop(within: Self.engineSecondsMax) {
                    logger.critical("leaving a stuck engine behind: it has not ended its step")
                }
                stopAdmin()
                stopped.set(())
            }
        } catch {
            throw .system("starting the loop thread: \(error)")
        }
        let result = outcome.wait()
        if case .failure = result { waitUntilStopped() }
        return try result.get()
    }

    /// Reads the token file, if there is one, and looks after it from then on.
    private func readTokens() throws(ServerStartError) -> TokenWatch? {
        guard let path = configuration.tokenPath else { return nil }
        let tokens: TokenWatch
        do throws(TokenFileError) {
            tokens = try TokenWatch(path: path, inbox: inbox, logger: logger)
        } catch {
            throw .configuration("\(error)")
        }
        do throws(ThreadRefusal) {
            try tokens.start()
        } catch {
            throw .system("starting the thread of the token file: \(error)")
        }
        return tokens
    }

    /// Tells the loop that every model is in service, and waits for the loop's answer.
    private func settle() throws(ServerStartError) {
        let served = Latch<Bool>()
        inbox.post(.served(served))
        while stopped.value == nil {
            guard let isServed = served.wait(milliseconds: 100) else { continue }
            if isServed { return }
            break
        }
        throw .stopped
    }

    /// Time between two log lines about a running load, in milliseconds.
    private static let progressMilliseconds = 5000

    /// Loads a model through the loop, like a client's Load, and waits.
    private func load(_ request: LoadRequest) throws(ServerStartError) -> LoadReport {
        let outcome = BootOutcome()
        inbox.post(.boot(request, outcome))
        var waited = 0
        while stopped.value == nil {
            if let result = outcome.wait(milliseconds: 100) { return try result.get() }
            waited += 100
            guard waited % Self.progressMilliseconds == 0 else { continue }
            logger.info(
                "still loading",
                metadata: [
                    "model": "\(request.name)", "seconds": "\(waited / 1000)",
                    "progress": "\(board.progress(request.name) ?? "loading")",
                ])
        }
        throw .stopped
    }
}
