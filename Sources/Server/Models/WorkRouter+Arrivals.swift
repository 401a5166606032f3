// Models on their way into service: the assay, the engine, the rehearsal of a swap, the switch.
//
// Guarantees: a late result of an abandoned arrival is recognised by its ticket and dropped. A
// model becomes ready only after the engine has taken the model in. A swap that fails or is given
// up at any point leaves the generation before in service, and its candidate leaves the engine.
// Every mock that enters service is announced in the log.

import Inference
import Loading
import Logging
import Service
import Threads
import Wire

extension WorkRouter {
    /// Starts the assay of an arrival.
    func begin(_ arrival: Arrival, ticket: UInt64) {
        arrivals[ticket] = arrival
        loading.start(arrival, ticket: ticket, inbox: inbox)
    }

    /// Gives an arrival up and answers. Returns false when `ticket` is no arrival.
    func abandon(_ ticket: UInt64, context: inout ServiceContext) -> Bool {
        guard let arrival = arrivals.removeValue(forKey: ticket) else { return false }
        switch arrival.stage {
        case .assay: context.abandonedLoadCount += 1
        case .awaitingMemory: break
        case .installing(let candidate):
            context.abandonedLoadCount += 1
            abandoned[ticket] = candidate.facts.served
        case .rehearsing(let candidate):
            abandonRehearsal(ticket)
            drop(candidate.facts.served, context: &context)
        }
        if arrival.isSwap {
            context.models.abandonSwap(arrival.name)
        } else {
            context.models.abandonLoad(arrival.name)
        }
        context.completions.append((ticket, .failed(.cancelled(arrival.attempt))))
        return true
    }

    /// Takes the outcome of an assay and sends a model that passed to the engine.
    func assayed(_ ticket: UInt64, _ outcome: LoadOutcome, context: inout ServiceContext) {
        guard let arrival = arrivals[ticket] else {
            context.abandonedLoadCount -= 1
            return
        }
        switch outcome.result {
        case .failure(let rejection):
            if makeRoom(for: ticket, rejection.memory, context: &context) { return }
            arrival.start?.set(
                .failure(.modelRejected(name: arrival.name, report: outcome.report)))
            failed(ticket, ServiceError(rejection), context: &context)
        case .success(let model):
            let number = context.models.reserveGeneration(arrival.name).generation
            var facts = ServedFacts(
                model, name: arrival.name, contextMax: loading.configuration.contextMax)
            facts.generation = number
            install(
                ArrivingModel(facts: facts, model: model, report: outcome.report), ticket: ticket)
        }
    }

    private func install(_ candidate: ArrivingModel, ticket: UInt64) {
        arrivals[ticket]?.stage = .installing(candidate)
        let inbox = inbox
        engine.send(
            .install(
                EngineInstallation(
                    served: candidate.facts.served, model: candidate.model,
                    contextLength: contextLength(of: candidate.facts)
                ) { error in
                    inbox.post(.installed(ticket: ticket, error))
                }))
    }

    /// Takes the engine's result of an installation, or the error of an arrival that never reached
    /// the assay.
    func installed(_ ticket: UInt64, _ error: ServiceError?, context: inout ServiceContext) {
        guard let arrival = arrivals[ticket] else {
            context.abandonedLoadCount -= 1
            let model = abandoned.removeValue(forKey: ticket)
            if let model, error == nil { engine.send(.remove(model)) }
            return
        }
        if let error {
            let text = "making model \"\(arrival.name)\" ready: \(error.message)"
            if case .assay = arrival.stage {
                arrival.start?.set(.failure(.configuration(text)))
            } else {
                arrival.start?.set(.failure(.system(text)))
            }
            return failed(ticket, error, context: &context)
        }
        guard case .installing(let candidate) = arrival.stage else {
            preconditionFailure("the engine took in a model that nobody sent: ticket \(ticket)")
        }
        prompts[candidate.facts.served] = preparation(candidate)
        if let request = arrival.swap {
            arrivals[ticket]?.stage = .rehearsing(candidate)
            rehearse(candidate, for: request, ticket: ticket, context: &context)
        } else {
            arrivals[ticket] = nil
            let entry = context.models.finishLoad(candidate.facts)
            sources[arrival.name] = Source(arrival)
            announce(candidate, context: &context)
            context.resume(arrival.name)
            arrival.start?.set(.success(candidate.report))
            let report = LoadResponse(candidate.report, model: context.row(of: entry))
            context.completions.append((ticket, .loaded(report, candidate.facts)))
        }
    }

