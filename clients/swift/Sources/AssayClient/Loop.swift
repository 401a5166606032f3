// The one thread of an executor: it runs tasks, writes what they asked for, sleeps in poll(2),
// reads, and looks after time.
//
//      run tasks ──> write ──> sleep until bytes, tasks, or time ──> read ──> what is due ──┐
//          ^────────────────────────────────────────────────────────────────────────────────┘
//
// Guarantees: a frame that a task on this thread asked for is written when the tasks that are
// ready have run, with one system call for all frames of one connection. Other threads reach the
// loop through one locked state and one pipe; wake-ups coalesce. The thread ends when its executor
// is gone and nothing is registered any more. In a forked process it does nothing.

import Glibc
import Synchronization

/// Something with a time at which it wants to be called.
protocol Timed: AnyObject, Sendable {
    /// When; in nanoseconds of `Moment`. Read by the loop before each sleep.
    var nextMoment: UInt64 { get }
    /// Called on the loop's thread at that time or a little later.
    func due(now: Moment)
}

/// The thread and its queue.
final class Loop: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var owner: ClientExecutor?
        var unwritten: [Connection] = []
        var connections: [Connection] = []
        var timed: [any Timed] = []
        var version = 0
        var isAsleep = false
        var isStopped = false
    }

    /// What the thread alone knows.
    private struct Watch {
        var version = -1
        var connections: [Connection] = []
        var timed: [any Timed] = []
        var entries: [pollfd] = []
        var due = Moment.never
        var jobs: [UnownedJob] = []
    }

    private let state = Mutex(State())
    private let thread = Atomic<pthread_t>(0)
    private let pipeRead: Int32
    private let pipeWrite: Int32
    private let spin: UInt64
    private static let readSize = 256 << 10

    /// Starts the thread.
    init(spinMicroseconds: UInt32) throws(ClientError) {
        if Fork.isChild { throw .processForked }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .noThread("opening a pipe", errno) }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        pipeRead = ends[0]
        pipeWrite = ends[1]
        spin = UInt64(spinMicroseconds) * 1000
        let status = Thread.start { [self] in run() }
        if status != 0 {
            Socket.close(ends[0])
            Socket.close(ends[1])
            throw .noThread("starting a thread", status)
        }
    }

    /// True on the loop's own thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    // MARK: - From any thread

    /// Queues a task. `owner` lives until it has run.
    func enqueue(_ job: UnownedJob, _ owner: ClientExecutor) {
        // In a forked process this thread is the only one: whoever used a client there gets its
        // error here.
        if Fork.isChild { return job.runSynchronously(on: owner.asUnownedTaskExecutor()) }
        wakeIf { state in
            state.jobs.append(job)
            if state.owner == nil { state.owner = owner }
            return true
        }
    }

    /// Has `connection` flushed once the tasks that are ready have run. On the loop's thread.
    func flushLater(_ connection: Connection) {
        state.withLock { $0.unwritten.append(connection) }
    }

    /// Looks again at descriptors and times.
    func wake() {
        wakeIf { state in
            state.version += 1
            return true
        }
    }

    func add(_ connection: Connection) {
        wakeIf { state in
            state.connections.append(connection)
            state.version += 1
            return true
        }
    }

    func remove(_ connection: Connection) {
        wakeIf { state in
            state.connections.removeAll { $0 === connection }
            state.version += 1
            return true
        }
    }

    func add(_ timed: any Timed) {
        wakeIf { state in
            state.timed.append(timed)
            state.version += 1
            return false
        }
    }

    func remove(_ timed: any Timed) {
        wakeIf { state in
            state.timed.removeAll { $0 === timed }
            state.version += 1
            return true
        }
    }

    /// Has the thread end when it has nothing left to do.
    func stop() {
        wakeIf { state in
            state.isStopped = true
            return true
        }
    }

    private func wakeIf(_ change: (inout State) -> Bool) {
        // The lock may be held for ever there, and the pipe is the parent's.
        if Fork.isChild { return }
        state.withLock { state in
            guard change(&state), state.isAsleep else { return }
            state.isAsleep = false
            // Under the lock, so that the thread cannot have closed the pipe meanwhile. A full
            // pipe has woken it already.
            var byte: UInt8 = 1
            _ = Glibc.write(pipeWrite, &byte, 1)
        }
    }

    // MARK: - The thread

    private func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.readSize, alignment: 64)
        defer { buffer.deallocate() }
        var watch = Watch()
        while let isBusy = turn(&watch) {
            sleep(&watch, isBusy ? 0 : watch.due.pollMilliseconds(from: .now))
            let now = Moment.now
            read(&watch, buffer, now)
            if now >= watch.due { expire(&watch, now) }
        }
        state.withLock { state in
            state.isAsleep = false
            Socket.close(pipeRead)
            Socket.close(pipeWrite)
        }
    }

    /// Runs what is ready and writes what it asked for; nil at the end. True when there is more to
    /// run already.
    private func turn(_ watch: inout Watch) -> Bool? {
        runJobs(&watch)
        let unwritten = state.withLock { state in
            guard !state.unwritten.isEmpty else { return [] as [Connection] }
            let taken = state.unwritten
            state.unwritten.removeAll(keepingCapacity: true)
            return taken
        }
        for connection in unwritten { connection.flush() }
        var isStale = false
        let isBusy: Bool? = state.withLock { state in
            isStale = state.version != watch.version
            if isStale {
                watch.version = state.version
                watch.connections = state.connections
                watch.timed = state.timed
            }
            guard state.jobs.isEmpty else { return true }
            state.isAsleep = spin == 0
            let isOver =
                state.isStopped && state.connections.isEmpty && state.timed.isEmpty
            return isOver ? nil : false
        }
        if isStale { look(&watch) }
        return isBusy
    }

    private func runJobs(_ watch: inout Watch) {
        let owner = state.withLock { state in
            swap(&state.jobs, &watch.jobs)
            let owner = state.owner
            state.owner = nil
            return owner
        }
        guard let owner else { return }
        for job in watch.jobs {
            job.runSynchronously(on: owner.asUnownedTaskExecutor())
            // A task has forked: the other tasks and the sockets are the parent's.
            while Fork.isChild { pause() }
        }
        watch.jobs.removeAll(keepingCapacity: true)
    }

    /// Takes over what was registered: what to poll for, and when something is due.
    private func look(_ watch: inout Watch) {
        watch.entries.removeAll(keepingCapacity: true)
        watch.entries.append(pollfd(fd: pipeRead, events: Int16(POLLIN), revents: 0))
        for connection in watch.connections {
            let events = Int16(POLLIN) | (connection.wantsWrite ? Int16(POLLOUT) : 0)
            watch.entries.append(pollfd(fd: connection.descriptor, events: events, revents: 0))
        }
        findDue(&watch)
    }

    private func findDue(_ watch: inout Watch) {
        var next = UInt64.max
        for connection in watch.connections { next = min(next, connection.nextMoment) }
        for timed in watch.timed { next = min(next, timed.nextMoment) }
        watch.due = Moment(nanoseconds: next)
    }

    private func expire(_ watch: inout Watch, _ now: Moment) {
        for connection in watch.connections where connection.nextMoment <= now.nanoseconds {
            connection.due(now: now)
        }
        for timed in watch.timed where timed.nextMoment <= now.nanoseconds {
            timed.due(now: now)
        }
        findDue(&watch)
    }

    private func sleep(_ watch: inout Watch, _ timeout: Int32) {
        if spin > 0, timeout != 0, spins(&watch) { return }
        // Interrupted: the next turn sleeps again.
        let count = poll(&watch.entries, nfds_t(watch.entries.count), timeout)
        state.withLock { $0.isAsleep = false }
        if count > 0, watch.entries[0].revents != 0 {
            var bytes: (UInt64, UInt64) = (0, 0)
            _ = Glibc.read(pipeRead, &bytes, 16)
        }
    }

    /// Looks for work without sleeping; false when there was none and the thread may sleep.
    private func spins(_ watch: inout Watch) -> Bool {
        let start = Moment.now
        while true {
            if poll(&watch.entries, nfds_t(watch.entries.count), 0) > 0 { return true }
            if !state.withLock({ $0.jobs.isEmpty }) { return true }
            if Moment.now.nanoseconds(since: start) > spin { break }
        }
        // From here on others must wake the thread.
        return state.withLock { state in
            state.isAsleep = state.jobs.isEmpty && state.version == watch.version
            return !state.isAsleep
        }
    }

    private func read(
        _ watch: inout Watch, _ buffer: UnsafeMutableRawBufferPointer, _ now: Moment
    ) {
        for index in 1..<watch.entries.count where watch.entries[index].revents != 0 {
            let events = Int32(watch.entries[index].revents)
            watch.entries[index].revents = 0
            let connection = watch.connections[index - 1]
            if events & POLLOUT != 0 { connection.flush() }
            if events & ~POLLOUT != 0 { connection.read(buffer, now) }
        }
    }
}
