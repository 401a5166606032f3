// The outgoing half of a stream: gather, try, queue, end.
//
// Life of outgoing bytes:
//
//   write() → gather chunk → [end of callback] uv_try_write → kernel
//                                   └ the rest → uv_write (queued) → kernel → onDrain
//   write(large) ───────────→ uv_try_write from the caller's memory, the rest copied and queued
//
// Inside a stream's own onRead, the request-and-answer path, the scratch of the loop replaces the
// chunk: a copy, a number and a write, with no object touched. Any harder case first spills the
// scratch into a chunk. Invariant: scratch in use → no chunk, nothing queued.
//
// Guarantees: bytes leave in the order of the calls. While the peer keeps up, small writes of a
// callback that fit one chunk leave with one system call, and no write needs epoll_ctl.
// `pendingWriteSize` counts every byte that the kernel does not have yet, and never passes the
// limit of the stream. A queued chunk counts whole until all of it is written, because so long it
// takes memory. `untakenSize` sees progress inside a chunk and inside the kernel. Memory that the
// system refuses ends the stream with ENOMEM, and not the process.

import CLibUV

extension Stream {
    /// Bytes accepted by `write` that the kernel has not taken yet. When the number grows, the
    /// owner should stop producing, or stop reading requests, until `onDrain`.
    package var pendingWriteSize: Int {
        queuedSize + (gather?.waitingCount ?? 0) + (isInOwnCallback ? loop.scratchCount : 0)
    }

    /// Bytes accepted by `write` that the peer has not taken: bytes in this process and in the
    /// kernel. One system call.
    ///
    /// The number shrinks while the peer reads, also in the middle of a large write.
    package var untakenSize: Int {
        guard isOpen else { return 0 }
        var descriptor: uv_os_fd_t = -1
        let isOnKernel =
            uv_fileno(memory.assumingMemoryBound(to: uv_handle_t.self), &descriptor) == 0
        return uv_stream_get_write_queue_size(stream) + (gather?.waitingCount ?? 0)
            + (isInOwnCallback ? loop.scratchCount : 0)
            + (isOnKernel ? Int(assay_untaken(descriptor)) : 0)
    }

