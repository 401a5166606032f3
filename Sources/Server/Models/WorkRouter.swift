// Carries out the work of the decisions: requests go to the engine, loads to their own threads.
//
// Guarantees: what left the registry leaves engine, file watch and verification. Confined to the
// loop thread. No sockets.
// WorkRouter+Arrivals.swift: models on their way into service.

import Inference
import Loading
import Logging
import Service
import Threads
import Wire

/// See the head of the file.
final class WorkRouter {
    let engine: EngineMailbox
    let texts: TextThreads
    private let windows: OutputWindows
    let loading: ModelLoading
    let inbox: LoopInbox
    let logger: Logger
    /// Models on their way into service, by ticket.
    var arrivals: [UInt64: Arrival] = [:]
    /// How the model of a name was loaded, for a load on request.
    var sources: [String: Source] = [:]
    /// Generations of given-up arrivals that the engine is still taking in, by ticket.
    var abandoned: [UInt64: ServedModel] = [:]
    private var verifying = ModelVerifying()
    /// Probes of circuit breakers that wait for a verification.
    private var proofs = ProbeProofs()
    /// Rehearsals of swaps.
    var rehearsing: Rehearsing
    /// Real generations in service, kept for verification.
    var served: [ServedModel: RealModel] = [:]
    /// What tokenizes for the generations in the engine.
    var prompts: [ServedModel: PromptPreparation] = [:] {
        didSet { loading.serving.set(modelCount: prompts.count) }
    }
    /// Watch over the files of the generations in service.
    let files: ModelFileWatch

    init(
        engine: EngineMailbox, texts: TextThreads, windows: OutputWindows, loading: ModelLoading,
        warmUps: WarmUps, inbox: LoopInbox, logger: Logger
    ) {
        self.engine = engine
        self.texts = texts
        self.windows = windows
        self.loading = loading
        self.inbox = inbox
        self.logger = logger
        rehearsing = Rehearsing(warmUps, liveMax: loading.configuration.warmUpLive)
        files = ModelFileWatch(
            interval: loading.configuration.fileCheckSeconds, inbox: inbox)
        loading.placing.ledger.onRelease { inbox.post(.memoryCameBack) }
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

    /// Model of the engine's running step.
    var steppingModel: ServedModel? { engine.steppingModel }

    /// Load of the engine.
    var engineLoad: EngineLoad { engine.load }

    /// Sends a sleeping engine a probe, to show that the engine thread is alive.
    func probeEngine() { engine.send(.probe) }

    /// Hands work to the engine, to a loader or to a verification.
    func start(_ work: Work) {
        switch work.request {
        case .load(let request) where work.connection == 0:
            reload(work, request.name)
        case .load(let request):
            logger.info("load", metadata: ["model": "\(request.name)"])
            begin(Arrival(request, .load), ticket: work.ticket)
        case .swap(let request):
            logger.info("swap", metadata: ["model": "\(request.name)"])
            begin(Arrival(LoadRequest(request), .swap(request)), ticket: work.ticket)
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
        begin(Arrival(request, .start(outcome)), ticket: context.beginStartLoad(request))
    }

    /// Asks for an early end. The engine answers through the inbox. A load or a swap is answered
    /// here, because its thread may hang in the kernel for long.
    func cancel(_ ticket: UInt64, context: inout ServiceContext) {
        if let model = verifying.cancel(ticket) {
            let error = ServiceError.cancelled("verifying model \"\(model.name)\"")
            return context.completions.append((ticket, .failed(error)))
        }
        if proofs.cancel(ticket) {
            return context.completions.append(
                (ticket, .failed(.cancelled("waiting for a verification"))))
        }
        if context.cancelWaitingLoad(ticket) { return }
        if context.cancelParked(ticket) { return }
        if abandon(ticket, context: &context) { return }
        guard let connection = context.tickets[ticket]?.connection,
            !texts.cancel(ticket, of: connection)
        else { return }
        engine.send(.cancel(ticket: ticket))
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

    /// Drops generations that are gone from the registry.
    func carryOutRemovals(_ context: inout ServiceContext) {
        for model in context.removals {
            logger.info(
                "model unloaded",
                metadata: ["model": "\(model.name)", "generation": "\(model.generation)"])
            files.remove(model)
            drop(model, context: &context)
            if context.models.entry(model.name) == nil { rehearsing.forget(model.name) }
            dropElsewhere(served.removeValue(forKey: model))
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
        if case .drifted(let reason, _) = outcome { noteDrift(of: model, reason, &context) }
        fileSeen(model, file, context: &context)
        context.finishVerification(of: model, ticket: ticket, outcome)
    }

    /// Verifies the model of a circuit breaker's probe, which waits meanwhile. A mock has no
    /// weights to verify.
    func prove(_ work: Work) {
        guard let model = work.model?.served, let real = served[model] else { return trust(work) }
        logger.info("verify before a probe", metadata: ["model": "\(model.name)"])
        proofs.start(work, real, inbox: inbox)
    }

    /// Takes the outcome of the verification that a probe waits for.
    func proved(
        _ ticket: UInt64, _ outcome: VerificationOutcome, context: inout ServiceContext
    ) {
        guard let work = proofs.take(ticket), let model = work.model?.served else { return }
        if case .drifted(let reason, _) = outcome { noteDrift(of: model, reason, &context) }
        if context.finishProof(of: model, ticket: ticket, outcome) { trust(work) }
    }

    /// Lets the engine compute a probe, and the model's requests after it.
    private func trust(_ work: Work) {
        if let model = work.model?.served { engine.send(.trust(model)) }
        start(work)
    }

    private func noteDrift(
        of model: ServedModel, _ reason: String, _ context: inout ServiceContext
    ) {
        logger.error(
            "model drifted", metadata: ["model": "\(model.name)", "reason": "\(reason)"])
        engine.send(.distrust(model, reason: reason))
        distrustSharers(of: model, reason: reason, context: &context)
    }

    /// Takes the other models with the same packed weights out of service.
    private func distrustSharers(
        of model: ServedModel, reason: String, context: inout ServiceContext
    ) {
        guard let real = served[model] else { return }
        for (other, its) in served where other != model && its.sharesWeights(with: real) {
            let text = "it shares the weights of model \"\(model.name)\": \(reason)"
            logger.error(
                "model drifted", metadata: ["model": "\(other.name)", "reason": "\(text)"])
            engine.send(.distrust(other, reason: text))
            context.distrust(other, reason: text)
        }
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

    /// Stops the watch over model files. Call once, at the end.
    func close() {
        files.stop()
        loading.placing.ledger.onRelease {}
    }
}
