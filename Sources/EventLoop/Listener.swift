// A listening socket, TCP or Unix, that turns connections into streams.
//
// Guarantees: a listener never takes a path away from a living server, and deletes no socket but
// its own. When descriptors run out, the loop neither spins nor stops: the listener turns callers
// away with an end-of-stream, using a descriptor kept in reserve, or rests for a moment.
// Not here: a limit on connections. The owner calls `pause()` or closes streams.
//
// The listener accepts with uv_poll and accept4 instead of uv_listen: libuv's accept loop cannot be
// paused on an error, and spins when another thread has snatched its spare descriptor.

import CLibUV
import Glibc

/// Accepts connections on one address. Loop thread only.
package final class Listener: Handle {
    /// Options, fixed at creation.
    package struct Settings: Sendable {
        /// Connections that may wait in the kernel. The kernel refuses further connections, and
        /// caps the number itself.
        package var backlog = 1024
        /// Permission bits of a Unix socket file. The bits decide which users may connect.
        package var unixMode: UInt32 = 0o660
        /// Lets binding wait, at most half a second, for another server that is binding in the
        /// directory. Set to false where a loop is running already.
        package var waitsForDirectory = true
        /// Connections taken per loop iteration, so that a flood cannot starve open streams.
        package var acceptCountMax = 64
        /// Rest after an accept error that an immediate retry would only repeat.
        package var restAfterError: Duration = .milliseconds(100)
        /// Settings of every accepted stream.
        package var stream = Stream.Settings()

        /// The defaults.
        package init() {}
    }

    /// The address as bound. For a requested port 0 the address holds the port that the kernel
    /// chose.
    package let address: Address
    /// Receives accept errors, at most one per loop iteration, and errors of making a stream from
    /// an accepted connection. The listener goes on by itself.
    package var onError: ((EventLoopError) -> Void)?

    private let settings: Settings
    private let transport: Stream.Transport
    private let descriptor: Int32
    private let socketFile: UnixSocketFile?
    private var reserve: Int32 = -1
    private var onConnection: ((Stream) -> Void)?
    private var restTimer: Timer?
    private var isPaused = false

    /// Binds and listens. Connections wait in the kernel until `start`.
    ///
    /// - Throws: `addressInUse` when a living server has the address, `pathOccupied` when the path
    ///   holds something other than a socket, `permissionDenied`, `addressUnavailable`,
    ///   `pathTooLong`, or another error of the system.
    package init(
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

    /// Begins to accept. Each connection arrives as a paused stream. Set the callbacks of the
    /// stream and call `startReading()`.
    package func start(_ onConnection: @escaping (Stream) -> Void) {
        loop.assertConfined()
        self.onConnection = onConnection
        resume()
    }

    /// Stops accepting. New connections wait in the kernel's backlog.
    package func pause() {
        loop.assertConfined()
        guard isOpen else { return }
        isPaused = true
        restTimer?.stop()
        stopPolling()
    }

    /// Accepts again after `pause()`.
    package func resume() {
        loop.assertConfined()
        guard isOpen, onConnection != nil else { return }
        isPaused = false
        startPolling()
    }

    /// Checks with one lstat(2) that callers can still find the listener.
    package func checkSocketFile() -> SocketFileState {
        loop.assertConfined()
        return socketFile?.check() ?? .present
    }

    /// Returns a successor with the address and the owner's callbacks, for a missing socket file.
    /// The old listener accepts one last batch from its backlog, unless paused, and closes.
    ///
    /// - Throws: the errors of binding. The old listener then goes on.
    package func rebound() throws(EventLoopError) -> Listener {
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

    /// Accepts a bounded batch. The poll fires again for connections left in the backlog, so the
    /// bound loses nothing.
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
                // accept(2): errors of the connection, not of the listener. The caller is gone.
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

    /// Turns callers away when no descriptor is left for a new connection. A connection left in the
    /// backlog would make the poll fire again and again. So the listener trades the reserve for the
    /// connection and closes the connection: the caller sees an end at once instead of hanging.
    /// Without a reserve the listener rests.
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

    /// Stops polling for a moment. If no timer can be had, the listener stays paused and reports
    /// through `onError`, and `resume()` brings the listener back.
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
