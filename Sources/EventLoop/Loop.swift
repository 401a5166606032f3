// The event loop: one thread that waits for sockets, timers, signals and wake-ups.
//
// Guarantees: a loop is confined to one thread and asserts the confinement at every entry. Every
// byte written during a callback leaves before the loop sleeps, gathered into one system call per
// stream where possible. In steady state a read or a write allocates nothing.
// Not here: decisions about the meaning of bytes, and any lock. `Wakeup` is the only way in from
// another thread.

import CLibUV
import Glibc

/// A libuv loop and the memory shared by the streams of the loop.
///
/// Confined to the thread that created the loop. Every call asserts the confinement.
package final class Loop {
    /// Version of the libuv that is loaded, such as `1.44.2`.
    package static var libraryVersion: String { String(cString: uv_version_string()) }

    /// Settings for reading.
    package struct Configuration: Sendable {
        /// Bytes in the read buffer that all streams of the loop share.
        package var readBufferSize = 64 * 1024

        /// The defaults.
        package init() {}
    }

    let raw: UnsafeMutablePointer<uv_loop_t>
    let readBuffer: UnsafeMutableRawBufferPointer

    private let owner: pthread_t
    private var isRunning = false
    private var stopRequested = false
    private var isClosed = false

    /// Gathers the writes of a stream inside its own read callback. See Stream+Writing.swift.
    let scratch: UnsafeMutableRawPointer
    var scratchCount = 0

    private var callbackDepth = 0
    private var unflushed: [Stream] = []
    private var flushing: [Stream] = []
    private var backlogged: [Stream] = []
    private var spareChunks: [OutputChunk] = []

    /// Creates a loop owned by the calling thread.
    ///
    /// Also makes the process ignore SIGPIPE unless a handler is installed. libuv writes with
    /// write(2), so a vanished peer would otherwise kill the process instead of failing the write.
    ///
    /// - Throws: an error when the kernel has no descriptor or memory for the loop.
    package init(_ configuration: Configuration = Configuration()) throws(EventLoopError) {
        precondition(configuration.readBufferSize >= 1024, "read buffer under 1 KiB")
        Loop.ignoreBrokenPipes
        raw = .allocate(capacity: 1)
        readBuffer = .allocate(byteCount: configuration.readBufferSize, alignment: 64)
        scratch = .allocate(byteCount: OutputChunk.gatherSize, alignment: 64)
        owner = pthread_self()
        let status = uv_loop_init(raw)
        if status < 0 {
            isClosed = true
            releaseMemory()
            throw EventLoopError(
                status: status, operation: "uv_loop_init", tried: "creating an event loop")
        }
    }

    deinit {
        precondition(isClosed, "a Loop was dropped without close()")
    }

    // MARK: Life

    /// Runs until `stop()` is called or nothing is left to wait for. Loop thread only.
    package func run() {
        assertConfined()
        precondition(!isRunning && !isClosed, "run() on a running or closed Loop")
        isRunning = true
        defer {
            isRunning = false
            stopRequested = false
        }
        if !stopRequested { uv_run(raw, UV_RUN_DEFAULT) }
    }

    /// Makes the current run end after the callbacks of this iteration. A stop before `run()` makes
    /// the next run return at once. Loop thread only. Other threads go through a `Wakeup`.
    package func stop() {
        assertConfined()
        stopRequested = true
        if isRunning { uv_stop(raw) }
    }

    /// Closes every handle that is still open, delivers their close callbacks, and frees the loop.
    /// Loop thread only, not from inside a callback. Calling it twice is harmless.
    package func close() {
        assertConfined()
        precondition(!isRunning, "close() from inside run()")
        guard !isClosed else { return }
        // A close callback may open new handles, hence the loop. uv_loop_close answers EBUSY as
        // long as any handle or request is alive.
        while uv_loop_close(raw) == UV_EBUSY.rawValue {
            uv_walk(
                raw, { handle, _ in recover(handle?.pointee.data, as: Handle.self)?.close() }, nil)
            uv_run(raw, UV_RUN_NOWAIT)
        }
        isClosed = true
        releaseMemory()
        spareChunks = []
    }

    private func releaseMemory() {
        raw.deallocate()
        readBuffer.deallocate()
        scratch.deallocate()
    }

    // MARK: Time

    /// The monotonic clock in nanoseconds, read afresh. Any thread.
    package static func now() -> UInt64 { uv_hrtime() }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ UInt64(attoseconds / 1_000_000_000)
    }

    // MARK: Confinement

    /// Stops the process on any thread but the loop's. A call from another thread is always a bug
    /// of the program.
    @inline(__always)
    func assertConfined() {
        precondition(pthread_equal(pthread_self(), owner) != 0, "Loop used off its thread")
    }

    /// Runs once, because SIGPIPE is per process. An installed handler is kept.
    private static let ignoreBrokenPipes: Void = {
        var current = sigaction()
        guard sigaction(SIGPIPE, nil, &current) == 0 else { return }
        if current.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
    }()

    // MARK: Callbacks and gathered writes

    /// True when writes will be flushed at the return of the current callback.
    var isInsideCallback: Bool { callbackDepth > 0 }

    /// Wraps every libuv callback. The bytes written by the owner meanwhile leave at the end, so
    /// sixteen answers to sixteen pipelined requests are one write.
    @inline(__always)
    func callback(_ body: () -> Void) {
        callbackDepth += 1
        body()
        callbackDepth -= 1
        guard callbackDepth == 0 else { return }
        if !unflushed.isEmpty { flushAll() }
        if !backlogged.isEmpty { tellBacklogs() }
    }

    /// Lists a stream whose bytes wait for the peer.
    func tellBacklogLater(_ stream: Stream) {
        guard !stream.isListedAsBacklogged, stream.onBacklog != nil else { return }
        stream.isListedAsBacklogged = true
        backlogged.append(stream)
    }

    /// Tells owners about streams whose bytes wait, as callbacks of their own. An owner may write
    /// and close, so the list may grow meanwhile and the next callback tells the rest.
    private func tellBacklogs() {
        var listed: [Stream] = []
        swap(&listed, &backlogged)
        for stream in listed {
            stream.isListedAsBacklogged = false
            guard stream.isOpen, stream.queuedRequestCount > 0, !stream.isEnding else { continue }
            callback { stream.onBacklog?() }
        }
    }

    func flushLater(_ stream: Stream) {
        unflushed.append(stream)
    }

    /// Flushes all listed streams. Flushing may close streams but runs no owner code, so the list
    /// cannot grow meanwhile. The two arrays trade places to keep their capacity.
    private func flushAll() {
        swap(&unflushed, &flushing)
        for stream in flushing { stream.flushGathered() }
        flushing.removeAll(keepingCapacity: true)
    }

    // MARK: Chunks

    /// Most spare chunks kept. Further chunks are freed, so a burst does not stay in memory.
    private static let spareChunkCountMax = 64

    /// A chunk for small writes, or nil when the system refuses the memory.
    func takeChunk() -> OutputChunk? {
        spareChunks.popLast() ?? OutputChunk(capacity: OutputChunk.gatherSize)
    }

    func recycle(_ chunk: OutputChunk) {
        guard chunk.capacity == OutputChunk.gatherSize,
            spareChunks.count < Loop.spareChunkCountMax, !isClosed
        else { return }
        chunk.reset()
        spareChunks.append(chunk)
    }
}
