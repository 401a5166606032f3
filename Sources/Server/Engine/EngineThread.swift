// The engine thread: takes commands, runs batch steps over all models in turn, reports what
// happened. Never touches a socket.
//
// Guarantees: between two steps it looks at its mailbox, so cancellations and deadlines take
// effect within a step; tokenizing takes turns with steps, so a flood of texts does not stop the
// streams; events of a round leave in one batch; with nothing to do it sleeps; every piece of work
// done is a beat of the mailbox's pulse, which the loop watches.

import Foundation
import Logging
import Service

/// Starts the engine and is the handle to it. Any thread.
final class EngineThread: Sendable {
    let mailbox = EngineMailbox()
    private let stopped = DispatchSemaphore(value: 0)

    init(configuration: ServerConfiguration, inbox: LoopInbox, logger: Logger) {
        let mailbox = mailbox
        let stopped = stopped
        let thread = Thread {
            var rounds = EngineRounds(
                configuration: configuration, mailbox: mailbox, inbox: inbox, logger: logger)
            rounds.run()
            stopped.signal()
        }
        thread.name = "assay-engine"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Ends the thread after its current step and waits for it, at most `seconds`. Not on the
    /// engine thread.
    ///
    /// - Returns: whether it has ended. One that is stuck never does, and nothing can be done about
    ///   it but to leave.
    func stop(within seconds: Int) -> Bool {
        mailbox.send(.stop)
        return stopped.wait(timeout: .now() + .seconds(seconds)) == .success
    }
}

/// What the thread does, round after round.
private struct EngineRounds {
    /// Time spent on arrivals before the next step, in microseconds.
    private static let arrivalsMicrosecondsMax: UInt64 = 5_000

    let configuration: ServerConfiguration
    let mailbox: EngineMailbox
    let inbox: LoopInbox
    let logger: Logger

    private var models: [EngineModel] = []
    private var arrivals: [Work] = []
    private var commands: [EngineCommand] = []
    private var outgoing: [LoopMessage] = []
    private var isStopping = false

    init(
        configuration: ServerConfiguration, mailbox: EngineMailbox, inbox: LoopInbox,
        logger: Logger
    ) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.inbox = inbox
        self.logger = logger
    }

    mutating func run() {
        while !isStopping {
            mailbox.takeAll(into: &commands)
            for command in commands {
                carryOut(command)
                mailbox.pulse.beat()
            }
            takeArrivals()
            let isCongested = inbox.isCongested
            let computed = isCongested ? 0 : step()
            // Before the answers, which speak of it.
            mailbox.publish(load)
            inbox.post(&outgoing)
            if isCongested {
                // The network side is far behind; a pause costs less than the memory.
                mailbox.sleep(milliseconds: 1)
            } else if computed == 0 && arrivals.isEmpty && !isStopping {
                mailbox.sleep(milliseconds: sleepMilliseconds)
            }
        }
    }

    private var load: EngineLoad {
        models.reduce(into: EngineLoad()) { load, model in
            load.running += model.runningCount
            load.cachePages += model.pageCount
            load.cachePagesUsed += model.pagesUsed
        }
    }

    private mutating func carryOut(_ command: EngineCommand) {
        switch command {
        case .install(let installation): install(installation)
        case .remove(let removal): remove(removal)
        case .distrust(let model, let reason): distrust(model, reason)
        case .run(let work): arrivals.append(work)
        case .cancel(let ticket): cancel(ticket)
        case .setPaused(let ticket, let isPaused):
            for model in models { model.setPaused(ticket, isPaused) }
        case .probe: break
        case .stop: isStopping = true
        }
    }

    // MARK: - Models

    private mutating func install(_ installation: EngineInstallation) {
        do {
            let model = try EngineModel(
                installation, limits: configuration.limits, contextMax: configuration.contextMax,
                cacheTokensMax: configuration.cacheTokensMax)
            model.reportProgress(to: mailbox.pulse)
            models.append(model)
            installation.completion(nil)
        } catch {
            installation.completion(ServiceError(error, status: .resourceExhausted))
        }
    }

