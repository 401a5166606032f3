// The admin port, with a separate thread and event loop, so a monitor neither waits for the server
// nor delays the server.
//
// The port uses the event loop's listener, like the protocol itself. Bounds:
//   connections at once      32, the oldest without a whole request makes room, then the oldest
//                            with an answer; newcomers wait while 32 answers are made
//   time for a head          5 s, then 408
//   bytes of a head          8 KiB, then 431
//   requests per connection  one
// Guarantees: a peer never costs more than the bounds. A client that leaves an answer unread is
// dropped. `stop` ends the thread.

import EventLoop
import Logging
import Synchronization
import Threads

/// A running admin port. Any thread.
final class AdminServer: Sendable {
    /// `HOST:PORT` as bound.
    let address: String
    private let outbox: AdminOutbox
    private let ended = Latch<Void>()

    /// Binds `HOST:PORT` and answers from then on.
    ///
    /// - Throws: `configuration` when the address cannot be bound.
    init(_ text: String, board: AdminBoard, logger: Logger) throws(ServerStartError) {
        let parsed: Address
        do throws(EventLoopError) {
            parsed = try Address.parse("tcp://" + text)
        } catch {
            throw .configuration("admin: \(error)")
        }
        let outbox = AdminOutbox()
        let outcome = StartOutcome()
        let ended = ended
        do {
            try startThread("assay-admin", stackSize: 1 << 20) {
                AdminLoop.run(parsed, AdminPages(board), outbox, logger, outcome)
                ended.set(())
            }
        } catch {
            throw .system("starting the admin thread: \(error)")
        }
        address = try outcome.wait().get()[0]
        self.outbox = outbox
    }

    /// Closes the port and its connections, and waits for the end of the thread.
    func stop() {
        outbox.stop()
        ended.wait()
    }
}

/// The way from the tasks that build answers back to the admin loop. Any thread.
final class AdminOutbox: Sendable {
    private struct State: Sendable {
        var answers: [(connection: UInt64, bytes: [UInt8])] = []
        var isStopping = false
        var wakeup: Wakeup?
    }

    private let state = Mutex(State())

    func attach(_ wakeup: Wakeup) { state.withLock { $0.wakeup = wakeup } }

    func detach() { state.withLock { $0.wakeup = nil } }

    func post(_ bytes: [UInt8], to connection: UInt64) {
        change { $0.answers.append((connection, bytes)) }
    }

    func stop() { change { $0.isStopping = true } }

    /// Takes all waiting answers, and tells whether to stop.
    func take() -> (answers: [(connection: UInt64, bytes: [UInt8])], isStopping: Bool) {
        state.withLock { state in
            defer { state.answers = [] }
            return (state.answers, state.isStopping)
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let wakeup = state.withLock { state in
            body(&state)
            return state.wakeup
        }
        wakeup?.send()
    }
}

/// The loop of the admin port. Confined to its thread.
private final class AdminLoop {
    static let connectionsMax = 32
    static let headLimit = Duration.seconds(5)
    /// Time a peer has to take the answer.
    static let answerLimit = Duration.seconds(5)
    static let tickInterval = Duration.milliseconds(250)

    private final class Peer {
        let stream: EventLoop.Stream
        var reader = AdminRequestReader()
        let deadline: ContinuousClock.Instant
        /// True while the answer is being made. The peer then keeps its place.
        var isAsking = false
        var isEnding = false

        init(_ stream: EventLoop.Stream) {
            self.stream = stream
            deadline = .now + AdminLoop.headLimit
        }
    }

    private let loop: Loop
    private let pages: AdminPages
    private let outbox: AdminOutbox
    private let listener: Listener
    private let tick: EventLoop.Timer
    private var wakeup: Wakeup?
    private var peers: [UInt64: Peer] = [:]
    private var nextPeer: UInt64 = 1
    private var isTicking = false
    /// True while no newcomer is accepted.
    private var isResting = false

    /// Serves until the outbox says stop. Sets `outcome` to the result of the start.
    static func run(
        _ address: Address, _ pages: AdminPages, _ outbox: AdminOutbox, _ logger: Logger,
        _ outcome: StartOutcome
    ) {
        let loop: Loop
        do throws(EventLoopError) {
            loop = try Loop()
        } catch {
            return outcome.set(.failure(.system("admin: \(error)")))
        }
        do throws(EventLoopError) {
            let admin = try AdminLoop(loop, address, pages, outbox, logger)
            outcome.set(.success([String(admin.listener.address.description.dropFirst(6))]))
            loop.run()
            outbox.detach()
            // Closing calls back into `admin`, so `admin` must be alive until then.
            withExtendedLifetime(admin) { loop.close() }
        } catch {
            loop.close()
            let advice =
                error.code == .addressInUse
                ? "; another server is there: choose another with --admin HOST:PORT, "
                    + "or switch it off with --admin none" : ""
            let port = address.description.dropFirst(6)
            outcome.set(
                .failure(
                    .configuration(
                        "the admin address \(port) cannot be had: \(error.found) "
                            + "(\(error.operation): \(error.systemName))\(advice)")))
        }
    }

