// Carries out a strategy: attempts, pauses, the total timeout, and the mock if allowed.
//
// Guarantees: the total timeout holds even while a layer hangs in the kernel. Every attempt is in
// the report. A mock is made only under `development` with `allowMockFallback` outside production,
// and never without a warning.
// Does not: replace a served model. The caller keeps the old model until the loader returns a new
// model.

import Inference
import Logging
import ModelFiles
import Threads

/// Outcome of a load. Always has a report.
public struct LoadOutcome: Sendable {
    /// Report of the load.
    public let report: LoadReport
    /// The model, or the last attempt's rejection.
    public let result: Result<LoadedModel, AssayRejection>
}

/// Loads models with a fixed configuration. A value. Any thread. Loads may run concurrently.
public struct ModelLoader: Sendable {
    /// The caller's settings.
    public let configuration: ModelLoadingConfiguration
    private let steps: LayerSteps
    private let store: PackingStore?
    private let time: TimeSource
    private let logger: Logger
    private let pace: LoadPace

    /// Checks the configuration and touches no file. Throws on settings that are contradictory or
    /// out of range.
    ///
    /// - Parameter store: packings that loads of the same bytes share. Nil shares nothing.
    public init(
        configuration: ModelLoadingConfiguration = ModelLoadingConfiguration(),
        placing: ModelPlacing = .standard, store: PackingStore? = nil,
        time: TimeSource = .system, logger: Logger = Logger(label: "assay.loading")
    ) throws(LoadingConfigurationError) {
        try self.init(
            configuration: configuration, steps: .standard(placing), store: store, time: time,
            logger: logger)
    }

    /// As the other initialiser, for loads in a process that serves.
    package init(
        configuration: ModelLoadingConfiguration, placing: ModelPlacing, store: PackingStore?,
        logger: Logger, pace: LoadPace
    ) throws(LoadingConfigurationError) {
        try self.init(
            configuration: configuration, steps: .standard(placing), store: store, time: .system,
            logger: logger, pace: pace)
    }

    package init(
        configuration: ModelLoadingConfiguration, steps: LayerSteps, store: PackingStore? = nil,
        time: TimeSource, logger: Logger, pace: LoadPace = .full
    ) throws(LoadingConfigurationError) {
        try configuration.check()
        self.pace = pace
        self.configuration = configuration
        self.steps = steps
        self.store = store
        self.time = time
        self.logger = logger
    }

    /// Loads the model at `path`. Blocks the calling thread up to the configuration's timeout.
    /// `progress` is called on the loading thread. Throws the last attempt's rejection.
    public func load(
        path: String, progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }
    ) throws(AssayRejection) -> LoadedModel {
        try run(path: path, progress: progress).result.get()
    }

    /// As `load`, but returns the report in every case.
    public func run(
        path: String, progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }
    ) -> LoadOutcome {
        let started = time.now()
        let policy = RetryPolicy(
            strategy: configuration.strategy, retryCountMax: configuration.maxRetries)
        var attempts: [LoadAttempt] = []
        var pause = Duration.zero
        while true {
            let number = attempts.count + 1
            let begun = time.now()
            let left = configuration.timeout - (begun - started)
            let (result, layers) = attempt(path, number, within: left, progress)
            attempts.append(
                LoadAttempt(
                    number: number, pause: pause, duration: time.now() - begun, layers: layers,
                    rejection: result.failure))
            switch result {
            case .success(let accepted):
                let report = report(path, attempts, started, accepted)
                return LoadOutcome(
                    report: report, result: .success(.real(RealModel(accepted, report))))
            case .failure(let rejection):
                let next = policy.pause(beforeRetry: number, after: rejection)
                let spent = time.now() - started
                guard let next, spent + next < configuration.timeout else {
                    return refused(path, attempts, started, rejection)
                }
                logger.notice(
                    "load attempt \(number) failed, trying again in \(next)",
                    metadata: ["path": "\(path)", "reason": "\(rejection)"])
                time.sleep(next)
                pause = next
            }
        }
    }

    /// Runs the layers on a new thread and waits for at most `limit`.
    private func attempt(
        _ path: String, _ number: Int, within limit: Duration,
        _ progress: @escaping @Sendable (LayerProgress) -> Void
    ) -> (Result<AcceptedModel, AssayRejection>, [LayerVerdict]) {
        let shared = RunProgress()
        let run = AssayRun(
            path: path, configuration: configuration, steps: steps, time: time, attempt: number,
            progress: shared, store: store, pace: pace, report: progress)
        let outcome: Result<AcceptedModel, AssayRejection>?
        do throws(ThreadRefusal) {
            let task = try AbandonableTask { isAbandoned in run.run(isAbandoned: isAbandoned) }
            outcome = task.value(within: limit, time)
        } catch {
            outcome = .failure(
                AssayRejection(
                    .file, .resourcesExhausted, tried: "starting the loading thread",
                    found: "\(error)", allowed: "a free thread",
                    location: ModelFileError.Location(path: path).description, isTransient: true))
        }
        let state = shared.state.withLock { $0 }
        if let outcome { return (outcome, state.verdicts) }
        let verdict = LayerVerdict(
            layer: state.layer, ok: false, duration: time.now() - state.started)
        let rejection = AssayRejection(
            state.layer, .timedOut, tried: "running the \(state.layer) layer",
            found: "no answer", allowed: "\(configuration.timeout) for the whole load",
            location: ModelFileError.Location(path: path).description)
        return (.failure(rejection), state.verdicts + [verdict])
    }

    private func refused(
        _ path: String, _ attempts: [LoadAttempt], _ started: Duration, _ rejection: AssayRejection
    ) -> LoadOutcome {
        let report = report(path, attempts, started, nil)
        logger.error("model refused", metadata: ["path": "\(path)", "reason": "\(rejection)"])
        guard configuration.strategy == .development, configuration.allowMockFallback else {
            return LoadOutcome(report: report, result: .failure(rejection))
        }
        do throws(ProvenanceError) {
            let standIn = self.report(path, attempts, started, nil, standsIn: true)
            let mock = try MockModel(
                seed: configuration.mockSeed, environment: configuration.environment, time: time,
                logger: logger, report: standIn)
            return LoadOutcome(report: standIn, result: .success(.mock(mock)))
        } catch {
            // `check` has already refused this combination. The mock refuses again.
            return LoadOutcome(report: report, result: .failure(rejection))
        }
    }

    private func report(
        _ path: String, _ attempts: [LoadAttempt], _ started: Duration,
        _ accepted: AcceptedModel?, standsIn: Bool = false
    ) -> LoadReport {
        let packing = accepted?.packing
        var degradations = packing?.placement.degradations ?? []
        if accepted != nil, !configuration.requireValidation {
            degradations.append("validation_skipped")
        }
        if let packing {
            degradations += packing.tokenizer.degradations
            degradations += packing.overrides.map(\.degradation)
        }
        if standsIn { degradations.append("mock_fallback") }
        return LoadReport(
            path: path, strategy: configuration.strategy,
            provenance: accepted != nil ? .real : standsIn ? .mock : nil, attempts: attempts,
            duration: time.now() - started, model: packing?.facts,
            overrides: packing?.overrides ?? [], device: packing?.placement.device,
            deviceReason: packing?.placement.reason,
            kernels: packing?.placement.kernels, degradations: degradations,
            fingerprint: packing?.fingerprint, seal: accepted?.seal,
            memory: accepted?.memory?.use,
            sharedWith: accepted?.isShared == true ? packing?.path : nil)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
