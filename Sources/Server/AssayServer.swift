// The server as a whole: models are assayed first, then addresses bound, then requests served until
// somebody asks it to stop.
//
// Guarantees: nothing listens before every configured model has passed; a start that fails leaves
// no thread, socket or file behind; `stop` drains. Threads: one loop thread for the network, one
// engine thread and the back end's workers for computing, one thread per running load.

import Compute
import EventLoop
import Foundation
import Loading
import Logging
import Service
import Synchronization

/// Why a server could not start.
public enum ServerStartError: Error, Sendable, CustomStringConvertible {
    /// A model did not pass the assay. The report says where and why.
    case modelRejected(name: String, report: LoadReport)
    /// A setting that only shows its fault when it is used: a model's name, an address.
    case configuration(String)
    /// The system refused: an address in use, no memory, no descriptor.
    case system(String)

    /// For a person; a rejection shows the whole layer report.
    public var description: String {
        switch self {
        case .modelRejected(let name, let report): "model \"\(name)\" was rejected\n\(report)"
        case .configuration(let text), .system(let text): text
        }
    }
}

/// One server. Any thread; `start` once.
public final class AssayServer: Sendable {
    /// Name and version, as told in Hello.
    public static let version = "assayd 0.1.0"

    /// A model that passed, waiting for the start.
    private struct Candidate: Sendable {
        let name: String
        let model: LoadedModel
    }

    private let configuration: ServerConfiguration
    private let logger: Logger
    private let inbox = LoopInbox()
    private let candidates = Mutex<[Candidate]>([])
    private let placing: ModelPlacing
    private let board: AdminBoard
    private let admin = Mutex<AdminServer?>(nil)
    private let stopped = StoppedFlag()

