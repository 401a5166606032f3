// The engine thread: takes commands, runs batch steps over all models in turn, reports events.
// Never touches a socket.
//
// Guarantees:
// - The thread takes commands between two steps, so cancellations and deadlines take effect within
//   a step.
// - Tokenizing takes turns with steps, so a flood of texts does not stop the streams.
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
        configuration: ServerConfiguration, inbox: LoopInbox, logger: Logger
    ) throws(ThreadRefusal) {
        let mailbox = mailbox
        let stopped = stopped
        try startThread("assay-engine") {
            var rounds = EngineRounds(
                configuration: configuration, mailbox: mailbox, inbox: inbox, logger: logger)
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
    /// Time spent on arrivals before the next step, in microseconds.
    private static let arrivalsMicrosecondsMax: UInt64 = 5_000

    let configuration: ServerConfiguration
    let mailbox: EngineMailbox
    let inbox: LoopInbox
    let logger: Logger

    private var models: [EngineModel] = []
    private var arrivals: [Work] = []
    private var commands: [EngineMessage] = []
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
            // Published before the answers, which contain the load.
            mailbox.publish(load)
            inbox.post(&outgoing)
            if isCongested {
                // The network side is far behind. A pause costs less than the memory.
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

    private mutating func carryOut(_ command: EngineMessage) {
        switch command {
        case .install(let installation): install(installation)
        case .remove(let model): remove(model)
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

    private mutating func remove(_ served: ServedModel) {
        let error = ServiceError(
            .unavailable, .modelUnloading, "answering with model \"\(served.name)\": unloaded")
        for model in models where model.served == served {
            model.failAll(error) { outgoing.append(.event(ticket: $0, $1)) }
        }
        models.removeAll { $0.served == served }
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
        if let index = arrivals.firstIndex(where: { $0.ticket == ticket }) {
            arrivals.remove(at: index)
            outgoing.append(.event(ticket: ticket, .failed(.cancelled("waiting for the engine"))))
            return
        }
        for model in models {
            model.cancel(ticket, now: now) { outgoing.append(.event(ticket: $0, $1)) }
        }
    }

    /// Begins arrived requests, in order, for a bounded time.
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
        guard let model = models.first(where: { $0.served == work.model?.served }) else {
            let error = ServiceError(
                .unavailable, .modelUnloading,
                "answering with model \"\(work.model?.name ?? "")\": it is gone")
            outgoing.append(.event(ticket: work.ticket, .failed(error)))
            return
        }
        model.begin(work, now: now) { outgoing.append(.event(ticket: $0, $1)) }
    }

    // MARK: - Steps

    /// Runs a step of each model with work. Returns the number of computed tokens.
    private mutating func step() -> Int {
        var computed = 0
        for model in models where model.hasRunnableWork || model.nextDeadline != nil {
            computed += model.step(now: ServerClock.now) {
                outgoing.append(.event(ticket: $0, $1))
            }
            mailbox.pulse.beat()
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
        model.failAll(error) { outgoing.append(.event(ticket: $0, $1)) }
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