    private init(
        _ loop: Loop, _ address: Address, _ pages: AdminPages, _ outbox: AdminOutbox,
        _ logger: Logger
    ) throws(EventLoopError) {
        self.loop = loop
        self.pages = pages
        self.outbox = outbox
        var settings = Listener.Settings()
        settings.backlog = 128
        // Few beside `connectionsMax`: a newcomer's request is read before a crowd of later ones
        // makes the newcomer the oldest.
        settings.acceptCountMax = 4
        settings.stream.pendingWriteSizeMax = 4 << 20
        listener = try Listener(loop: loop, address: address, settings: settings)
        tick = try EventLoop.Timer(loop: loop)
        let wakeup = try Wakeup(loop: loop) { [unowned self] in takeAnswers() }
        self.wakeup = wakeup
        outbox.attach(wakeup)
        listener.onError = { error in
            logger.warning("admin: accepting failed", metadata: ["reason": "\(error)"])
        }
        listener.start { [unowned self] in accept($0) }
        takeAnswers()
    }

    // MARK: - Connections

    private func accept(_ stream: EventLoop.Stream) {
        if peers.count >= Self.connectionsMax, !makeRoom() { return stream.close() }
        let id = nextPeer
        nextPeer += 1
        let peer = Peer(stream)
        peers[id] = peer
        stream.onRead = { [unowned self, unowned peer] in received($0, id, peer) }
        // After the end of input, a peer with a whole request still gets the answer. A peer without
        // a whole request is closed.
        stream.onEnd = { [unowned self, unowned peer] in if !peer.isAsking { finish(peer) } }
        stream.onClose = { [unowned self, peer] _ in
            _ = peer
            peers[id] = nil
            chooseListening()
        }
        stream.startReading()
        armTick()
    }

    /// Closes the oldest connection that has not sent a whole request, else the oldest that has its
    /// answer. Returns false when every answer is still being made.
    private func makeRoom() -> Bool {
        let idle = peers.filter { !$0.value.isAsking && !$0.value.isEnding }
        let candidates = idle.isEmpty ? peers.filter { !$0.value.isAsking } : idle
        guard let oldest = candidates.min(by: { $0.key < $1.key }) else { return false }
        peers[oldest.key] = nil
        oldest.value.stream.close()
        return true
    }

    /// Lets newcomers wait in the kernel's backlog while every place has an answer in the making.
    private func chooseListening() {
        let isFull = peers.count >= Self.connectionsMax && peers.values.allSatisfy(\.isAsking)
        guard isFull != isResting else { return }
        isResting = isFull
        if isFull { listener.pause() } else { listener.resume() }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, _ id: UInt64, _ peer: Peer) {
        guard !peer.isAsking, !peer.isEnding else { return }
        do throws(AdminRefusal) {
            guard let request = try peer.reader.take(bytes) else { return }
            peer.isAsking = true
            peer.stream.stopReading()
            chooseListening()
            Task { [pages, outbox] in outbox.post(await pages.answer(request), to: id) }
        } catch {
            answer(AdminPages.refusal(error), peer)
        }
    }

    private func takeAnswers() {
        let (answers, isStopping) = outbox.take()
        for (id, bytes) in answers {
            guard let peer = peers[id] else { continue }
            answer(bytes, peer)
        }
        if isStopping { loop.stop() }
    }

    private func answer(_ bytes: [UInt8], _ peer: Peer) {
        peer.isAsking = false
        chooseListening()
        _ = bytes.withUnsafeBytes { peer.stream.write($0) }
        finish(peer)
    }

    private func finish(_ peer: Peer) {
        peer.isEnding = true
        peer.stream.finish(within: Self.answerLimit)
    }

    // MARK: - Time

    private func armTick() {
        guard !isTicking else { return }
        isTicking = true
        tick.start(after: Self.tickInterval, repeating: Self.tickInterval) { [unowned self] in
            let now = ContinuousClock.now
            let refusal = AdminRefusal(
                status: 408, sentence: "no whole head within \(Self.headLimit)")
            for peer in peers.values where !peer.isAsking && !peer.isEnding && peer.deadline <= now
            {
                answer(AdminPages.refusal(refusal), peer)
            }
            guard peers.isEmpty else { return }
            isTicking = false
            tick.stop()
        }
    }
}
