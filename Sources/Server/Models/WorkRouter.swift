// Carries out the work of the decisions: requests go to the engine, loads to their own threads.
//
// Guarantees: a late result of an abandoned load is recognised by its ticket and dropped. A model
// becomes ready only after the engine has taken the model in. Every mock that enters service is
// announced in the log. Confined to the loop thread. No sockets.

import Inference
import Loading
import Logging
import Service
import Threads
import Wire

/// See the head of the file.
final class WorkRouter {
    /// A model that passed the assay and is on its way into the engine.
    private struct Installation {
        var facts: ServedFacts
        let model: LoadedModel
        let report: LoadReport
    }

    private let engine: EngineMailbox
    private let texts: TextThreads
    private let windows: OutputWindows
    private let loading: ModelLoading
    private let inbox: LoopInbox
    private let logger: Logger
    /// Names of the loading models by ticket.
    private var loads: [UInt64: String] = [:]
    private var installations: [UInt64: Installation] = [:]
    /// Loads of the start with the outcome for the waiting starter, by ticket.
    private var boots: [UInt64: BootOutcome] = [:]
    private var verifying = ModelVerifying()
    /// Real models in service, kept for verification.
    private var served: [ServedModel: RealModel] = [:]
    /// What tokenizes for the models in service.
    private var prompts: [ServedModel: PromptPreparation] = [:] {
        didSet { loading.serving.set(modelCount: prompts.count) }
    }
    /// Watch over the files of the models in service.
    private let files: ModelFileWatch

    init(
        engine: EngineMailbox, texts: TextThreads, windows: OutputWindows, loading: ModelLoading,
        inbox: LoopInbox, logger: Logger
    ) {
        self.engine = engine
        self.texts = texts
        self.windows = windows
        self.loading = loading
        self.inbox = inbox
        self.logger = logger
        files = ModelFileWatch(
            interval: loading.configuration.fileCheckSeconds, inbox: inbox)
    }

    /// Starts the watch over model files. Call once, before any model is in service.
    func startWatching() {
        do {
            try files.start()
        } catch {
            logger.error(
                "the files of served models are not watched", metadata: ["reason": "\(error)"])
        }
    }

    /// Beats of the engine so far.
    var engineBeats: UInt64 { engine.pulse.beats }
    /// True when the engine has something to do.
    var engineHasWork: Bool { !engine.isIdle }

    /// Load of the engine.
    var engineLoad: EngineLoad { engine.load }

    /// Sends a sleeping engine a probe, to show that the engine thread is alive.
    func probeEngine() { engine.send(.probe) }

    /// Hands work to the engine, to a loader or to a verification.
    func start(_ work: Work) {
        switch work.request {
        case .load(let request):
            logger.info("load", metadata: ["model": "\(request.name)"])
            loads[work.ticket] = request.name
            loading.start(request, ticket: work.ticket, isFromPeer: true, inbox: inbox)
        case .verify:
            verify(work)
        default:
            if let trace = work.context?.traceContext {
                logger.debug(
                    "request",
                    metadata: [
                        "trace": "\(trace)", "model": "\(work.model?.name ?? "")",
                        "connection": "\(work.connection)",
                    ])
            }
            guard let model = work.model?.served, let prompts = prompts[model] else {
                preconditionFailure("a request to a model that is not in service")
            }
            texts.start(work, prompts)
        }
    }

    /// Loads a model of the server's start. The registry has its name already.
    func boot(_ request: LoadRequest, _ outcome: BootOutcome, context: inout ServiceContext) {
        let ticket = context.beginStartLoad(request)
        boots[ticket] = outcome
        loads[ticket] = request.name
        loading.start(request, ticket: ticket, isFromPeer: false, inbox: inbox)
    }

