// The event loop: one thread that waits for sockets, timers, signals and wake-ups.
//
// Guarantees: confined to one thread and asserts it at every entry; every byte written during a
// callback leaves before the loop sleeps, gathered into one system call per stream where
// possible; nothing is allocated per read or per write in steady state.
// Not here: decisions about what bytes mean, and any lock: `Wakeup` is the only way in from
// another thread.

import CLibUV
import Glibc

/// A libuv loop and the memory its streams share.
///
/// Confined to one thread: the one that created it, or the one that last called
/// `adoptByCurrentThread()`. Every other call asserts that.
public final class Loop {
    /// How the loop waits and reads.
    public struct Configuration: Sendable {
        /// How long to poll without sleeping after the last event; zero (the default) never spins.
        /// Spinning saves the wake-up of a sleeping thread (tens of microseconds) and costs a core
        /// while there is traffic, so it only pays where a core is free.
        public var spinBeforeSleep: Duration = .zero
        /// Bytes in the read buffer all streams of this loop share.
        public var readBufferSize = 64 * 1024

        /// The defaults.
        public init() {}
    }

    let raw: UnsafeMutablePointer<uv_loop_t>
    let readBuffer: UnsafeMutableRawBufferPointer

    private let spinNanoseconds: UInt64
    private var owner: pthread_t
    private var isRunning = false
    private var stopRequested = false
    private var isClosed = false

    /// Gathers what a stream writes inside its own read callback; see Stream+Writing.swift.
    let scratch: UnsafeMutableRawPointer
    @exclusivity(unchecked) var scratchCount = 0

    // Confined to one thread and never lent across a call into owner code, so the run-time
    // exclusivity checks could only cost; they showed in the profile of a round trip.
    @exclusivity(unchecked) private var callbackDepth = 0
    @exclusivity(unchecked) private var callbackCount: UInt64 = 0
    @exclusivity(unchecked) private var unflushed: [Stream] = []
    private var flushing: [Stream] = []
    private var spareChunks: [OutputChunk] = []

    /// Creates a loop owned by the calling thread.
    ///
    /// Also makes the process ignore SIGPIPE if nobody handles it: libuv writes with write(2),
    /// so a peer that went away would otherwise kill the process instead of failing the write.
    ///
    /// - Throws: when the kernel has no descriptor or memory for it.
    public init(_ configuration: Configuration = Configuration()) throws(EventLoopError) {
        precondition(configuration.readBufferSize >= 1024, "read buffer under 1 KiB")
        Loop.ignoreBrokenPipes
        raw = .allocate(capacity: 1)
        readBuffer = .allocate(byteCount: configuration.readBufferSize, alignment: 64)
        scratch = .allocate(byteCount: OutputChunk.gatherSize, alignment: 64)
        spinNanoseconds = Loop.nanoseconds(configuration.spinBeforeSleep)
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

    /// Hands the loop to the calling thread. Only before or between runs, and only when no other
    /// thread uses it any more; this cannot be checked, so it is the caller's promise.
    public func adoptByCurrentThread() {
        precondition(!isRunning, "a running Loop cannot change threads")
        owner = pthread_self()
    }

    /// Runs until `stop()` is called or nothing is left to wait for. Loop thread only.
    public func run() {
        assertConfined()
        precondition(!isRunning && !isClosed, "run() on a running or closed Loop")
        isRunning = true
        defer {
            isRunning = false
            stopRequested = false
        }
        if spinNanoseconds == 0 {
            if !stopRequested { uv_run(raw, UV_RUN_DEFAULT) }
        } else {
            runSpinning()
        }
    }

    /// Makes the current run end after the callbacks of this iteration; a stop before `run()`
    /// makes that run return at once. Loop thread only; from elsewhere go through a `Wakeup`.
    public func stop() {
        assertConfined()
        stopRequested = true
        if isRunning { uv_stop(raw) }
    }

    /// Closes every handle that is still open, delivers their close callbacks, and frees the loop.
    /// Loop thread only, not from inside a callback. Calling it twice is harmless.
    public func close() {
        assertConfined()
        precondition(!isRunning, "close() from inside run()")
        guard !isClosed else { return }
        // A close callback may open handles anew, hence the loop. uv_loop_close answers EBUSY
        // as long as any handle or request is alive.
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
    public static func now() -> UInt64 { uv_hrtime() }

    /// The monotonic clock as it was when this iteration began to deliver events, in milliseconds.
    /// Costs no system call. Loop thread only.
    public var iterationMilliseconds: UInt64 {
        assertConfined()
        return uv_now(raw)
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ UInt64(attoseconds / 1_000_000_000)
    }

    // MARK: Confinement

    /// Stops the process when called on another thread than the loop's: that is always our bug.
    @inline(__always)
    func assertConfined() {
        precondition(pthread_equal(pthread_self(), owner) != 0, "Loop used off its thread")
    }

    /// SIGPIPE is per process, so this happens once; a handler somebody installed is kept.
    private static let ignoreBrokenPipes: Void = {
        var current = sigaction()
        guard sigaction(SIGPIPE, nil, &current) == 0 else { return }
        if current.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
    }()

    // MARK: Spinning

    /// Polls without blocking while events keep coming, and sleeps after `spinNanoseconds` of
    /// silence. uv_run(NOWAIT) asks epoll with a zero timeout; uv_run(ONCE) sleeps.
    private func runSpinning() {
        var quietSince = uv_hrtime()
        var seen = callbackCount
        while !stopRequested {
            guard uv_run(raw, UV_RUN_NOWAIT) != 0 else { return }
            let now = uv_hrtime()
            if callbackCount != seen {
                seen = callbackCount
                quietSince = now
            } else if now - quietSince >= spinNanoseconds, !stopRequested {
                uv_run(raw, UV_RUN_ONCE)
                seen = callbackCount
                quietSince = uv_hrtime()
            }
        }
    }

    // MARK: Callbacks and gathered writes

    /// Whether writes will be flushed when the current callback returns.
    var isInsideCallback: Bool { callbackDepth > 0 }

    /// Every libuv callback is wrapped in this: what the owner wrote meanwhile leaves at the end,
    /// so sixteen answers to sixteen pipelined requests are one write.
    @inline(__always)
    func callback(_ body: () -> Void) {
        callbackDepth += 1
        callbackCount &+= 1
        body()
        callbackDepth -= 1
        if callbackDepth == 0, !unflushed.isEmpty { flushAll() }
    }

    func flushLater(_ stream: Stream) {
        unflushed.append(stream)
    }

    /// Flushing may close streams but runs no owner code, so the list cannot grow meanwhile.
    /// The two arrays trade places to keep their capacity.
    private func flushAll() {
        swap(&unflushed, &flushing)
        for stream in flushing { stream.flushGathered() }
        flushing.removeAll(keepingCapacity: true)
    }

    // MARK: Chunks

    /// Spare chunks kept; more are freed, so a burst does not stay in memory.
    private static let spareChunkCountMax = 64

    func takeChunk() -> OutputChunk {
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
