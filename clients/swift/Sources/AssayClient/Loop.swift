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

/// Something with a descriptor to poll, a time at which it wants to be called, or both.
protocol Watched: AnyObject, Sendable {
    /// For poll(2), which passes over -1.
    var descriptor: Int32 { get }
    /// True when it is to be told that there is room to write.
    var wantsWrite: Bool { get }
    /// When it is due; in nanoseconds of `Moment`. Read by the loop before each sleep.
    var nextMoment: UInt64 { get }
    /// There is something to read.
    func isReadable(_ buffer: UnsafeMutableRawBufferPointer, _ now: Moment)
    /// Writes what waits.
    func flush()
    /// Called on the loop's thread at that time or a little later.
    func due(now: Moment)
}

/// The thread and its queue.
final class Loop: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var owner: ClientExecutor?
        var unwritten: [Connection] = []
        var members: [any Watched] = []
        /// Changes with `members`, and with what they want.
        var version = 0
        var isAsleep = false
        var isStopped = false
    }

    /// What the thread alone knows.
    private struct Watch {
        var version = -1
        var members: [any Watched] = []
        /// The pipe, then the members in their order.
        var entries: [pollfd] = []
        var due = Moment.never
        var jobs: [UnownedJob] = []
    }

    private let state = Mutex(State())
    private let thread = Atomic<pthread_t>(0)
    private let pipeRead: Int32
    private let pipeWrite: Int32
    private static let readSize = 256 << 10

    /// Starts the thread.
    init() throws(AssayError) {
        if Fork.isChild { throw .processForked }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .exhausted("opening a pipe", errno) }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        pipeRead = ends[0]
        pipeWrite = ends[1]
        let status = Thread.start { [self] in run() }
        if status != 0 {
            Socket.close(pipeRead)
            Socket.close(pipeWrite)
            throw .exhausted("starting a thread", status)
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
        change { state in
            state.jobs.append(job)
            if state.owner == nil { state.owner = owner }
        }
    }

    /// Has `connection` flushed once the tasks that are ready have run. On the loop's thread.
    func flushLater(_ connection: Connection) {
        state.withLock { $0.unwritten.append(connection) }
    }

    /// Looks again at what the members want.
    func wake() { change { $0.version += 1 } }

    func add(_ member: any Watched) {
        change { state in
            state.members.append(member)
            state.version += 1
        }
    }

    func remove(_ member: any Watched) {
        change { state in
            state.members.removeAll { $0 === member }
            state.version += 1
        }
    }

    /// Has the thread end when it has nothing left to do.
    func stop() { change { $0.isStopped = true } }

    private func change(_ body: (inout State) -> Void) {
        // The lock may be held for ever there, and the pipe is the parent's.
        if Fork.isChild { return }
        state.withLock { state in
            body(&state)
            guard state.isAsleep else { return }
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
            let taken = state.unwritten
            if !taken.isEmpty { state.unwritten = [] }
            return taken
        }
        for connection in unwritten { connection.flush() }
        let isBusy: Bool? = state.withLock { state in
            if state.version != watch.version {
                watch.version = state.version
                watch.members = state.members
                watch.entries = []
            }
            guard state.jobs.isEmpty else { return true }
            state.isAsleep = true
            return state.isStopped && state.members.isEmpty ? nil : false
        }
        if watch.entries.isEmpty { look(&watch) }
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

    /// Asks the members what to poll for, and when something is due.
    private func look(_ watch: inout Watch) {
        watch.entries = [pollfd(fd: pipeRead, events: Int16(POLLIN), revents: 0)]
        watch.entries += watch.members.map { member in
            let events = Int16(POLLIN) | (member.wantsWrite ? Int16(POLLOUT) : 0)
            return pollfd(fd: member.descriptor, events: events, revents: 0)
        }
        findDue(&watch)
    }

    private func findDue(_ watch: inout Watch) {
        watch.due = Moment(nanoseconds: watch.members.map(\.nextMoment).min() ?? .max)
    }

    private func expire(_ watch: inout Watch, _ now: Moment) {
        for member in watch.members where member.nextMoment <= now.nanoseconds {
            member.due(now: now)
        }
        findDue(&watch)
    }

    private func sleep(_ watch: inout Watch, _ timeout: Int32) {
        // Interrupted: the next turn sleeps again.
        let count = poll(&watch.entries, nfds_t(watch.entries.count), timeout)
        state.withLock { $0.isAsleep = false }
        if count > 0, watch.entries[0].revents != 0 {
            var bytes: (UInt64, UInt64) = (0, 0)
            _ = Glibc.read(pipeRead, &bytes, 16)
        }
    }

    private func read(
        _ watch: inout Watch, _ buffer: UnsafeMutableRawBufferPointer, _ now: Moment
    ) {
        for (index, member) in watch.members.enumerated() {
            let events = Int32(watch.entries[index + 1].revents)
            if events == 0 { continue }
            watch.entries[index + 1].revents = 0
            if events & POLLOUT != 0 { member.flush() }
            if events & ~POLLOUT != 0 { member.isReadable(buffer, now) }
        }
    }
}

/// One thread for the sockets of any number of clients, and for the tasks that prefer it.
///
///     await withTaskExecutorPreference(client.executor) { … calls without a change of threads … }
///
/// A call made on this executor is written, awaited and resumed on one thread. Calls from elsewhere
/// are written on the caller's thread and resumed on the caller's executor. A task on it must not
/// block: all answers of its clients wait meanwhile.
public final class ClientExecutor: TaskExecutor {
    let loop: Loop

    /// Starts the thread. It ends when this object and the clients that use it are gone. Throws
    /// `unreachable` when the system has no thread or descriptors to give.
    public init() throws(AssayError) { loop = try Loop() }

    deinit { loop.stop() }

    /// Runs `job` on the thread, after those that came before it. Any thread may call this.
    public func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job), self) }
}
