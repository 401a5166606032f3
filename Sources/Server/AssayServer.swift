// The server as a whole: addresses are bound first, then models assayed, then requests served until
// somebody asks it to stop.
//
// Guarantees: from the binding on every request is answered, if only with `model_loading`; a model
// of the start goes the way of a client's Load; a start that fails drains and leaves no thread,
// socket or file behind; `stop` drains. Threads: one loop thread for the network, one engine thread
// and the back end's workers for computing, one thread per running load.

import Compute
import EventLoop
import Foundation
import Loading
import Logging
import Service
import Synchronization
import Wire

/// Why a server could not start.
public enum ServerStartError: Error, Sendable, CustomStringConvertible {
    /// A model did not pass the assay. The report says where and why.
    case modelRejected(name: String, report: LoadReport)
    /// A setting that only shows its fault when it is used: a model's name, an address.
    case configuration(String)
    /// The system refused: an address in use, no memory, no descriptor.
    case system(String)
    /// Somebody asked for the end before every model was in service.
    case stopped

    /// For a person; a rejection shows the whole layer report.
    public var description: String {
        switch self {
        case .modelRejected(let name, let report): "model \"\(name)\" was rejected\n\(report)"
        case .configuration(let text), .system(let text): text
        case .stopped: "asked to stop before every model was in service"
        }
    }
}

/// One server. Any thread; `start` once.
public final class AssayServer: Sendable {
    /// Name and version, as told in Hello.
    public static let version = "assayd 0.1.0"

    private let configuration: ServerConfiguration
    private let logger: Logger
    private let inbox = LoopInbox()
    private let placing: ModelPlacing
    private let board: AdminBoard
    private let admin = Mutex<AdminServer?>(nil)
    private let stopped = Latch<Void>()

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
    package init(configuration: ServerConfiguration, logger: Logger, backend: any Backend) {
        self.configuration = configuration
        self.logger = logger
        Self.report(backend, to: logger)
        placing = ModelPlacing(backend: backend)
        board = AdminBoard(inbox)
    }

    deinit { stopAdmin() }

    /// One line on what computes, and one warning for each kernel that was found faulty.
    private static func report(_ backend: any Backend, to logger: Logger) {
        guard let kernels = backend.kernels else { return }
        let threads = (backend as? CPUBackend).map { " on \($0.threads) threads" } ?? ""
        logger.info("computing\(threads) with \(kernels.summary)")
        for degradation in kernels.degradations {
            logger.warning("a self check of the kernels failed: \(degradation)")
        }
    }

    // MARK: - Start and stop

    /// Answers monitors from now on, if the configuration names an address for that: alive, and
    /// not ready before `start` has succeeded. Once, before `start`.
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

    /// Binds the addresses, then puts every configured model through the assay and into service, in
    /// order. From the binding on connections are answered: Ping, Health, Models and Stats at once,
    /// a request to a model that still loads with `model_loading`.
    ///
    /// - Parameters:
    ///   - signals: signal numbers that drain, e.g. SIGTERM and SIGINT.
    ///   - strictly: models more, assayed under the strict strategy whatever the configuration
    ///     says: nothing may stand in for them.
    ///   - bound: called once with the addresses as bound (with the port chosen for port 0).
    ///   - report: called for each model that passed.
    /// - Returns: the addresses, now that all models are served.
    /// - Throws: when an address cannot be had; at the first model that did not pass, with its
    ///   report; `stopped` when somebody asked for the end meanwhile. Nothing is left running then.
    @discardableResult
    public func start(
        signals: [Int32] = [], strictly: [(name: String, path: String)] = [],
        bound: (_ addresses: [String]) -> Void = { _ in },
        report: (_ name: String, LoadReport) -> Void = { _, _ in }
    ) throws(ServerStartError) -> [String] {
        let requests: [LoadRequest]
        do throws(ServerStartError) {
            requests = try loadRequests(strictly)
        } catch {
            stopAdmin()
            throw error
        }
        let addresses = try bind(signals, requests.map(\.name))
        board.bound()
        bound(addresses)
        do throws(ServerStartError) {
            for request in requests { report(request.name, try load(request)) }
            try settle()
        } catch {
            // Whoever asked for the end has begun the drain; asking again would hurry it.
            if case .stopped = error {} else { stop() }
            waitUntilStopped()
            throw error
        }
        return addresses
    }

    /// Asks for a drain and returns at once; asked again, it hurries. Any thread.
    public func stop() { inbox.post(.shutDown) }

    /// Blocks until the server is down.
    public func waitUntilStopped() { stopped.wait() }

    /// What is to be loaded, checked as far as it can be without a file.
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
        guard names.count == requests.count, names.count <= ModelDirectory.slotsMax else {
            throw .configuration(
                "reading the models: found \(requests.count) with \(names.count) names, allowed: "
                    + "\(ModelDirectory.slotsMax), each with a name of its own")
        }
        return requests
    }

    /// Time the engine has for its last step once nobody waits for it any more.
    private static let engineSecondsMax = 10

    private func bind(
        _ signals: [Int32], _ names: [String]
    ) throws(ServerStartError) -> [String] {
        var addresses: [Address] = []
        do throws(EventLoopError) {
            for text in configuration.listen { addresses.append(try Address.parse(text)) }
        } catch {
            throw .configuration("\(error)")
        }
        let engine = EngineThread(configuration: configuration, inbox: inbox, logger: logger)
        let start = LoopStart(
            configuration: configuration, names: names, addresses: addresses, signals: signals,
            mailbox: engine.mailbox,
            loading: ModelLoading(
                configuration: configuration, placing: placing, logger: logger,
                observe: { [board] in board.progressed($0, $1) }), inbox: inbox, logger: logger)
        let outcome = StartOutcome()
        // Keeps the server, and with it the admin pages, until the drain is over.
        let thread = Thread { [self] in
            start.run(outcome)
            if !engine.stop(within: Self.engineSecondsMax) {
                logger.critical("leaving a stuck engine behind: it has not ended its step")
            }
            stopAdmin()
            stopped.set(())
        }
        thread.name = "assay-loop"
        thread.stackSize = 4 << 20
        thread.start()
        let result = outcome.wait()
        if case .failure = result { waitUntilStopped() }
        return try result.get()
    }

    /// Tells the loop that every model is in service, and waits until it has said so to everybody.
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

    /// Time between two lines of the log about a load that goes on.
    private static let progressMilliseconds = 5000

    /// Loads one model through the loop, as a client's Load does, and waits.
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
