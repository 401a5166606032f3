// A listening socket, TCP or Unix, that turns connections into streams.
//
// Guarantees: never takes a path away from a living server, never deletes what is not its own
// socket; running out of descriptors neither spins nor stops the loop: callers are turned away
// with an end-of-stream, using a descriptor kept in reserve, or the listener rests for a moment.
// Not here: how many connections are too many; the owner calls `pause()` or closes streams.
//
// Accepts with uv_poll and accept4 instead of uv_listen: libuv's accept loop cannot be paused on
// an error, and spins in it when another thread has snatched its spare descriptor.

import CLibUV
import Glibc

/// Accepts connections on one address. Loop thread only.
public final class Listener: Handle {
    /// Options, fixed at creation.
    public struct Settings: Sendable {
        /// Connections the kernel may hold for us before it refuses more; it caps this itself.
        public var backlog = 1024
        /// Permission bits of a Unix socket file: who may connect.
        public var unixMode: UInt32 = 0o660
        /// Whether binding may wait, at most half a second, for another server that is binding in
        /// the same directory. False where a loop is running already.
        public var waitsForDirectory = true
        /// Connections taken per loop iteration, so that a flood cannot starve open streams.
        public var acceptCountMax = 64
        /// Rest after an accept error that retrying at once would only repeat.
        public var restAfterError: Duration = .milliseconds(100)
        /// Given to every accepted stream.
        public var stream = Stream.Settings()

        /// The defaults.
        public init() {}
    }

    /// The address as bound: with port 0 asked for, the port the kernel chose.
    public let address: Address
    /// Accept errors, at most one per loop iteration. The listener goes on by itself.
    public var onError: ((EventLoopError) -> Void)?

    private let settings: Settings
    private let transport: Stream.Transport
    private let descriptor: Int32
    private let socketFile: UnixSocketFile?
    private var reserve: Int32 = -1
    private var onConnection: ((Stream) -> Void)?
    private var restTimer: Timer?
    private var isPaused = false

    /// Binds and listens; connections wait in the kernel until `start`.
    ///
    /// - Throws: `addressInUse` when a living server has the address, `pathOccupied` when
    ///   something else than a socket sits at the path, `permissionDenied`, `addressUnavailable`,
    ///   `pathTooLong`, or what else the system says.
    public init(
        loop: Loop, address: Address, settings: Settings = Settings()
    ) throws(EventLoopError) {
        self.settings = settings
        let bound = try BoundSocket(address, settings: settings)
        descriptor = bound.descriptor
        socketFile = bound.socketFile
        self.address = bound.address
        transport = bound.transport
        do {
            try super.init(
                loop: loop, type: UV_POLL, operation: "uv_poll_init",
                tried: "listening on \(address)"
            ) { uv_poll_init($0, $1.assumingMemoryBound(to: uv_poll_t.self), bound.descriptor) }
        } catch {
            bound.release()
            throw error
        }
    }

    /// Begins to accept; each connection arrives as a paused stream. Set its callbacks and call
    /// `startReading()`.
    public func start(_ onConnection: @escaping (Stream) -> Void) {
        loop.assertConfined()
        self.onConnection = onConnection
        resume()
    }

    /// Stops accepting; new connections wait in the kernel's backlog.
    public func pause() {
        loop.assertConfined()
        guard isOpen else { return }
        isPaused = true
        restTimer?.stop()
        stopPolling()
    }

    /// Accepts again after `pause()`.
    public func resume() {
        loop.assertConfined()
        guard isOpen, onConnection != nil else { return }
        isPaused = false
        startPolling()
    }

    /// Looks whether callers still find this listener: one lstat(2).
    public func checkSocketFile() -> SocketFileState {
        loop.assertConfined()
        return socketFile?.check() ?? .present
    }

