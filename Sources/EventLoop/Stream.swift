// One connection: a TCP or Unix stream socket on a loop. This file: life and reading.
//
// Guarantees: reading allocates nothing. The loop has one read buffer, valid during the callback
// only. The end of the stream is told once, by `onEnd` or `onClose`. A callback comes only after
// the return of the call that caused the callback, and never after `onClose`.
// Not here: writing (Stream+Writing.swift), framing, deadlines.

import CLibUV
import Glibc

/// A connected stream socket. Loop thread only.
///
/// Life: created paused by a `Listener` → set the callbacks → `startReading()` → `finish()` to
/// end politely or `close()` to end now → `onClose` once, always.
package final class Stream: Handle {
    /// The kind of socket that carries the stream.
    package enum Transport: Sendable, Hashable { case tcp, unix }

    /// Limits and socket options, fixed at creation.
    package struct Settings: Sendable {
        /// Send small segments at once instead of waiting for acknowledgements. TCP only.
        package var sendsWithoutDelay = true
        /// Silence after which the kernel probes the peer. With nil the kernel never probes. TCP
        /// only.
        package var keepAlive: Duration? = .seconds(60)
        /// Bytes that may wait for a peer that does not read. One more byte closes the stream with
        /// `writeBacklogExceeded`: the last defence, behind the owner's own back-pressure.
        package var pendingWriteSizeMax = 16 * 1024 * 1024

        /// The defaults.
        package init() {}
    }

    /// The transport given at creation.
    package let transport: Transport
    /// Effective user of the process at the other end of a Unix socket, as at its connect. Nil for
    /// TCP.
    package let peerUser: UInt32?
    /// Numeric address and port of the peer, as at the connect. Nil for a Unix socket, and for a
    /// peer that has gone.
    let peerAddress: (host: String, port: UInt16)?
    /// The limits and options given at creation.
    package let settings: Settings

    /// Called with bytes that arrived. The buffer belongs to the loop and the next read overwrites
    /// the buffer, so copy bytes to keep them.
    package var onRead: ((UnsafeRawBufferPointer) -> Void)? {
        get { reader?.read }
        set {
            // The running call has no reference of its own, so its handler outlives the call here.
            if isInOwnCallback, replacedReader == nil { replacedReader = reader }
            reader = newValue.map { Reader(read: $0) }
        }
    }
    /// Called once when the peer has announced the end of its bytes. Writing still works. Without
    /// this callback the stream finishes by itself.
    package var onEnd: (() -> Void)?
    /// Called when bytes begin to wait because the peer does not keep up, after the callback that
    /// wrote them. `onDrain` follows when they have left.
    package var onBacklog: (() -> Void)?
    /// Called when all bytes that could not be written at once have reached the kernel.
    package var onDrain: (() -> Void)?
    /// Called once, as the last callback: with nil after `close()` or `finish()`, else with the
    /// error that ended the stream.
    package var onClose: ((EventLoopError?) -> Void)?

    private var reader: Reader?
    /// The handler of the running call of `onRead`, once `onRead` has changed.
    private var replacedReader: Reader?
    /// True while bytes are being delivered.
    package private(set) var isReading = false
    private(set) var hasEnded = false
    private var closeReason: EventLoopError?

    // State of Stream+Writing.swift.
    var isInOwnCallback = false
    var gather: OutputChunk?
    var isListedForFlush = false
    var queuedRequestCount = 0
    var queuedSize = 0
    /// Bytes accepted by `write`.
    package internal(set) var writtenSize = 0
    var isListedAsBacklogged = false
    var isEnding = false
    var hasShutDown = false
    var lingerTimer: Timer?

    var stream: UnsafeMutablePointer<uv_stream_t> {
        memory.assumingMemoryBound(to: uv_stream_t.self)
    }

    /// Takes over a connected stream socket. The socket belongs to the stream even on failure.
    ///
    /// - Throws: an error when libuv or the kernel refuses the descriptor.
    package init(
        loop: Loop, adopting descriptor: Int32, transport: Transport,
        settings: Settings = Settings()
    ) throws(EventLoopError) {
        self.transport = transport
        peerUser = transport == .unix ? Self.peerUser(of: descriptor) : nil
        peerAddress = transport == .tcp ? Self.peerAddress(of: descriptor) : nil
        self.settings = settings
        do {
            try super.init(
                loop: loop, type: transport == .tcp ? UV_TCP : UV_NAMED_PIPE,
                operation: "uv_stream_init", tried: "creating a stream"
            ) { loop, memory in
                transport == .tcp
                    ? uv_tcp_init(loop, memory.assumingMemoryBound(to: uv_tcp_t.self))
                    : uv_pipe_init(loop, memory.assumingMemoryBound(to: uv_pipe_t.self), 0)
            }
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
        try open(descriptor)
    }

    /// Reads the credentials of the peer: process, user and group, 32 bits each.
    private static func peerUser(of descriptor: Int32) -> UInt32? {
        var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        let status = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        return status == 0 && size == 12 ? credentials.user : nil
    }

    /// Gives the descriptor to libuv. If uv_tcp_open or uv_pipe_open fails, uv_close would not
    /// close the descriptor, so `open` closes the descriptor itself.
    private func open(_ descriptor: Int32) throws(EventLoopError) {
        let status =
            transport == .tcp
            ? uv_tcp_open(memory.assumingMemoryBound(to: uv_tcp_t.self), descriptor)
            : uv_pipe_open(memory.assumingMemoryBound(to: uv_pipe_t.self), descriptor)
        if status < 0 {
            SystemCall.close(descriptor)
            close()
            throw EventLoopError(
                status: status, operation: "uv_stream_open", tried: "adopting a connection")
        }
        guard transport == .tcp else { return }
        let tcp = memory.assumingMemoryBound(to: uv_tcp_t.self)
        // Both calls fail only when the peer has already reset the connection. The first read
        // reports the reset.
        if settings.sendsWithoutDelay { uv_tcp_nodelay(tcp, 1) }
        if let silence = settings.keepAlive {
            uv_tcp_keepalive(tcp, 1, UInt32(clamping: max(1, silence.components.seconds)))
        }
    }

    // MARK: Reading

    /// Starts or resumes delivering bytes to `onRead`. Does nothing if already reading, after the
    /// peer's end, or once closed.
    package func startReading() {
        loop.assertConfined()
        guard isOpen, !isReading, !hasEnded else { return }
        // libuv asks the allocation callback before every read(2). Handing out the loop's buffer is
        // sound because libuv reads and calls back before the next request, on this one thread.
        let status = uv_read_start(
            stream,
            { handle, _, buffer in
                guard let data = handle?.pointee.data, let buffer else { return }
                let shared = Unmanaged<Stream>.fromOpaque(data)
                    ._withUnsafeGuaranteedRef { $0.loop.readBuffer }
                buffer.pointee.base = shared.baseAddress?.assumingMemoryBound(to: CChar.self)
                buffer.pointee.len = shared.count
            },
            { stream, count, _ in
                guard let data = stream?.pointee.data else { return }
                // The handle's own reference keeps the stream alive until the close callback. libuv
                // never runs the close callback from inside a read, so no retain and release is
                // needed.
                Unmanaged<Stream>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.arrived(count) }
            })
        if status < 0 {
            fail(status, "uv_read_start", "reading")
        } else {
            isReading = true
        }
    }

    /// Stops delivering bytes as back-pressure: the kernel's buffers fill and the peer has to wait.
    /// Takes effect at once, also inside `onRead`.
    package func stopReading() {
        loop.assertConfined()
        guard isOpen, isReading, !isEnding else { return }
        isReading = false
        uv_read_stop(stream)
    }

    /// One result of read(2): bytes, nothing (0, would block), the end, or an error.
    private func arrived(_ count: Int) {
        loop.callback {
            if count > 0 {
                // While ending, bytes are only taken to empty the kernel's buffer.
                guard !isEnding, let handler = reader.map(Unmanaged.passUnretained) else { return }
                isInOwnCallback = true
                // `reader`, or `replacedReader` after a change, keeps the handler alive meanwhile.
                handler._withUnsafeGuaranteedRef {
                    $0.read(
                        UnsafeRawBufferPointer(start: loop.readBuffer.baseAddress, count: count))
                }
                flushScratch()
                isInOwnCallback = false
                if replacedReader != nil { replacedReader = nil }
            } else if count < 0 {
                readingEnded(Int32(truncatingIfNeeded: count))
            }
        }
    }

    private func readingEnded(_ status: Int32) {
        isReading = false
        guard status == UV_EOF.rawValue else {
            // A reset while the stream only waits for the peer's end is an end as well.
            return !isEnding ? fail(status, "read", "reading") : close()
        }
        // libuv has stopped reading by itself at the end of the stream.
        hasEnded = true
        if isEnding {
            closeIfEnded()
        } else if let onEnd {
            onEnd()
        } else {
            finish()
        }
    }

    // MARK: Ending

    /// Closes because of a failure. `onClose` receives the error.
    func fail(_ status: Int32, _ operation: StaticString, _ tried: String) {
        fail(EventLoopError(status: status, operation: operation, tried: tried))
    }

    func fail(_ error: EventLoopError) {
        guard isOpen else { return }
        closeReason = error
        close()
    }

    override func willClose() {
        isReading = false
        lingerTimer?.close()
        lingerTimer = nil
        discardGathered()
    }

    /// Runs after libuv has failed every queued write with ECANCELED, so all chunks are back.
    override func didClose() {
        let tell = onClose
        onRead = nil
        onEnd = nil
        onBacklog = nil
        onDrain = nil
        onClose = nil
        tell?(closeReason)
    }
}

extension Stream {
    /// The owner's closure for arriving bytes, as an object: a call needs no reference count, where
    /// a closure in a variable would be retained and released around each.
    private final class Reader {
        let read: (UnsafeRawBufferPointer) -> Void

        init(read: @escaping (UnsafeRawBufferPointer) -> Void) { self.read = read }
    }
}
