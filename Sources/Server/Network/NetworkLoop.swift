// The loop thread: moves bytes between sockets and connection machines, and events between the
// machines and the worker threads. Decides nothing and computes nothing.
//
// Every callback has two halves. First a machine takes what came and its actions are carried out.
// Then `settle` delivers the events that the decisions themselves caused, one after the other, each
// with its actions, until none is left.
//
// Guarantees: the actions of a machine are carried out in the machine's order. A closed
// connection's work is cancelled. A due answer leaves on time, whatever the engine does.

import EventLoop
import Glibc
import Logging
import Service
import Wire

/// See the head of the file. Confined to the thread that made it.
final class NetworkLoop {
    /// Interval between two looks at the engine's progress, busy or not.
    static let watchInterval = Duration.milliseconds(250)
    /// Looks at the engine per check of the remaining parts.
    static let watchRoundCount = 4

    let loop: Loop
    let logger: Logger
    private let auditLog: AuditLog
    let router: WorkRouter
    let inbox: LoopInbox
    var context: ServiceContext
    private(set) var connections: [UInt64: ClientConnection] = [:]
    var effects = ConnectionEffects()
    private let listeners: ListenerGroup
    var signals: [SignalWatcher] = []
    private var wakeup: Wakeup?
    /// Rings for connections, unloads and the drain.
    private let look: Alarm
    /// Rings when the next answer is due.
    private let due: Alarm
    private var watch: Timer?
    private var watchCount = 0
    private var messages: [LoopMessage] = []
    private var nextConnection: UInt64 = 1
    private var drain = DrainProgress()

    init(
        loop: Loop, context: consuming ServiceContext, router: WorkRouter, inbox: LoopInbox,
        logger: Logger
    ) throws(EventLoopError) {
        self.loop = loop
        self.context = context
        self.router = router
        self.inbox = inbox
        (self.logger, auditLog) = (logger, AuditLog(logger))
        listeners = ListenerGroup(logger: logger)
        look = try Alarm(loop: loop)
        due = try Alarm(loop: loop)
        watch = try Timer(loop: loop)
        wakeup = try Wakeup(loop: loop) { [unowned self] in takeMessages() }
        if let wakeup { inbox.attach(wakeup) }
        look.onRing = { [unowned self] in lookAround() }
        due.onRing = { [unowned self] in answerDue() }
    }

    // MARK: - Life

    /// Binds all addresses, or none. Returns them as bound.
    func listen(_ addresses: [Address]) throws(EventLoopError) -> [Address] {
        var settings = Listener.Settings()
        settings.stream.pendingWriteSizeMax = context.limits.outputSizeMax
        return try listeners.bind(addresses, loop, settings) { [unowned self] in accept($0) }
    }

    /// Drains on SIGTERM, after the grace, and on SIGINT.
    func watchSignals(_ numbers: [Int32]) throws(EventLoopError) {
        for number in numbers {
            signals.append(
                try SignalWatcher(loop: loop, signal: number) { [unowned self] in
                    logger.notice("signal", metadata: ["number": "\(number)"])
                    shutDown(skipsGrace: number == SIGINT)
                })
        }
    }

    /// Runs until a drain is complete, then closes everything.
    func run() {
        watch?.start(after: Self.watchInterval, repeating: Self.watchInterval) {
            [unowned self] in lookAfterParts()
        }
        router.startWatching()
        loop.run()
        close()
    }

    /// Closes every handle and the loop, also after a start that failed half-way.
    func close() {
        inbox.detach()
        router.close()
        listeners.close()
        loop.close()
        wakeup = nil
        watch = nil
    }

    // MARK: - Connections

