// Carries out a strategy: attempts, pauses, the total timeout, and the mock if it was allowed.
//
// Guarantees: the total timeout holds even while a layer hangs in the kernel; every attempt is
// in the report; a mock is only ever made under `development` with `allowMockFallback` outside
// production, and loudly.
// Does not: replace a model that is being served; the caller keeps the old one until this
// returns a new one.

import Inference
import Logging
import ModelFiles

/// How a load ended: always with a report.
public struct LoadOutcome: Sendable {
    /// What the assay saw.
    public let report: LoadReport
    /// The model, or the last attempt's rejection.
    public let result: Result<LoadedModel, AssayRejection>
}

/// Loads models by one configuration. A value; any thread; loads may run at the same time.
public struct ModelLoader: Sendable {
    /// What the caller decided.
    public let configuration: ModelLoadingConfiguration
    private let steps: LayerSteps
    private let time: TimeSource
    private let logger: Logger

    /// Checks the configuration; touches no file. Throws if settings contradict each other.
    public init(
        configuration: ModelLoadingConfiguration = ModelLoadingConfiguration(),
        placing: ModelPlacing = .standard, time: TimeSource = .system,
        logger: Logger = Logger(label: "assay.loading")
    ) throws(LoadingConfigurationError) {
        try self.init(
            configuration: configuration, steps: .standard(placing), time: time, logger: logger)
    }

    package init(
        configuration: ModelLoadingConfiguration, steps: LayerSteps, time: TimeSource,
        logger: Logger
    ) throws(LoadingConfigurationError) {
        try configuration.check()
        self.configuration = configuration
        self.steps = steps
        self.time = time
        self.logger = logger
    }

    /// Loads the model at `path`. Blocks the calling thread up to the configuration's timeout.
    /// `progress` is called on the loading thread. Throws the last attempt's rejection.
    public func load(
        path: String, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
    ) throws(AssayRejection) -> LoadedModel {
        try run(path: path, progress: progress).result.get()
    }

    /// As `load`, and returns the report whatever the outcome.
    public func run(
        path: String, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
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

    /// Runs the layers on a thread of their own and waits for at most `limit`.
    private func attempt(
        _ path: String, _ number: Int, within limit: Duration,
        _ progress: @escaping @Sendable (LoadProgress) -> Void
    ) -> (Result<AcceptedModel, AssayRejection>, [LayerVerdict]) {
        let shared = RunProgress()
        let run = AssayRun(
            path: path, configuration: configuration, steps: steps, time: time, attempt: number,
            progress: shared, report: progress)
        let outcome: Result<AcceptedModel, AssayRejection>?
        do throws(SystemThreadError) {
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
            // `check` has refused this combination before; the mock refuses it again.
            return LoadOutcome(report: report, result: .failure(rejection))
        }
    }

    private func report(
        _ path: String, _ attempts: [LoadAttempt], _ started: Duration,
        _ accepted: AcceptedModel?, standsIn: Bool = false
    ) -> LoadReport {
        var degradations = accepted?.placement.degradations ?? []
        if accepted != nil, !configuration.requireValidation {
            degradations.append("validation_skipped")
        }
        if standsIn { degradations.append("mock_fallback") }
        return LoadReport(
            path: path, strategy: configuration.strategy,
            provenance: accepted != nil ? .real : standsIn ? .mock : nil, attempts: attempts,
            duration: time.now() - started, model: accepted?.facts,
            overrides: accepted?.overrides ?? [], device: accepted?.placement.device,
            deviceReason: accepted?.placement.reason,
            kernels: accepted?.placement.kernels, degradations: degradations,
            fingerprint: accepted?.fingerprint, seal: accepted?.seal)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
