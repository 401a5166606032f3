// Carries out what the decisions ask for: requests go to the engine, loads to their own threads.
//
// Guarantees: a load's late result is recognised by its ticket and dropped when nobody waits for
// it any more; a model becomes ready only after the engine has taken it in; a mock is announced
// in the log whenever one enters service. Confined to the loop thread; no sockets.

import Loading
import Logging
import Service
import Wire

/// See the head of the file.
final class WorkRouter {
    /// A model that passed and is on its way into the engine.
    private struct Installation {
        var facts: Service.ModelFacts
        let model: LoadedModel
        let report: LoadReport
    }

    private let engine: EngineMailbox
    private let loading: ModelLoading
    private let inbox: LoopInbox
    private let logger: Logger
    /// Ticket to the name it loads.
    private var loads: [UInt64: String] = [:]
    private var installations: [UInt64: Installation] = [:]
    /// Loads of the start, and who waits for them.
    private var boots: [UInt64: BootOutcome] = [:]
    private var verifying = ModelVerifying()
    /// Real models in service, for verifying them.
    private var served: [ModelRemoval: RealModel] = [:]
    /// Looks at the files of the models in service.
    private let files: ModelFileWatch

    init(engine: EngineMailbox, loading: ModelLoading, inbox: LoopInbox, logger: Logger) {
        self.engine = engine
        self.loading = loading
        self.inbox = inbox
        self.logger = logger
        files = ModelFileWatch(
            interval: loading.configuration.fileCheckSeconds, inbox: inbox)
    }

    /// Begins to look at the files of models in service. Once, before any is.
    func startWatching() { files.start() }

    /// What the engine shows of its progress.
    var engineBeats: UInt64 { engine.pulse.beats }
    /// Whether the engine should be doing something.
    var engineHasWork: Bool { !engine.isIdle }

    /// How busy the engine is.
    var engineLoad: EngineLoad { engine.load }

    /// Gives an engine that sleeps something to show that it is there.
    func probeEngine() { engine.send(.probe) }

    /// Hands a piece of work over.
    func start(_ work: Work) {
        switch work.request {
        case .load(let request):
            logger.info("load", metadata: ["model": "\(request.name)"])
            loads[work.ticket] = request.name
            loading.start(request, ticket: work.ticket, inbox: inbox)
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
            engine.send(.run(work))
        }
    }

    /// Loads a model that the server was started with; the directory has its name already.
    func boot(_ request: LoadRequest, _ outcome: BootOutcome, context: inout ServiceContext) {
        let ticket = context.reserveTicket()
        boots[ticket] = outcome
        loads[ticket] = request.name
        loading.start(request, ticket: ticket, inbox: inbox)
    }

    /// Asks for an early end. The engine answers through the inbox; a load is answered here,
    /// because its thread may hang in the kernel for long.
    func cancel(_ ticket: UInt64, context: inout ServiceContext) {
        if let model = verifying.cancel(ticket) {
            let error = ServiceError.cancelled("verifying model \"\(model.name)\"")
            return context.completions.append((ticket, .failed(error)))
        }
        guard let name = loads.removeValue(forKey: ticket) else {
            return engine.send(.cancel(ticket: ticket))
        }
        context.models.abandonLoad(name)
        context.abandonedLoadCount += 1
        context.completions.append((ticket, .failed(.cancelled("loading model \"\(name)\""))))
    }

    func setPaused(_ ticket: UInt64, _ isPaused: Bool) {
        engine.send(.setPaused(ticket: ticket, isPaused))
    }

    /// Drops models that are gone from the directory.
    func carryOutRemovals(_ context: inout ServiceContext) {
        for removal in context.removals {
            logger.info("model unloaded", metadata: ["model": "\(removal.name)"])
            files.remove(removal)
            engine.send(.remove(removal))
            served[removal] = nil
            endVerifications(of: removal, context: &context)
        }
        context.removals.removeAll()
    }

    // MARK: - Verifications

    private func verify(_ work: Work) {
        guard let facts = work.model else { preconditionFailure("a verification of no model") }
        let model = ModelRemoval(name: facts.name, generation: facts.generation)
        guard let real = served[model] else {
            preconditionFailure("\(model) is ready and real, but not in service")
        }
        logger.info("verify", metadata: ["model": "\(facts.name)"])
        verifying.start(real, as: model, ticket: work.ticket, inbox: inbox)
    }

    private func endVerifications(of model: ModelRemoval, context: inout ServiceContext) {
        for ticket in verifying.tickets(of: model) {
            _ = verifying.cancel(ticket)
            let error = ServiceError(
                .unavailable, .modelUnloading, "verifying model \"\(model.name)\": unloaded")
            context.completions.append((ticket, .failed(error)))
        }
    }

    /// A verification has come back; a model that drifted goes out of service.
    func verified(
        _ ticket: UInt64, _ model: ModelRemoval, _ outcome: VerificationOutcome,
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

    /// Somebody has looked at the files of a model in service.
    func fileSeen(_ model: ModelRemoval, _ file: VerifiedFile, context: inout ServiceContext) {
        guard context.models.setFile(file, of: model.name, generation: model.generation) else {
            return
        }
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

    /// The assay is over.
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
            guard let generation = context.models.reserveGeneration(name) else { return }
            var facts = Service.ModelFacts(
                model, name: name, contextMax: loading.configuration.contextMax)
            facts.generation = generation
            installations[ticket] = Installation(
                facts: facts, model: model, report: outcome.report)
            let inbox = inbox
            engine.send(
                .install(
                    EngineInstallation(name: name, generation: generation, model: model) { error in
                        inbox.post(.installed(ticket: ticket, error))
                    }))
        }
    }

    /// The engine has taken a model in, or could not; or its load never got as far as the assay.
    func installed(_ ticket: UInt64, _ error: ServiceError?, context: inout ServiceContext) {
        let installation = installations.removeValue(forKey: ticket)
        guard let name = loads.removeValue(forKey: ticket) else {
            context.abandonedLoadCount -= 1
            if let facts = installation?.facts, error == nil {
                engine.send(.remove(ModelRemoval(name: facts.name, generation: facts.generation)))
            }
            return
        }
        if let error {
            let text = "making model \"\(name)\" ready: \(error.message)"
            boots.removeValue(forKey: ticket)?.set(
                .failure(installation == nil ? .configuration(text) : .system(text)))
            return failed(ticket, name, error, context: &context)
        }
        guard let installation, let facts = context.models.finishLoad(installation.facts),
            let slot = context.models.slot(name)
        else { return }
        announce(facts, installation.model)
        boots.removeValue(forKey: ticket)?.set(.success(installation.report))
        let report = LoadResponse(installation.report, model: ModelInfo(slot))
        context.completions.append((ticket, .loaded(report, facts)))
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

    private func announce(_ facts: Service.ModelFacts, _ model: LoadedModel) {
        switch model {
        case .real(let real):
            served[ModelRemoval(name: facts.name, generation: facts.generation)] = real
            logger.info(
                "model ready",
                metadata: [
                    "model": "\(facts.name)", "generation": "\(facts.generation)",
                    "device": "\(facts.device)", "device_reason": "\(facts.deviceReason ?? "")",
                    "seal": "\(real.report.seal?.description ?? "not compared")",
                ])
            files.add(real, as: ModelRemoval(name: facts.name, generation: facts.generation))
        case .mock:
            logger.critical(
                "A MOCK IS BEING SERVED: its answers are random and say so",
                metadata: ["model": "\(facts.name)"])
        }
    }

    /// Stops looking at files. Once, at the end.
    func close() { files.stop() }
}