    private func accept(_ stream: Stream) {
        let now = ServerClock.now
        if let refusal = makeRoom(for: stream.peer, now) { return refuse(stream, refusal) }
        let connection = ClientConnection(id: nextConnection, stream: stream, now: now)
        nextConnection += 1
        connections[connection.id] = connection
        context.counters.add(.connectionsAccepted)
        context.counters.add(.connectionsOpen)
        context.crowd.join(connection.id, peer: stream.peer, now: now)
        router.add(connection.id)
        // Without reference counts: `onClose` holds the connection until the stream has dropped
        // this closure, and the loop calls no stream outside `run()` and `close()` of this object.
        let (owner, reader) = (Unmanaged.passUnretained(self), Unmanaged.passUnretained(connection))
        stream.onRead = { bytes in
            owner._withUnsafeGuaranteedRef { owner in
                reader._withUnsafeGuaranteedRef { owner.received(bytes, $0) }
            }
        }
        stream.onEnd = { [unowned self, unowned connection] in
            connection.machine.peerFinished(
                now: ServerClock.now, context: &context, effects: &effects)
            carryOut(connection)
            settle()
        }
        stream.onBacklog = { [unowned self, unowned connection] in
            outputChanged(connection)
            carryOut(connection)
            settle()
        }
        stream.onDrain = { [unowned self, unowned connection] in
            connection.machine.outputLeft(now: ServerClock.now)
            outputChanged(connection)
            carryOut(connection)
            settleOutput(connection)
            settle()
        }
        // The only strong reference from the stream, released with its callbacks.
        stream.onClose = { [unowned self, connection] in closed(connection, $0) }
        stream.startReading()
        setLook()
    }

    private func received(_ bytes: UnsafeRawBufferPointer, _ connection: ClientConnection) {
        connection.machine.receive(
            bytes, now: ServerClock.now, context: &context, effects: &effects)
        carryOut(connection)
        settle()
    }

    private func closed(_ connection: ClientConnection, _ reason: EventLoopError?) {
        connections[connection.id] = nil
        context.crowd.leave(connection.id)
        context.counters.subtract(.connectionsOpen)
        if let reason {
            logger.debug(
                "connection lost",
                metadata: ["connection": "\(connection.id)", "reason": "\(reason)"])
        }
        connection.machine.peerClosed(effects: &effects)
        carryOut(connection)
        router.remove(connection.id)
        settle()
        stopIfDrained()
    }

    // MARK: - Carrying out

    /// Carries out the machine's actions. Events that they cause wait for `settle`.
    func carryOut(_ connection: ClientConnection) {
        send(connection)
        if let stranger = effects.stranger { answer(stranger, connection) }
        for work in effects.work { start(work) }
        if !effects.cancelled.isEmpty {
            for ticket in effects.cancelled { router.cancel(ticket, context: &context) }
        }
        if let reading = effects.reading {
            if reading { connection.stream.startReading() } else { connection.stream.stopReading() }
        }
        if let ending = effects.ending {
            note(connection)
            switch ending {
            case .afterFlush: connection.stream.finish(within: flushLimit)
            case .now: connection.stream.close()
            }
        }
        effects.reset()
    }

    private func send(_ connection: ClientConnection) {
        guard effects.output.count > 0 else { return }
        context.counters.add(.bytesSent, UInt64(effects.output.count))
        _ = effects.output.withUnsafeBytes { connection.stream.write($0) }
        // Fewer bytes leave with this callback, and are not counted.
        if connection.stream.pendingWriteSize > context.limits.outputHighSize
            || context.crowd.outputTotal > 0 && context.crowd.countsOutput(of: connection.id)
        {
            outputChanged(connection)
        }
    }

    /// Tells machine and crowd how many bytes wait for a peer, which may add effects.
    private func outputChanged(_ connection: ClientConnection) {
        let size = connection.stream.pendingWriteSize
        connection.machine.outputChanged(pendingSize: size, context: context, effects: &effects)
        if let error = context.crowd.outputChanged(
            connection.id, size: size, now: ServerClock.now)
        {
            connection.machine.end(error, tellPeer: false, context: &context, effects: &effects)
        }
    }

    /// Delivers the events of the decisions and of the router until none is left, starts the loads
    /// whose turn has come, writes the audit, and sets the alarms.
    func settle() {
        while !context.isSettled {
            if !context.removals.isEmpty { router.carryOutRemovals(&context) }
            guard !context.completions.isEmpty else { continue }
            let (ticket, event) = context.completions.removeFirst()
            deliver(event, to: ticket)
        }
        for work in context.takeResumed() { start(work) }
        if context.hasLoadsOrRecords {
            for work in context.takeLoads() { router.start(work) }
            for record in context.audit.takeEnded() { auditLog.write(record) }
        }
        setLook()
        due.set(context.nextDue)
    }

    func deliver(_ event: WorkEvent, to ticket: UInt64) {
        let now = ServerClock.now
        context.breakers.advance(to: now)
        if event.isFinal { context.conclude(ticket, event) }
        guard let target = context.tickets[ticket] else { return }
        let connection = connections[target.connection]
        if let connection,
            connection.machine.handle(
                event, requestID: target.requestID, ticket: ticket, now: now, context: &context,
                effects: &effects)
        {
            carryOut(connection)
        } else if event.isFinal {
            context.finish(ticket, now: now)
        }
        guard let connection else { return }
        connection.unsettledSize += event.size
        settleOutput(connection)
    }

