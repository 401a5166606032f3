// The loop thread: moves bytes between sockets and connection machines, and events between the
// machines and the other threads. Decides nothing and computes nothing.
//
// Guarantees: what the machines ask for is carried out in their order; a closed connection's work
// is cancelled; memory for unsent and unfinished bytes is bounded over all connections; an answer
// that is due leaves when it is due, whatever the engine does.

import EventLoop
import Logging
import Service
import Wire

/// See the head of the file. Confined to the thread that made it.
final class NetworkLoop {
    /// Unsent bytes and bytes of unfinished frames over all connections; beyond it the connection
    /// that asks for more is closed. A fraction of what a server of models has anyway.
    static let outputTotalMax = 256 << 20
    static let inputTotalMax = 256 << 20
    /// How often time is looked at while there is a reason to.
    static let tickInterval = Duration.milliseconds(50)
    /// How often the engine's progress is looked at, busy or not.
    static let watchInterval = Duration.milliseconds(250)
    /// Of these looks, how many pass until the other parts are looked after as well.
    static let watchRoundCount = 4
    /// Time a peer has to read a last word before the socket closes.
    static let lastWordLimit = Duration.seconds(2)

    let loop: Loop
    let logger: Logger
    let router: WorkRouter
    let inbox: LoopInbox
    var context: ServiceContext
    private(set) var connections: [UInt64: Connection] = [:]
    private var effects = ConnectionEffects()
    private let listeners: ListenerGroup
    private var signals: [SignalWatcher] = []
    private var wakeup: Wakeup?
    private var tick: Timer?
    /// Fires when the next answer is due, and when that is.
    private var due: Timer?
    private var dueAt: UInt64?
    private var watch: Timer?
    private var watchCount = 0
    private var isTicking = false
    private var messages: [LoopMessage] = []
    private var nextConnection: UInt64 = 1
    private var outputTotal = 0
    private var inputTotal = 0
    /// Connections that owe a Hello, oldest first, with their deadline.
    private var greeting: [(id: UInt64, deadline: UInt64)] = []
    private var stalled: Set<UInt64> = []
    private var drain = DrainProgress()

    init(
        loop: Loop, context: ServiceContext, router: WorkRouter, inbox: LoopInbox, logger: Logger
    ) throws(EventLoopError) {
        self.loop = loop
        self.context = context
        self.router = router
        self.inbox = inbox
        self.logger = logger
        listeners = ListenerGroup(logger: logger)
        tick = try Timer(loop: loop)
        due = try Timer(loop: loop)
        watch = try Timer(loop: loop)
        wakeup = try Wakeup(loop: loop) { [unowned self] in takeMessages() }
        if let wakeup { inbox.attach(wakeup) }
    }

    // MARK: - Life

    /// Binds all addresses, or none. Returns them as bound.
    func listen(_ addresses: [Address]) throws(EventLoopError) -> [Address] {
        var settings = Listener.Settings()
        let limits = context.limits
        settings.stream.pendingWriteSizeMax = limits.outputSizeMax
        return try listeners.bind(addresses, loop, settings) { [unowned self] in accept($0) }
    }

    /// Drains on SIGTERM and SIGINT.
    func watchSignals(_ numbers: [Int32]) throws(EventLoopError) {
        for number in numbers {
            signals.append(
                try SignalWatcher(loop: loop, signal: number) { [unowned self] in
                    logger.notice("signal", metadata: ["number": "\(number)"])
                    shutDown()
                })
        }
    }

    /// Runs until a drain is complete, then gives everything back.
    func run() {
        armTick()
        watch?.start(after: Self.watchInterval, repeating: Self.watchInterval) {
            [unowned self] in lookAfterParts()
        }
        router.startWatching()
        loop.run()
        close()
    }

    /// Closes every handle and the loop. For a start that failed half-way, too.
    func close() {
        inbox.detach()
        router.close()
        listeners.close()
        loop.close()
        wakeup = nil
        tick = nil
        due = nil
        watch = nil
    }

    // MARK: - Connections