    /// Starts the computing threads of the CPU back end; touches no model and no socket.
    public convenience init(
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

    /// The same with a back end made elsewhere, for tests.
    package init(configuration: ServerConfiguration, logger: Logger, backend: CPUBackend) {
        self.configuration = configuration
        self.logger = logger
        Self.report(backend, to: logger)
        placing = ModelPlacing(backend: backend)
        board = AdminBoard(inbox)
    }

    deinit { stopAdmin() }

    /// One line on what computes, and one warning for each kernel that was found faulty.
    private static func report(_ backend: CPUBackend, to logger: Logger) {
        guard let kernels = backend.kernels else { return }
        logger.info("computing on \(backend.threads) threads with \(kernels.summary)")
        for degradation in kernels.degradations {
            logger.warning("a self check of the kernels failed: \(degradation)")
        }
    }

    /// Puts every configured model through the assay, in order, on the calling thread. `report` is
    /// called for each that passed.
    ///
    /// - Throws: at the first that did not pass, with its report.
    public func loadModels(
        report: (_ name: String, LoadReport) -> Void = { _, _ in }
    ) throws(ServerStartError) {
        let named: [(name: String, path: String)]
        do throws(ConfigurationError) {
            named = try configuration.namedModels()
        } catch {
            throw .configuration("\(error)")
        }
        for (name, path) in named { report(name, try load(name, path, nil)) }
    }

    /// Puts one model more through the assay, on the calling thread, under the strict strategy
    /// whatever the configuration says: nothing may stand in for it. Before `start`.
    ///
    /// - Returns: its report.
    /// - Throws: when it did not pass, with its report.
    public func loadStrictly(name: String, path: String) throws(ServerStartError) -> LoadReport {
        try load(name, path, .strict)
    }

    private func load(
        _ name: String, _ path: String, _ strategy: Loading.LoadStrategy?
    ) throws(ServerStartError) -> LoadReport {
        let loading = ModelLoading(configuration: configuration, placing: placing, logger: logger)
        let outcome: LoadOutcome
        do throws(ServiceError) {
            outcome = try loading.run(path: path, strategy: strategy) { [board] progress in
                board.progressed(name, progress)
            }
        } catch {
            throw .configuration(error.message)
        }
        board.finished(name, outcome)
        guard case .success(let model) = outcome.result else {
            throw .modelRejected(name: name, report: outcome.report)
        }
        candidates.withLock { $0.append(Candidate(name: name, model: model)) }
        return outcome.report
    }

    /// Adds a model loaded elsewhere, for tests. Before `start`.
    package func add(_ model: LoadedModel, name: String) {
        candidates.withLock { $0.append(Candidate(name: name, model: model)) }
    }

    // MARK: - Start and stop

    /// Answers monitors from now on, if the configuration names an address for that: alive, and
    /// not ready before `start` has succeeded. Once, before the models are loaded.
    ///
    /// - Parameter names: models that will be loaded besides the configured ones.
    /// - Returns: `HOST:PORT` as bound; nil when the configuration says none.
    /// - Throws: `configuration` when the address cannot be had.
    public func startAdmin(expecting names: [String] = []) throws(ServerStartError) -> String? {
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
                allowsMock: configuration.isReadyWithMock))
        let server = try AdminServer(address, board: board, logger: logger)
        admin.withLock { $0 = server }
        return server.address
    }

    /// Ends the admin pages, if there are any.
    private func stopAdmin() {
        let server = admin.withLock { admin in
            defer { admin = nil }
            return admin
        }
        server?.stop()
    }

    /// Starts the threads, binds the addresses and returns them as bound (with the port chosen for
    /// port 0). From then on requests are answered.
    ///
    /// - Parameter signals: signal numbers that drain, e.g. SIGTERM and SIGINT.
    public func start(signals: [Int32] = []) throws(ServerStartError) -> [String] {
        var addresses: [Address] = []
        do throws(EventLoopError) {
            for text in configuration.listen { addresses.append(try Address.parse(text)) }
        } catch {
            throw .configuration("\(error)")
        }
        let engine = EngineThread(configuration: configuration, inbox: inbox, logger: logger)
        do throws(ServerStartError) {
            return try startLoop(engine, try install(in: engine), addresses, signals)
        } catch {
            engine.stop()
            throw error
        }
    }

    /// Asks for a drain and returns at once; asked again, it hurries. Any thread.
    public func stop() { inbox.post(.shutDown) }

    /// Blocks until the server is down.
    public func waitUntilStopped() { stopped.wait() }

    /// Hands the models to the engine and waits until each can run.
    private func install(
        in engine: EngineThread
    ) throws(ServerStartError) -> [(LoadedModel, Service.ModelFacts)] {
        var models: [(LoadedModel, Service.ModelFacts)] = []
        for candidate in candidates.withLock({ $0 }) {
            let answer = InstallationAnswer()
            engine.mailbox.send(
                .install(
                    EngineInstallation(name: candidate.name, generation: 1, model: candidate.model)
                    {
                        answer.set($0)
                    }))
            if let error = answer.wait() {
                throw .system("making room for model \"\(candidate.name)\": \(error.message)")
            }
            models.append(
                (
                    candidate.model,
                    Service.ModelFacts(
                        candidate.model, name: candidate.name,
                        contextMax: configuration.contextMax)
                ))
        }
        return models
    }

    private func startLoop(
        _ engine: EngineThread, _ models: [(LoadedModel, Service.ModelFacts)],
        _ addresses: [Address], _ signals: [Int32]
    ) throws(ServerStartError) -> [String] {
        let start = LoopStart(
            configuration: configuration, models: models, addresses: addresses, signals: signals,
            mailbox: engine.mailbox,
            loading: ModelLoading(configuration: configuration, placing: placing, logger: logger),
            inbox: inbox, logger: logger)
        let outcome = StartOutcome()
        // Keeps the server, and with it the admin pages, until the drain is over.
        let thread = Thread { [self] in
            start.run(outcome)
            if outcome.hasStarted {
                engine.stop()
                stopAdmin()
                stopped.raise()
            }
        }
        thread.name = "assay-loop"
        thread.stackSize = 4 << 20
        thread.start()
        let bound = try outcome.wait()
        board.startServing()
        return bound
    }
}