    // MARK: - Swaps

    /// Takes the end of a rehearsal: switches to the candidate, or drops it.
    func rehearsed(
        _ ticket: UInt64, _ result: Result<RehearsalOutcome, ServiceError>,
        context: inout ServiceContext
    ) {
        let arrival = arrivals[ticket]
        guard case .rehearsing(let candidate) = arrival?.stage else { return }
        switch result {
        case .failure(let error):
            drop(candidate.facts.served, context: &context)
            failed(ticket, error, context: &context)
        case .success(let rehearsal):
            arrivals[ticket] = nil
            let (entry, previous) = context.finishSwap(candidate.facts)
            if let arrival { sources[arrival.name] = Source(arrival) }
            announce(candidate, context: &context)
            let report = SwapResponse(
                candidate.report, rehearsal, model: context.row(of: entry), previous: previous)
            context.completions.append((ticket, .swapped(report, candidate.facts)))
        }
    }

    /// Takes a candidate out of the engine.
    func drop(_ model: ServedModel, context: inout ServiceContext) {
        context.forgetHealth(of: model)
        engine.send(.remove(model))
        dropElsewhere(prompts.removeValue(forKey: model))
    }

    // MARK: - Ends

    private func failed(_ ticket: UInt64, _ error: ServiceError, context: inout ServiceContext) {
        guard let arrival = arrivals.removeValue(forKey: ticket) else { return }
        let name = arrival.name
        if arrival.isSwap {
            let generation = context.models.entry(name)?.generation ?? 0
            logger.warning(
                "swap failed; the generation before goes on",
                metadata: [
                    "model": "\(name)", "generation": "\(generation)",
                    "reason": "\(error.message)",
                ])
            context.counters.add(.swapsRejected)
            context.models.failSwap(name, reason: error.account)
        } else {
            logger.warning(
                "load refused", metadata: ["model": "\(name)", "reason": "\(error.message)"])
            context.counters.add(.loadsRejected)
            context.models.failLoad(name, reason: error.message)
            if arrival.isReload {
                context.failReload(name, error.message, now: ServerClock.now)
            }
        }
        context.completions.append((ticket, .failed(error)))
    }

    /// Positions of the longest sequence of a model.
    private func contextLength(of facts: ServedFacts) -> Int {
        let cache = loading.configuration.cacheTokensMax
        return cache > 0 ? min(cache, Int(facts.info.context)) : Int(facts.info.context)
    }

    private func preparation(_ candidate: ArrivingModel) -> PromptPreparation {
        let model = candidate.model
        return PromptPreparation(
            tokenizer: model.tokenizer, chatTemplates: model.chatTemplates,
            pooling: Pooling(model.facts.pooling), isCausal: model.facts.isCausal,
            vocabularySize: model.tokenModel.vocabularySize,
            contextLength: contextLength(of: candidate.facts))
    }

    /// Takes a model that is in service now under watch.
    private func announce(_ candidate: ArrivingModel, context: inout ServiceContext) {
        let facts = candidate.facts
        switch candidate.model {
        case .real(let real):
            if case .matched = real.report.seal { context.sealMatched(facts.served) }
            served[facts.served] = real
            logger.info(
                "model ready",
                metadata: [
                    "model": "\(facts.name)", "generation": "\(facts.generation)",
                    "device": "\(facts.device)", "device_reason": "\(facts.deviceReason ?? "")",
                    "seal": "\(real.report.seal?.description ?? "not compared")",
                    "memory": "\(real.report.memory?.estimate.total ?? 0)",
                    "shared_with": "\(real.report.sharedWith ?? "")",
                ])
            files.add(real, as: facts.served)
        case .mock:
            logger.critical(
                "A MOCK IS BEING SERVED: its answers are random and say so",
                metadata: ["model": "\(facts.name)"])
        }
    }
}

extension ServiceError {
    /// The message, behind the layer and the code of a refused model.
    fileprivate var account: String {
        layer.map { "\($0) layer (\(code)): \(message)" } ?? message
    }
}