    private func accept(_ stream: Stream) {
        guard connections.count < context.limits.connectionsMax, !context.isDraining else {
            ConnectionMachine.refuseConnection(context: &context, effects: &effects)
            _ = effects.output.withUnsafeBytes { stream.write($0) }
            effects.reset()
            return stream.finish(within: Self.lastWordLimit)
        }
        let connection = Connection(id: nextConnection, stream: stream)
        nextConnection += 1
        connections[connection.id] = connection
        context.counters.add(.connectionsAccepted)
        context.counters.add(.connectionsOpen)
        greeting.append(
            (connection.id, ServerClock.now + context.limits.helloTimeoutMicroseconds))
        stream.onRead = { [unowned self, unowned connection] in received($0, connection) }
        stream.onEnd = { [unowned self, unowned connection] in
            connection.machine.peerFinished(effects: &effects)
            carryOut(connection)
        }
        stream.onDrain = { [unowned self, unowned connection] in outputChanged(connection) }
        // The only strong reference from the stream; gone with its callbacks.
        stream.onClose = { [unowned self, connection] in closed(connection, $0) }
        stream.startReading()
        armTick()
    }

    private func received(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
        connection.machine.receive(
            bytes, now: ServerClock.now, context: &context, effects: &effects)
        let size = connection.machine.pendingInputSize
        if size != connection.inputSize { inputChanged(connection, size) }
        carryOut(connection)
    }

    private func inputChanged(_ connection: Connection, _ size: Int) {
        inputTotal += size - connection.inputSize
        connection.inputSize = size
        guard inputTotal > Self.inputTotalMax else { return }
        let error = ServiceError(
            .resourceExhausted, .overloaded,
            "keeping the beginning of a frame: \(inputTotal) bytes of unfinished frames are kept, "
                + "allowed: \(Self.inputTotalMax)", retryAfterMilliseconds: 1000)
        connection.machine.end(error, tellPeer: true, context: &context, effects: &effects)
    }