    /// A listener on the same address that accepts for the same owner, for when the socket file is
    /// gone. This one is closed after it has accepted, once more, what waits in its backlog.
    ///
    /// - Throws: as binding does; this listener goes on then.
    public func rebound() throws(EventLoopError) -> Listener {
        loop.assertConfined()
        var settings = settings
        settings.waitsForDirectory = false
        let successor = try Listener(loop: loop, address: address, settings: settings)
        successor.onError = onError
        if let onConnection {
            if !isPaused { loop.callback { acceptBatch() } }
            successor.start(onConnection)
            if isPaused { successor.pause() }
        }
        close()
        return successor
    }

    // MARK: Polling

    private var poll: UnsafeMutablePointer<uv_poll_t> {
        memory.assumingMemoryBound(to: uv_poll_t.self)
    }

    private func startPolling() {
        if reserve < 0 { reserve = Listener.openReserve() }
        let status = uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, status, _ in
            recover(poll?.pointee.data, as: Listener.self)?.becameReadable(status)
        }
        precondition(status == 0, "uv_poll_start: \(status)")
    }

    private func stopPolling() {
        uv_poll_stop(poll)
    }

    private func becameReadable(_ status: Int32) {
        loop.callback {
            if status < 0 {
                rest(after: status, "uv_poll")
            } else {
                acceptBatch()
            }
        }
    }

    // MARK: Accepting

    /// The kernel keeps telling us about connections that stay in the backlog, so a bounded batch
    /// loses nothing.
    private func acceptBatch() {
        for _ in 0..<settings.acceptCountMax {
            guard isOpen, !isPaused else { return }
            let accepted = assay_accept(descriptor)  // a descriptor, or -errno
            if accepted >= 0 {
                deliver(accepted)
                continue
            }
            switch -accepted {
            case EAGAIN:
                return
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
                // accept(2): errors of the connection, not of the listener. That caller is gone.
                continue
            case EMFILE, ENFILE:
                return exhausted(accepted)
            default:
                return rest(after: accepted, "accept4")
            }
        }
    }

    private func deliver(_ accepted: Int32) {
        do {
            let stream = try Stream(
                loop: loop, adopting: accepted, transport: transport, settings: settings.stream)
            onConnection?(stream)
        } catch {
            onError?(error)
        }
    }

    /// No descriptor for a new connection. Left in the backlog it would make the poll fire again
    /// and again, so the reserve is traded for it and it is closed: the caller sees an end at
    /// once instead of hanging. Without a reserve the listener rests.
    private func exhausted(_ status: Int32) {
        guard reserve >= 0 else { return rest(after: status, "accept4") }
        var result: Int32 = 0
        for _ in 0..<settings.acceptCountMax where result >= 0 && reserve >= 0 {
            SystemCall.close(reserve)
            result = assay_accept(descriptor)
            if result >= 0 { SystemCall.close(result) }
            reserve = Listener.openReserve()
        }
        if reserve < 0 || result == -EMFILE || result == -ENFILE {
            rest(after: status, "accept4")
        } else {
            report(status, "accept4")
        }
    }

    /// Stops polling for a moment. If even the timer cannot be had the listener stays paused and
    /// says so through `onError`; `resume()` brings it back.
    private func rest(after status: Int32, _ operation: StaticString) {
        stopPolling()
        if restTimer == nil { restTimer = try? Timer(loop: loop) }
        restTimer?.start(after: settings.restAfterError) { [unowned self] in
            if isOpen, !isPaused { startPolling() }
        }
        report(status, operation)
    }

    private func report(_ status: Int32, _ operation: StaticString) {
        onError?(
            EventLoopError(
                status: status, operation: operation,
                tried: "accepting a connection on \(address)"))
    }

    private static func openReserve() -> Int32 {
        Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    // MARK: Ending

    override func willClose() {
        restTimer?.close()
        restTimer = nil
        socketFile?.remove()
    }

    /// libuv allows closing a polled descriptor as soon as uv_close has returned.
    override func didStartClosing() {
        SystemCall.close(descriptor)
        if reserve >= 0 { SystemCall.close(reserve) }
        reserve = -1
    }

    override func didClose() {
        onConnection = nil
        onError = nil
    }
}