    /// Asks for an early end. The engine answers through the inbox. A load is answered here,
    /// because its thread may hang in the kernel for long.
    func cancel(_ ticket: UInt64, context: inout ServiceContext) {
        if let model = verifying.cancel(ticket) {
            let error = ServiceError.cancelled("verifying model \"\(model.name)\"")
            return context.completions.append((ticket, .failed(error)))
        }
        if context.cancelWaitingLoad(ticket) { return }
        guard let name = loads.removeValue(forKey: ticket) else {
            guard let connection = context.tickets[ticket]?.connection,
                !texts.cancel(ticket, of: connection)
            else { return }
            return engine.send(.cancel(ticket: ticket))
        }
        context.models.abandonLoad(name)
        context.abandonedLoadCount += 1
        context.completions.append((ticket, .failed(.cancelled("loading model \"\(name)\""))))
    }

    /// Counts bytes of answers that have left for a connection.
    func sent(_ size: Int, to connection: UInt64) {
        guard windows.take(size, of: connection) else { return }
        engine.send(.windowOpened)
        texts.wake()
    }

    /// Takes a new connection in.
    func add(_ connection: UInt64) { windows.add(connection) }

    /// Forgets a connection that is gone.
    func remove(_ connection: UInt64) { windows.remove(connection) }

    /// Drops models that are gone from the registry.
    func carryOutRemovals(_ context: inout ServiceContext) {
        for model in context.removals {
            logger.info("model unloaded", metadata: ["model": "\(model.name)"])
            files.remove(model)
            engine.send(.remove(model))
            dropElsewhere((served.removeValue(forKey: model), prompts.removeValue(forKey: model)))
            endVerifications(of: model, context: &context)
        }
        context.removals.removeAll()
    }

    // MARK: - Verifications

    private func verify(_ work: Work) {
        guard let facts = work.model else { preconditionFailure("a verification of no model") }
        guard let real = served[facts.served] else {
            preconditionFailure("\(facts.served) is ready and real, but not in service")
        }
        logger.info("verify", metadata: ["model": "\(facts.name)"])
        verifying.start(real, as: facts.served, ticket: work.ticket, inbox: inbox)
    }

    private func endVerifications(of model: ServedModel, context: inout ServiceContext) {
        for ticket in verifying.tickets(of: model) {
            _ = verifying.cancel(ticket)
            let error = ServiceError(
                .unavailable, .modelUnloading, "verifying model \"\(model.name)\": unloaded")
            context.completions.append((ticket, .failed(error)))
        }
    }

    /// Takes the outcome of a verification. A drifted model goes out of service.
    func verified(
        _ ticket: UInt64, _ model: ServedModel, _ outcome: VerificationOutcome,
        file: VerifiedFile, context: inout ServiceContext
    ) {
        verifying.finish(ticket)
        if case .drifted(let reason, _) = outcome {
            logger.error(
                "model drifted", metadata: ["model": "\(model.name)", "reason": "\(reason)"])
            engine.send(.distrust(model, reason: reason))
        }
        fileSeen(model, file, context: &context)
        context.finishVerification(of: model, ticket: ticket, outcome)
    }

    /// Takes the state of the files of a served model.
    func fileSeen(_ model: ServedModel, _ file: VerifiedFile, context: inout ServiceContext) {
        guard context.models.setFile(file, of: model) else { return }
        let metadata: Logger.Metadata = [
            "model": "\(model.name)", "file": "\(file.state)", "reason": "\(file.reason ?? "")",
        ]
        if file.state == .unchanged {
            logger.notice("the files of a served model are what they were", metadata: metadata)
        } else {
            logger.warning(
                "the files of a served model changed; it goes on with what was loaded",
                metadata: metadata)
        }
    }

    // MARK: - Loads

