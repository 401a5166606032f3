// Runs the assay on a separate thread, away from the loop and the engine. Progress and outcome are
// posted to the loop, for the models of the start as for a client's Load.

import Compute
import Loading
import Logging
import Service
import Threads
import Wire

/// The server's loader of models. Any thread.
struct ModelLoading: Sendable {
    let configuration: ServerConfiguration
    let placing: ModelPlacing
    /// Packings that models of the same bytes share.
    let store: PackingStore
    let logger: Logger
    /// What the engine does, for the pace of loads.
    let serving: ServingState
    /// Callback for every layer that begins or ends. Called on the loader's thread.
    let observe: @Sendable (_ name: String, LayerProgress) -> Void

    /// Runs the assay on the calling thread.
    ///
    /// - Throws: an error for contradicting settings or an invalid device.
    private func run(
        _ request: LoadRequest, strategy: ModelLoadingConfiguration.Strategy?, isSwap: Bool,
        progress: @escaping @Sendable (LayerProgress) -> Void
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
            configuration.allowsMockFallback && options.strategy == .development && !isSwap
        options.environment =
            configuration.environment == "production" ? .production : .development
        options.device = try Self.device(request.device ?? configuration.device)
        if configuration.cacheTokensMax > 0 { options.cacheTokens = configuration.cacheTokensMax }
        if configuration.contextMax > 0 { options.contextMax = configuration.contextMax }
        do {
            // Only the operator vouches for a key, never who sends a Load.
            try configuration.addOverrides(of: request.name, to: &options)
            let loader = try ModelLoader(
                configuration: options, placing: placing, store: store, logger: logger,
                pace: LoadPace { [serving] in serving.neighbour })
            return loader.run(path: request.path, progress: progress)
        } catch {
            throw ServiceError(.invalidArgument, .init("loading_setting"), "\(error)")
        }
    }

    /// Runs the assay of an arrival on a new thread and posts progress and outcome to `inbox`. A
    /// swap never ends in a mock. The operator's own models may lie anywhere.
    func start(_ arrival: Arrival, ticket: UInt64, inbox: LoopInbox) {
        let (request, isFromPeer, isSwap) = (arrival.request, arrival.isFromPeer, arrival.isSwap)
        let strategy = request.strategy.map { ModelLoadingConfiguration.Strategy($0) }
        do {
            try startThread("assay-loader") { [self] in
                do throws(ServiceError) {
                    let roots = ModelRoots(paths: isFromPeer ? configuration.modelRoots : [])
                    guard roots.allow(request.path) else { throw .pathNotAllowed }
                    let outcome = try run(request, strategy: strategy, isSwap: isSwap) { progress in
                        report(progress, of: request.name)
                        guard let layer = Self.record(progress, for: request) else { return }
                        inbox.post(.event(ticket: ticket, Self.event(layer, isSwap: isSwap)))
                    }
                    inbox.post(.assayed(ticket: ticket, outcome))
                } catch {
                    inbox.post(.installed(ticket: ticket, error))
                }
            }
        } catch {
            let refusal = ServiceError(error, tried: arrival.attempt)
            inbox.post(.installed(ticket: ticket, refusal))
        }
    }

    /// Makes what the client is told. Nil for a layer that begins, and for one that runs unless the
    /// client asked.
    private static func record(
        _ progress: LayerProgress, for request: LoadRequest
    ) -> LayerVerdictRecord? {
        if let verdict = progress.verdict { return LayerVerdictRecord(verdict) }
        guard request.progress == true, let bytes = progress.bytes else { return nil }
        return LayerVerdictRecord(
            layer: progress.layer.description, ok: true, microseconds: 0,
            bytesRead: UInt64(bytes.count), bytesTotal: UInt64(bytes.total))
    }

    private static func event(_ layer: LayerVerdictRecord, isSwap: Bool) -> WorkEvent {
        isSwap
            ? .swapProgress(SwapProgress(layer: layer))
            : .loadProgress(LoadProgress(layer: layer))
    }

    private func report(_ progress: LayerProgress, of name: String) {
        observe(name, progress)
        guard progress.bytes == nil else { return }
        let state = progress.verdict == nil ? "begins" : "done"
        logger.log(
            level: progress.verdict == nil ? .debug : .info, "loading",
            metadata: [
                "model": "\(name)", "layer": "\(progress.layer)", "state": "\(state)",
                "attempt": "\(progress.attempt)",
            ])
    }

    private static func strategy(_ name: String) throws(ServiceError)
        -> ModelLoadingConfiguration.Strategy
    {
        guard let strategy = ModelLoadingConfiguration.Strategy(rawValue: name) else {
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

extension ServiceError {
    /// A request for which the system has no thread left.
    init(_ refusal: ThreadRefusal, tried: String) {
        self.init(
            .resourceExhausted, .overloaded, "\(tried): \(refusal), allowed: a free thread",
            retryAfterMilliseconds: 1000)
    }
}