    private mutating func remove(_ removal: ModelRemoval) {
        let error = ServiceError(
            .unavailable, .modelUnloading, "answering with model \"\(removal.name)\": unloaded")
        for model in models
        where model.name == removal.name && model.generation == removal.generation {
            model.failAll(error) { outgoing.append(.event(ticket: $0, $1)) }
        }
        models.removeAll { $0.name == removal.name && $0.generation == removal.generation }
    }

    /// What runs is failed; what comes is refused by the directory, where the model failed first.
    private mutating func distrust(_ damaged: ModelRemoval, _ reason: String) {
        let error = ServiceError(
            .dataLoss, .modelDamaged,
            "answering with model \"\(damaged.name)\": it did not verify (\(reason)); unload it")
        for model in models
        where model.name == damaged.name && model.generation == damaged.generation {
            model.distrust(error)
            report(damaged: model, error)
        }
    }

    // MARK: - Requests

    private mutating func cancel(_ ticket: UInt64) {
        let now = ServerClock.now
        if let index = arrivals.firstIndex(where: { $0.ticket == ticket }) {
            arrivals.remove(at: index)
            outgoing.append(.event(ticket: ticket, .failed(.cancelled("waiting for the engine"))))
            return
        }
        for model in models {
            model.cancel(ticket, now: now) { outgoing.append(.event(ticket: $0, $1)) }
        }
    }

    /// Begins what has arrived, in order, for a bounded time.
    private mutating func takeArrivals() {
        guard !arrivals.isEmpty else { return }
        let start = ServerClock.now
        var now = start
        var taken = 0
        while taken < arrivals.count, now - start < Self.arrivalsMicrosecondsMax {
            begin(arrivals[taken], now: now)
            taken += 1
            mailbox.pulse.beat()
            now = ServerClock.now
        }
        arrivals.removeFirst(taken)
    }

    private mutating func begin(_ work: Work, now: UInt64) {
        if let deadline = work.deadline, deadline <= now {
            outgoing.append(
                .event(ticket: work.ticket, .failed(.deadline("waiting for the engine"))))
            return
        }
        guard let facts = work.model,
            let model = models.first(where: {
                $0.name == facts.name && $0.generation == facts.generation
            })
        else {
            let error = ServiceError(
                .unavailable, .modelUnloading,
                "answering with model \"\(work.model?.name ?? "")\": it is gone")
            outgoing.append(.event(ticket: work.ticket, .failed(error)))
            return
        }
        model.begin(work, now: now) { outgoing.append(.event(ticket: $0, $1)) }
    }

    // MARK: - Steps

    /// One step of each model that has something to do. Returns the tokens computed.
    private mutating func step() -> Int {
        var computed = 0
        for model in models where model.hasRunnableWork || model.nextDeadline != nil {
            computed += model.step(now: ServerClock.now) {
                outgoing.append(.event(ticket: $0, $1))
            }
            mailbox.pulse.beat()
            for _ in 0..<model.takeRecomputedCount() {
                logger.warning(
                    "logits were not finite, computing again", metadata: ["model": "\(model.name)"])
                outgoing.append(.recomputed)
            }
            if let error = model.distrust { report(damaged: model, error) }
        }
        return computed
    }

    private mutating func report(damaged model: EngineModel, _ error: ServiceError) {
        logger.error("model damaged", metadata: ["model": "\(model.name)"])
        model.failAll(error) { outgoing.append(.event(ticket: $0, $1)) }
        let removal = ModelRemoval(name: model.name, generation: model.generation)
        outgoing.append(.damaged(removal, reason: error.message))
    }

    /// Until the next deadline; for ever when there is none.
    private var sleepMilliseconds: Int32? {
        guard let deadline = models.compactMap(\.nextDeadline).min() else { return nil }
        let now = ServerClock.now
        guard deadline > now else { return 0 }
        return Int32(clamping: (deadline - now) / 1000 + 1)
    }
}
