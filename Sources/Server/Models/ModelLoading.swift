// Runs the assay where it disturbs nobody: on a thread of its own. Progress and outcome are posted
// to the loop, for the models of the start as for those of a request.
//
// Guarantees: the settings of the server apply, a request may only choose strategy and device; a
// mock needs the server's permission whatever a request says. All models share one back end.

import Compute
import Foundation
import Loading
import Logging
import Service
import Wire

/// How this server loads models. Any thread.
struct ModelLoading: Sendable {
    let configuration: ServerConfiguration
    let placing: ModelPlacing
    let logger: Logger
    /// Told of every layer that begins or ends; called on the loader's thread.
    let observe: @Sendable (_ name: String, Loading.LoadProgress) -> Void

    /// Runs the assay on the calling thread.
    ///
    /// - Throws: when the settings contradict each other or name no device.
    private func run(
        path: String, strategy: Loading.LoadStrategy?, device: String?,
        progress: @escaping @Sendable (Loading.LoadProgress) -> Void
    ) throws(ServiceError) -> LoadOutcome {
        var options = ModelLoadingConfiguration()
        if let strategy {
            options.strategy = strategy
        } else {
            options.strategy = try Self.strategy(configuration.strategy)
        }
        options.maxRetries = configuration.loadRetriesMax
        options.timeout = .microseconds(Int64(configuration.loadTimeoutSeconds * 1_000_000))
        options.allowMockFallback =
            configuration.allowsMockFallback && options.strategy == .development
        options.environment =
            configuration.environment == "production" ? .production : .development
        options.device = try Self.device(device ?? configuration.device)
        if configuration.cacheTokensMax > 0 { options.contextTokens = configuration.cacheTokensMax }
        do {
            let loader = try ModelLoader(configuration: options, placing: placing, logger: logger)
            return loader.run(path: path, progress: progress)
        } catch {
            throw ServiceError(.invalidArgument, .init("loading_setting"), "\(error)")
        }
    }

    /// Runs the assay of a request on a new thread and posts what happens to `inbox`.
    func start(_ request: LoadRequest, ticket: UInt64, inbox: LoopInbox) {
        let strategy = request.strategy.map { Loading.LoadStrategy($0) }
        let thread = Thread { [self] in
            do throws(ServiceError) {
                let outcome = try run(
                    path: request.path, strategy: strategy, device: request.device
                ) { progress in
                    report(progress, of: request.name)
                    guard let verdict = progress.verdict else { return }
                    let layer = LayerVerdictRecord(verdict)
                    inbox.post(
                        .event(
                            ticket: ticket, .loadProgress(Wire.LoadProgress(layer: layer))))
                }
                inbox.post(.assayed(ticket: ticket, outcome))
            } catch {
                inbox.post(.installed(ticket: ticket, error))
            }
        }
        thread.name = "assay-loader"
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func report(_ progress: Loading.LoadProgress, of name: String) {
        observe(name, progress)
        let state = progress.verdict == nil ? "begins" : "done"
        logger.log(
            level: progress.verdict == nil ? .debug : .info, "loading",
            metadata: [
                "model": "\(name)", "layer": "\(progress.layer)", "state": "\(state)",
                "attempt": "\(progress.attempt)",
            ])
    }

    private static func strategy(_ name: String) throws(ServiceError) -> Loading.LoadStrategy {
        guard let strategy = Loading.LoadStrategy(rawValue: name) else {
            throw ServiceError(
                .invalidArgument, .init("strategy_unknown"),
                "reading the strategy: found \"\(name)\"", field: "strategy")
        }
        return strategy
    }

    private static func device(_ text: String) throws(ServiceError) -> DeviceRequest {
        do throws(ComputeError) {
            return try DeviceRequest(text)
        } catch {
            throw ServiceError(
                .invalidArgument, .init(error.code.name), "\(error)", field: "device")
        }
    }
}