    /// Sends bytes after everything written before. At the return the bytes are copied or with the
    /// kernel.
    ///
    /// Inside a callback of the loop, small writes are gathered and leave together when the
    /// callback returns. Outside a callback, writes leave at once. Allocates nothing while the peer
    /// keeps up.
    ///
    /// Returns false when the stream is closed, ending, or closes because of this write (the peer
    /// is gone, or `pendingWriteSizeMax` would be passed). In the last case `onClose` tells the
    /// reason.
    @discardableResult
    package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        loop.assertConfined()
        guard isOpen, !isEnding else { return false }
        guard bytes.count <= settings.pendingWriteSizeMax - pendingWriteSize else {
            fail(backlogError(adding: bytes.count))
            return false
        }
        writtenSize += bytes.count
        if appendToScratch(bytes) { return true }
        spillScratch()
        guard isOpen else { return false }
        if bytes.count > OutputChunk.gatherSize {
            writeLarge(bytes)
        } else {
            appendToGather(bytes)
            if !loop.isInsideCallback { flushGathered() }
        }
        return isOpen
    }

    /// Sends the gathered bytes now instead of at the end of the callback.
    package func flush() {
        loop.assertConfined()
        spillScratch()
        flushGathered()
    }

    private func backlogError(adding count: Int) -> EventLoopError {
        EventLoopError(
            .writeBacklogExceeded, tried: "writing \(count) bytes to a peer that does not read",
            found: "\(pendingWriteSize) bytes already waiting",
            allowed: "\(settings.pendingWriteSizeMax) bytes")
    }

    // MARK: Answers inside onRead

    private func appendToScratch(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isInOwnCallback, queuedRequestCount == 0, gather == nil,
            bytes.count <= OutputChunk.gatherSize - loop.scratchCount, let base = bytes.baseAddress
        else { return false }
        (loop.scratch + loop.scratchCount).copyMemory(from: base, byteCount: bytes.count)
        loop.scratchCount += bytes.count
        return true
    }

    /// Hands the scratch to the kernel at the end of `onRead` and queues the rest.
    @inline(__always)
    func flushScratch() {
        guard loop.scratchCount > 0 else { return }
        precondition(gather == nil && queuedRequestCount == 0, "scratch beside older bytes")
        var buffer = uv_buf_t(
            base: loop.scratch.assumingMemoryBound(to: CChar.self), len: loop.scratchCount)
        guard let sent = attempt(&buffer, 1) else { return }
        if sent < loop.scratchCount {
            spillScratch(from: sent)
            queueGathered()
        }
        loop.scratchCount = 0
    }

    /// Moves the scratch, without its first `offset` bytes, into a gather chunk.
    private func spillScratch(from offset: Int = 0) {
        guard isInOwnCallback, loop.scratchCount > offset else { return }
        precondition(gather == nil && queuedRequestCount == 0, "scratch beside older bytes")
        guard let chunk = loop.takeChunk() else { return failForMemory() }
        chunk.append(
            UnsafeRawBufferPointer(
                start: loop.scratch + offset, count: loop.scratchCount - offset))
        loop.scratchCount = 0
        gather = chunk
        listForFlush()
    }

    // MARK: Small writes

    private func appendToGather(_ bytes: UnsafeRawBufferPointer) {
        if let chunk = gather, chunk.freeCount < bytes.count {
            if queuedRequestCount == 0 { flushGathered() } else { queueGathered() }
            guard isOpen else { return }
        }
        guard let chunk = gather ?? loop.takeChunk() else { return failForMemory() }
        gather = chunk
        chunk.append(bytes)
        listForFlush()
    }

    private func listForFlush() {
        guard !isListedForFlush, loop.isInsideCallback else { return }
        isListedForFlush = true
        loop.flushLater(self)
    }

    /// Tries to hand the gathered bytes to the kernel. While older bytes are queued, the gathered
    /// bytes wait for the completion of the queue, and small frames share one chunk meanwhile.
    func flushGathered() {
        isListedForFlush = false
        guard isOpen, queuedRequestCount == 0, let chunk = gather, chunk.waitingCount > 0 else {
            return
        }
        var buffer = chunk.buffer
        guard let sent = attempt(&buffer, 1) else { return }
        chunk.consume(sent)
        if chunk.waitingCount > 0 {
            queueGathered()
        } else {
            gather = nil
            loop.recycle(chunk)
        }
    }

    private func queueGathered() {
        guard let chunk = gather else { return }
        gather = nil
        queue(chunk)
    }

    func discardGathered() {
        if isInOwnCallback { loop.scratchCount = 0 }
        guard let chunk = gather else { return }
        gather = nil
        loop.recycle(chunk)
    }

    // MARK: Large writes

    /// Sends the gathered bytes and `bytes` with one writev, from the caller's memory. Copies only
    /// the rest that the kernel did not take.
    private func writeLarge(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        var sent = 0
        if queuedRequestCount == 0 {
            let mutable = UnsafeMutableRawPointer(mutating: base)
            let large = uv_buf_t(
                base: mutable.assumingMemoryBound(to: CChar.self), len: bytes.count)
            guard let taken = attemptAfterGathered(large) else { return }
            let ofGathered = min(taken, gather?.waitingCount ?? 0)
            gather?.consume(ofGathered)
            sent = taken - ofGathered
        }
        if let chunk = gather, chunk.waitingCount == 0 {
            gather = nil
            loop.recycle(chunk)
        }
        queueGathered()
        guard isOpen, sent < bytes.count else { return }
        guard let rest = OutputChunk(capacity: bytes.count - sent) else { return failForMemory() }
        rest.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        queue(rest)
    }

    private func attemptAfterGathered(_ large: uv_buf_t) -> Int? {
        guard let chunk = gather, chunk.waitingCount > 0 else {
            var buffer = large
            return attempt(&buffer, 1)
        }
        return withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: 2) { buffers in
            buffers.initializeElement(at: 0, to: chunk.buffer)
            buffers.initializeElement(at: 1, to: large)
            guard let base = buffers.baseAddress else { return nil }
            return attempt(base, 2)
        }
    }

    // MARK: libuv

    /// One uv_try_write. Returns the number of bytes that the kernel took, 0 when the call would
    /// block, nil when the stream has failed. libuv refuses (EAGAIN) while older writes are queued,
    /// and so never overtakes them. The call never touches epoll.
    private func attempt(_ buffers: UnsafeMutablePointer<uv_buf_t>, _ count: UInt32) -> Int? {
        let status = uv_try_write(stream, buffers, count)
        if status >= 0 { return Int(status) }
        if status == UV_EAGAIN.rawValue { return 0 }
        fail(status, "uv_try_write", "writing")
        return nil
    }

    /// Leaves a chunk to libuv, which writes the chunk when the socket has room and then calls
    /// back. If uv_write itself fails the callback never comes, so this function takes the chunk
    /// back.
    private func queue(_ chunk: OutputChunk) {
        guard isOpen else { return }
        let size = chunk.waitingCount
        var buffer = chunk.buffer
        chunk.request.pointee.data = Unmanaged.passRetained(chunk).toOpaque()
        // libuv copies the buffer descriptors, not the bytes. The bytes live in the chunk.
        let status = uv_write(chunk.request, stream, &buffer, 1) { request, status in
            guard let request, let data = request.pointee.data else { return }
            let chunk = Unmanaged<OutputChunk>.fromOpaque(data).takeRetainedValue()
            recover(request.pointee.handle?.pointee.data, as: Stream.self)?.written(chunk, status)
        }
        if status < 0 {
            Unmanaged.passUnretained(chunk).release()
            return fail(status, "uv_write", "writing")
        }
        queuedRequestCount += 1
        queuedSize += size
        if !isEnding { loop.tellBacklogLater(self) }
    }

    /// Ends the stream because the system has no memory for bytes that wait.
    private func failForMemory() {
        fail(UV_ENOMEM.rawValue, "malloc", "keeping bytes for a peer that does not keep up")
    }

    /// The completion of a queued write. ECANCELED means a closing stream: the chunk is given back
    /// and nothing else happens.
    private func written(_ chunk: OutputChunk, _ status: Int32) {
        loop.callback {
            queuedRequestCount -= 1
            queuedSize -= chunk.waitingCount
            loop.recycle(chunk)
            guard isOpen else { return }
            if status < 0 { return fail(status, "write", "writing") }
            guard queuedRequestCount == 0 else { return }
            flushGathered()
            if isOpen, queuedRequestCount == 0, !isEnding { onDrain?() }
        }
    }

    // MARK: Polite end

    /// Ends the stream without losing written bytes: sends everything, shuts the write side, takes
    /// and drops further bytes of the peer, and closes at the peer's end or after `limit`.
    ///
    /// Closing with unread bytes would make TCP send a reset, and a reset can destroy the last
    /// answer on its way. After this call no `onRead`, `onEnd` or `onDrain` comes, only `onClose`.
    package func finish(within limit: Duration = .seconds(2)) {
        loop.assertConfined()
        guard isOpen, !isEnding else { return }
        spillScratch()
        flushGathered()
        guard isOpen else { return }
        queueGathered()
        guard isOpen, let timer = try? Timer(loop: loop) else { return close() }
        isEnding = true
        lingerTimer = timer
        timer.start(after: limit) { [unowned self] in close() }
        startReading()
        if isOpen { shutDown() }
    }

    /// Asks for shutdown(2) after the queued writes. The request lives until its callback, which
    /// always comes once uv_shutdown has returned 0.
    private func shutDown() {
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let status = uv_shutdown(request, stream) { request, status in
            guard let request else { return }
            let stream = recover(request.pointee.handle?.pointee.data, as: Stream.self)
            request.deallocate()
            stream?.didShutDown(status)
        }
        if status < 0 {
            request.deallocate()
            close()
        }
    }

    private func didShutDown(_ status: Int32) {
        loop.callback {
            guard isOpen else { return }
            if status < 0 { return fail(status, "uv_shutdown", "ending a stream") }
            hasShutDown = true
            closeIfEnded()
        }
    }

    /// Closes when both directions are done, so that nothing can be lost.
    func closeIfEnded() {
        if hasEnded, hasShutDown { close() }
    }
}