    /// Takes the outcome of an assay and sends a model that passed to the engine.
    func assayed(_ ticket: UInt64, _ outcome: LoadOutcome, context: inout ServiceContext) {
        guard let name = loads[ticket] else {
            context.abandonedLoadCount -= 1
            return
        }
        switch outcome.result {
        case .failure(let rejection):
            boots.removeValue(forKey: ticket)?.set(
                .failure(.modelRejected(name: name, report: outcome.report)))
            failed(ticket, name, ServiceError(rejection), context: &context)
        case .success(let model):
            let served = context.models.reserveGeneration(name)
            var facts = ServedFacts(
                model, name: name, contextMax: loading.configuration.contextMax)
            facts.generation = served.generation
            installations[ticket] = Installation(
                facts: facts, model: model, report: outcome.report)
            let inbox = inbox
            engine.send(
                .install(
                    EngineInstallation(
                        served: served, model: model, contextLength: contextLength(of: facts)
                    ) { error in
                        inbox.post(.installed(ticket: ticket, error))
                    }))
        }
    }

    /// Takes the engine's result of an installation, or the error of a load that never reached the
    /// assay.
    func installed(_ ticket: UInt64, _ error: ServiceError?, context: inout ServiceContext) {
        let installation = installations.removeValue(forKey: ticket)
        guard let name = loads.removeValue(forKey: ticket) else {
            context.abandonedLoadCount -= 1
            if let facts = installation?.facts, error == nil {
                engine.send(.remove(facts.served))
            }
            return
        }
        if let error {
            let text = "making model \"\(name)\" ready: \(error.message)"
            boots.removeValue(forKey: ticket)?.set(
                .failure(installation == nil ? .configuration(text) : .system(text)))
            return failed(ticket, name, error, context: &context)
        }
        guard let installation else {
            preconditionFailure("the engine took in a model that nobody sent: ticket \(ticket)")
        }
        let entry = context.models.finishLoad(installation.facts)
        announce(installation.facts, installation.model)
        boots.removeValue(forKey: ticket)?.set(.success(installation.report))
        let report = LoadResponse(installation.report, model: ModelInfo(entry))
        context.completions.append((ticket, .loaded(report, installation.facts)))
    }

    private func failed(
        _ ticket: UInt64, _ name: String, _ error: ServiceError, context: inout ServiceContext
    ) {
        loads[ticket] = nil
        logger.warning(
            "load refused", metadata: ["model": "\(name)", "reason": "\(error.message)"])
        context.counters.add(.loadsRejected)
        context.models.failLoad(name, reason: error.message)
        context.completions.append((ticket, .failed(error)))
    }

    /// Positions of the longest sequence of a model.
    private func contextLength(of facts: ServedFacts) -> Int {
        let cache = loading.configuration.cacheTokensMax
        return cache > 0 ? min(cache, Int(facts.info.context)) : Int(facts.info.context)
    }

    private func announce(_ facts: ServedFacts, _ model: LoadedModel) {
        prompts[facts.served] = PromptPreparation(
            tokenizer: model.tokenizer, chatTemplates: model.chatTemplates,
            pooling: Pooling(model.facts.pooling), isCausal: model.facts.isCausal,
            vocabularySize: model.tokenModel.vocabularySize,
            contextLength: contextLength(of: facts))
        switch model {
        case .real(let real):
            served[facts.served] = real
            logger.info(
                "model ready",
                metadata: [
                    "model": "\(facts.name)", "generation": "\(facts.generation)",
                    "device": "\(facts.device)", "device_reason": "\(facts.deviceReason ?? "")",
                    "seal": "\(real.report.seal?.description ?? "not compared")",
                ])
            files.add(real, as: facts.served)
        case .mock:
            logger.critical(
                "A MOCK IS BEING SERVED: its answers are random and say so",
                metadata: ["model": "\(facts.name)"])
        }
    }

    /// Stops the watch over model files. Call once, at the end.
    func close() { files.stop() }
}

extension Pooling {
    /// The wire's word for a model's own pooling. Nil, for a mock, is `mean`.
    fileprivate init(_ pooling: ModelConfiguration.Pooling?) {
        switch pooling {
        case nil, .mean: self = .mean
        case .last: self = .last
        case .cls: self = .cls
        }
    }
}