    private func closed(_ connection: Connection, _ reason: EventLoopError?) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        context.counters.subtract(.connectionsOpen)
        outputTotal -= connection.outputSize
        inputTotal -= connection.inputSize
        connection.outputSize = 0
        connection.inputSize = 0
        stalled.remove(connection.id)
        if let reason {
            logger.debug(
                "connection lost",
                metadata: ["connection": "\(connection.id)", "reason": "\(reason)"])
        }
        connection.machine.peerClosed(effects: &effects)
        carryOut(connection)
        stopIfDrained()
    }

    // MARK: - Carrying out

    /// Does what the machine asked for, then what that brought about.
    private func carryOut(_ connection: Connection) {
        send(connection)
        if !effects.work.isEmpty { startWork() }
        for ticket in effects.cancelled { router.cancel(ticket, context: &context) }
        for (ticket, isPaused) in effects.paused { router.setPaused(ticket, isPaused) }
        if let reading = effects.reading {
            if reading { connection.stream.startReading() } else { connection.stream.stopReading() }
        }
        let ending = effects.ending
        if ending != nil { note(connection) }
        effects.reset()
        switch ending {
        case .afterFlush: connection.stream.finish(within: endingLimit)
        case .now: connection.stream.close()
        case nil: break
        }
        // An unload is no work for another thread, yet its wait has an end.
        if context.awaitsUnloads { armTick() }
        armDue()
        settle()
    }

    private func send(_ connection: Connection) {
        guard effects.output.count > 0 else { return }
        context.counters.add(.bytesSent, UInt64(effects.output.count))
        _ = effects.output.withUnsafeBytes { connection.stream.write($0) }
        let pending = connection.stream.pendingWriteSize
        if pending > context.limits.outputHighSize || connection.outputSize > 0 {
            outputChanged(connection)
        }
    }

    private func startWork() {
        let now = ServerClock.now
        for var work in effects.work {
            work.acceptedAt = now
            router.start(work)
        }
        armTick()
    }

    /// Delivers what the decisions and the router produced by themselves, until nothing is left.
    private func settle() {
        if !context.removals.isEmpty { router.carryOutRemovals(&context) }
        while !context.completions.isEmpty {
            let (ticket, event) = context.completions.removeFirst()
            deliver(event, to: ticket)
        }
    }

    private func deliver(_ event: WorkEvent, to ticket: UInt64) {
        guard let target = context.tickets[ticket] else { return }
        let now = ServerClock.now
        guard let connection = connections[target.connection],
            connection.machine.handle(
                event, requestID: target.requestID, ticket: ticket, now: now, context: &context,
                effects: &effects)
        else {
            if event.isFinal { context.finish(ticket, now: now) }
            return settle()
        }
        carryOut(connection)
    }

    /// The end of a connection that we brought about.
    private func note(_ connection: Connection) {
        guard let reason = effects.endingReason else { return }
        logger.info(
            "connection ended",
            metadata: [
                "connection": "\(connection.id)", "code": "\(reason.code)",
                "reason": "\(reason.message)",
            ])
    }

    /// A drain is in a hurry; so is a peer that broke the protocol. Others may be slow readers of
    /// their last answer.
    private var endingLimit: Duration {
        if context.isDraining { return .milliseconds(500) }
        return effects.endingReason == nil
            ? .microseconds(Int64(context.limits.writeStallMicroseconds)) : Self.lastWordLimit
    }

    // MARK: - Back-pressure

    private func outputChanged(_ connection: Connection) {
        let pending = connection.stream.pendingWriteSize
        outputTotal += pending - connection.outputSize
        connection.outputSize = pending
        connection.machine.outputChanged(
            pendingSize: pending, context: context, effects: &effects)
        if effects.reading == false {
            stalled.insert(connection.id)
            connection.stalledSince = ServerClock.now
            armTick()
        } else if effects.reading == true {
            stalled.remove(connection.id)
            connection.stalledSince = nil
        }
        if outputTotal > Self.outputTotalMax && pending > context.limits.outputLowSize {
            giveUp(connection, "\(outputTotal) bytes wait for all peers")
        }
        // Called from `send` the effects are carried out there; from a drain callback, here.
        if effects.output.count == 0 { carryOut(connection) }
    }

    private func giveUp(_ connection: Connection, _ found: String) {
        let error = ServiceError(
            .resourceExhausted, .writeStalled, "sending to a peer that does not read: \(found)")
        connection.machine.end(error, tellPeer: false, context: &context, effects: &effects)
    }

    // MARK: - Messages of other threads

    private func takeMessages() {
        inbox.takeAll(into: &messages)
        context.engineLoad = router.engineLoad
        // Swapped out, because delivering may take the next batch.
        var batch: [LoopMessage] = []
        swap(&batch, &messages)
        for message in batch { take(message) }
        batch.removeAll(keepingCapacity: true)
        if messages.isEmpty { swap(&batch, &messages) }
    }

    private func take(_ message: LoopMessage) {
        switch message {
        case .event(let ticket, let event):
            deliver(event, to: ticket)
        case .boot(let request, let outcome):
            guard !context.isDraining else { return outcome.set(.failure(.stopped)) }
            router.boot(request, outcome, context: &context)
        case .served(let latch):
            context.condition.isStarting = false
            latch.set(!context.isDraining)
        case .assayed(let ticket, let outcome):
            router.assayed(ticket, outcome, context: &context)
        case .installed(let ticket, let error):
            router.installed(ticket, error, context: &context)
        case .verified(let ticket, let model, let outcome, let file):
            router.verified(ticket, model, outcome, file: file, context: &context)
        case .fileSeen(let model, let file):
            router.fileSeen(model, file, context: &context)
        case .recomputed:
            context.counters.add(.requestsRecomputed)
        case .damaged(let removal, let reason):
            context.models.failServed(
                removal.name, generation: removal.generation, reason: reason)
        case .survey(let survey):
            survey.answer(
                LoopFacts(
                    slots: context.models.slots, isDraining: context.isDraining,
                    isStarting: context.condition.isStarting, faults: context.condition.faults,
                    death: context.condition.engine.death))
        case .shutDown:
            shutDown()
        }
        settle()
    }

    // MARK: - Time

    /// What every request needs, looked at whether or not there is one.
    private func lookAfterParts() {
        watchEngine()
        watchCount += 1
        guard watchCount % Self.watchRoundCount == 0 else { return }
        if !context.isDraining { context.condition.unreachable = listeners.check() }
        if !router.engineHasWork { router.probeEngine() }
    }

    private func watchEngine() {
        let before = context.condition.engine.verdict
        context.condition.engine.look(
            beats: router.engineBeats, hasWork: router.engineHasWork, now: ServerClock.now)
        let engine = context.condition.engine
        guard engine.verdict != before else { return }
        switch engine.verdict {
        case .well: logger.notice("the engine makes progress again")
        case .stalled: logger.error("not ready", metadata: ["reason": "\(engine.fault ?? "")"])
        case .dead: logger.critical("not alive", metadata: ["reason": "\(engine.death ?? "")"])
        }
    }

    private func armTick() {
        guard !isTicking, let tick else { return }
        isTicking = true
        tick.start(after: Self.tickInterval, repeating: Self.tickInterval) { [unowned self] in
            ticked()
        }
    }

    private func ticked() {
        let now = ServerClock.now
        timeOutGreetings(now)
        giveUpStalled(now)
        if context.awaitsUnloads {
            for ticket in context.expired(now: now) { router.cancel(ticket, context: &context) }
            settle()
            armDue()
        }
        if drain.isRunning { continueDrain(now) }
        let isNeeded =
            !greeting.isEmpty || !stalled.isEmpty || context.awaitsUnloads || drain.isRunning
        guard !isNeeded else { return }
        isTicking = false
        tick?.stop()
    }

    private func armDue() {
        guard let next = context.nextDue, next < dueAt ?? .max else { return }
        dueAt = next
        let now = ServerClock.now
        due?.start(after: .microseconds(Int64(clamping: next - min(next, now)))) {
            [unowned self] in answerDue()
        }
    }

    /// Answers what is due, whatever the engine does. Its own answers come first where they are
    /// there: they hold more.
    private func answerDue() {
        dueAt = nil
        takeMessages()
        for due in context.takeDue(now: ServerClock.now) {
            if due.isControl {
                router.cancel(due.ticket, context: &context)
            } else {
                deliver(.due(due.reason), to: due.ticket)
            }
        }
        settle()
        armDue()
    }

    /// The list is in order of time, so only its front is looked at.
    private func timeOutGreetings(_ now: UInt64) {
        var passed = 0
        for (id, deadline) in greeting {
            if let connection = connections[id], connection.machine.phase == .greeting {
                guard deadline <= now else { break }
                connection.machine.helloTimedOut(context: &context, effects: &effects)
                carryOut(connection)
            }
            passed += 1
        }
        greeting.removeFirst(passed)
    }

    private func giveUpStalled(_ now: UInt64) {
        for id in stalled {
            guard let connection = connections[id], let since = connection.stalledSince else {
                continue
            }
            let pending = connection.stream.pendingWriteSize
            if pending < connection.outputSize {
                connection.stalledSince = now
                outputTotal += pending - connection.outputSize
                connection.outputSize = pending
            } else if now - since > context.limits.writeStallMicroseconds {
                giveUp(connection, "\(pending) bytes, none taken for \((now - since) / 1000) ms")
                carryOut(connection)
            }
        }
    }

    // MARK: - Drain

    /// Begins to drain; asked again it hurries, and the third time it leaves at once.
    private func shutDown() {
        let now = ServerClock.now
        switch drain.request(now: now, limits: context.limits) {
        case .begin:
            logger.notice("draining", metadata: ["connections": "\(connections.count)"])
            context.isDraining = true
            listeners.close()
            for connection in connections.values.sorted(by: { $0.id < $1.id }) {
                connection.machine.drain(context: &context, effects: &effects)
                carryOut(connection)
            }
            armTick()
            stopIfDrained()
        case .hurry:
            continueDrain(now)
        case .leave:
            loop.stop()
        }
    }

    private func continueDrain(_ now: UInt64) {
        switch drain.step(now: now) {
        case .wait:
            break
        case .cancel:
            logger.notice(
                "cancelling what is left", metadata: ["requests": "\(context.tickets.count)"])
            for ticket in context.cancelAll(now: now) { router.cancel(ticket, context: &context) }
            settle()
            armDue()
        case .stop:
            logger.notice("leaving", metadata: ["connections": "\(connections.count)"])
            loop.stop()
        }
    }

    private func stopIfDrained() {
        if drain.isRunning && connections.isEmpty { loop.stop() }
    }
}
