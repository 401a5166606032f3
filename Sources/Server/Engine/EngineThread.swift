// The engine thread: takes commands, runs batch steps over all models in turn, reports events.
// Never touches a socket.
//
// Guarantees:
// - The thread takes commands between two steps, so cancellations and deadlines take effect within
//   a step.
// - Nothing is tokenized here. See TextThreads.swift.
// - A connection that does not read its answers gets none.
// - The events of a round leave in a batch.
// - Without work the thread sleeps.
// - Every finished piece of work is a beat of the mailbox's pulse, which the loop watches.

import Dispatch
import Logging
import Service
import Threads

/// Starts the engine and is the handle to it. Any thread.
final class EngineThread: Sendable {
    let mailbox = EngineMailbox()
    private let stopped = DispatchSemaphore(value: 0)

    init(
        configuration: ServerConfiguration, inbox: LoopInbox, windows: OutputWindows,
        logger: Logger
    ) throws(ThreadRefusal) {
        let mailbox = mailbox
        let stopped = stopped
        try startThread("assay-engine") {
            var rounds = EngineRounds(
                configuration: configuration, mailbox: mailbox, inbox: inbox, windows: windows,
                logger: logger)
            rounds.run()
            stopped.signal()
        }
    }

    /// Ends the thread after its current step and waits at most `seconds`. Not on the engine
    /// thread.
    ///
    /// - Returns: true when the thread has ended. A stuck thread never ends, and the process can
    ///   only leave it behind.
    func stop(within seconds: Int) -> Bool {
        mailbox.send(.stop)
        return stopped.wait(timeout: .now() + .seconds(seconds)) == .success
    }
}

/// The rounds of the engine thread.
private struct EngineRounds {
    let configuration: ServerConfiguration
    let mailbox: EngineMailbox
    let inbox: LoopInbox
    let windows: OutputWindows
    let logger: Logger

    private var models: [EngineModel] = []
    /// Connections that do not read.
    private var held: Set<UInt64> = []
    private var commands: [EngineMessage] = []
    private var outgoing: [LoopMessage] = []
    private var isStopping = false

    init(
        configuration: ServerConfiguration, mailbox: EngineMailbox, inbox: LoopInbox,
        windows: OutputWindows, logger: Logger
    ) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.inbox = inbox
        self.windows = windows
        self.logger = logger
    }

    mutating func run() {
        while !isStopping {
            mailbox.takeAll(into: &commands)
            for command in commands {
                carryOut(command)
                mailbox.pulse.beat()
            }
            held = windows.closed
            let computed = step()
            // Published before the answers, which contain the load.
            mailbox.publish(load)
            inbox.post(&outgoing)
            if computed == 0 && !isStopping { mailbox.sleep(milliseconds: sleepMilliseconds) }
        }
    }

    private var load: EngineLoad {
        models.reduce(into: EngineLoad()) { load, model in
            load.running += model.runningCount
            load.cachePages += model.pageCount
            load.cachePagesUsed += model.pagesUsed
        }
    }

    private mutating func carryOut(_ command: EngineMessage) {
        switch command {
        case .install(let installation): install(installation)
        case .remove(let model): remove(model)
        case .distrust(let model, let reason): distrust(model, reason)
        case .trust(let served):
            for model in models where model.served == served { model.trust() }
        case .run(let work): begin(work, now: ServerClock.now)
        case .cancel(let ticket): cancel(ticket)
        case .windowOpened, .probe: break
        case .stop: isStopping = true
        }
    }

    // MARK: - Models

    private mutating func install(_ installation: EngineInstallation) {
        do {
            let model = try EngineModel(
                installation, limits: configuration.limits,
                cacheTokensMax: configuration.cacheTokensMax)
            model.reportProgress(to: mailbox.pulse)
            models.append(model)
            installation.completion(nil)
        } catch {
            installation.completion(ServiceError(error, status: .resourceExhausted))
        }
    }

    private mutating func remove(_ served: ServedModel) {
        let error = ServiceError(
            .unavailable, .modelUnloading, "answering with model \"\(served.name)\": unloaded")
        for model in models where model.served == served {
            model.failAll(error) { report($0, $1) }
        }
        // The runner ends here, and its model elsewhere.
        let last = models.filter { $0.served == served }.map(\.loaded)
        models.removeAll { $0.served == served }
        dropElsewhere(last)
    }

    /// Fails running requests. The registry refuses new requests, because the model failed there
    /// first.
    private mutating func distrust(_ damaged: ServedModel, _ reason: String) {
        let error = ServiceError(
            .dataLoss, .modelDamaged,
            "answering with model \"\(damaged.name)\": it did not verify (\(reason)); unload it")
        for model in models where model.served == damaged {
            model.distrust(error)
            report(damaged: model, error)
        }
    }

    // MARK: - Requests

    private mutating func cancel(_ ticket: UInt64) {
        let now = ServerClock.now
        for model in models { model.cancel(ticket, now: now) { report($0, $1) } }
    }

    private mutating func begin(_ prepared: PreparedWork, now: UInt64) {
        let work = prepared.work
        if let deadline = work.deadline, deadline <= now {
            return report(prepared, .failed(.deadline("waiting for the engine")))
        }
        guard let model = models.first(where: { $0.served == work.model?.served }) else {
            let error = ServiceError(
                .unavailable, .modelUnloading,
                "answering with model \"\(work.model?.name ?? "")\": it is gone")
            return report(prepared, .failed(error))
        }
        model.begin(prepared) { report($0, $1) }
    }

    /// Sends an event of a request to the loop.
    private mutating func report(_ prepared: PreparedWork, _ event: WorkEvent) {
        windows.send(event.size, to: prepared.work.connection)
        outgoing.append(.event(ticket: prepared.work.ticket, event))
    }

    // MARK: - Steps

    /// Runs a step of each model with work. Returns the number of computed tokens.
    private mutating func step() -> Int {
        var computed = 0
        for model in models
        where model.nextDeadline != nil || model.hasRunnableWork(held: held) {
            mailbox.steps(model.served)
            computed += model.step(now: ServerClock.now, held: held) { report($0, $1) }
            mailbox.steps(nil)
            mailbox.pulse.beat()
            if let failure = model.takeStepFailure() {
                outgoing.append(.stepFailed(model.served, reason: failure))
            }
            let suspended = model.takeSuspendedCount()
            if suspended > 0 { outgoing.append(.suspended(suspended)) }
            for _ in 0..<model.takeRecomputedCount() {
                logger.warning(
                    "logits were not finite, computing again",
                    metadata: ["model": "\(model.served.name)"])
                outgoing.append(.recomputed)
            }
            if let error = model.distrust { report(damaged: model, error) }
        }
        return computed
    }

    private mutating func report(damaged model: EngineModel, _ error: ServiceError) {
        logger.error("model damaged", metadata: ["model": "\(model.served.name)"])
        model.failAll(error) { report($0, $1) }
        outgoing.append(.damaged(model.served, reason: error.message))
    }

    /// Milliseconds until the next deadline, or nil for ever when there is none.
    private var sleepMilliseconds: Int32? {
        guard let deadline = models.compactMap(\.nextDeadline).min() else { return nil }
        let now = ServerClock.now
        guard deadline > now else { return 0 }
        return Int32(clamping: (deadline - now) / 1000 + 1)
    }
}