    /// Tells those who make answers for a connection that their bytes have left.
    private func settleOutput(_ connection: ClientConnection) {
        guard connection.unsettledSize > 0,
            connection.stream.pendingWriteSize <= context.limits.outputLowSize
        else { return }
        router.sent(connection.unsettledSize, to: connection.id)
        connection.unsettledSize = 0
    }

    /// Logs the end of a connection that the server caused.
    private func note(_ connection: ClientConnection) {
        guard let reason = effects.endingReason, effects.stranger == nil else { return }
        logger.info(
            "connection ended",
            metadata: [
                "connection": "\(connection.id)", "code": "\(reason.code)",
                "reason": "\(reason.message)", "peer": "\(connection.stream.peerName)",
            ])
    }

    var flushLimit: Duration {
        .microseconds(Int64(context.flushMicroseconds(after: effects.endingReason)))
    }

    // MARK: - Messages of other threads

    private func takeMessages() {
        inbox.takeAll(into: &messages)
        context.engineLoad = router.engineLoad
        // Swapped out, because a delivery may take the next batch.
        var batch: [LoopMessage] = []
        swap(&batch, &messages)
        for message in batch { take(message) }
        batch.removeAll(keepingCapacity: true)
        if messages.isEmpty { swap(&batch, &messages) }
    }

    // MARK: - Time

    /// Checks the parts that every request needs, with or without requests.
    private func lookAfterParts() {
        watchEngine()
        router.lookAtRehearsals(context: &context)
        router.memoryCameBack(isTick: true)
        settle()
        watchCount += 1
        guard watchCount % Self.watchRoundCount == 0 else { return }
        if !context.isDraining { context.condition.unreachable = listeners.check() }
        if !router.engineHasWork { router.probeEngine() }
    }

    private func setLook() {
        look.set(min(context.nextLook, drain.nextStep ?? .max))
    }

    private func lookAround() {
        let now = ServerClock.now
        let verdicts = context.crowd.look(now: now) { facts($0) }
        for verdict in verdicts { take(verdict.cause, verdict.connection) }
        for ticket in context.expired(now: now) { router.cancel(ticket, context: &context) }
        continueDrain(now)
        settle()
    }

    /// Answers due requests, whatever the engine does. The engine's own answers go first, because
    /// they hold more.
    private func answerDue() {
        takeMessages()
        for due in context.takeDue(now: ServerClock.now) {
            if due.isControl {
                router.cancel(due.ticket, context: &context)
            } else {
                deliver(.due(due.reason), to: due.ticket)
            }
        }
        settle()
    }

    // MARK: - Drain

    /// Begins to drain, after a grace unless `skipsGrace`. Each further call moves the drain on:
    /// the grace ends, running requests are cancelled, the server leaves at once.
    func shutDown(skipsGrace: Bool) {
        let now = ServerClock.now
        let skips = skipsGrace || context.condition.isStarting
        switch drain.request(now: now, limits: context.limits, skipsGrace: skips) {
        case .announce:
            logger.notice("leaving: not ready from now on, draining after the grace")
            context.isLeaving = true
            settle()
        case .begin: beginDrain()
        case .hurry:
            continueDrain(now)
            settle()
        case .leave: loop.stop()
        }
    }

    /// Says GoAway to everybody, and refuses what comes.
    private func beginDrain() {
        logger.notice("draining", metadata: ["connections": "\(connections.count)"])
        context.isDraining = true
        context.refuseWaitingLoads()
        listeners.close()
        for connection in connections.values.sorted(by: { $0.id < $1.id }) {
            connection.machine.drain(context: &context, effects: &effects)
            carryOut(connection)
        }
        settle()
        stopIfDrained()
    }

    private func continueDrain(_ now: UInt64) {
        switch drain.step(now: now) {
        case .wait: break
        case .begin: beginDrain()
        case .cancel:
            logger.notice(
                "cancelling what is left", metadata: ["requests": "\(context.tickets.count)"])
            for ticket in context.cancelAll(now: now) { router.cancel(ticket, context: &context) }
        case .stop:
            logger.notice("leaving", metadata: ["connections": "\(connections.count)"])
            loop.stop()
        }
    }

    private func stopIfDrained() {
        if drain.isRunning && connections.isEmpty { loop.stop() }
    }
}
