// The thread of an executor. The loop runs tasks, has the pools write, sleeps in poll(2), and has
// the pools read and check time limits.
//
//      run tasks ──> write ──> sleep until bytes, tasks, or time ──> read, expire ───────┐
//          ^─────────────────────────────────────────────────────────────────────────────┘
//
// Guarantees:
// - Requests of tasks on this thread are written after all ready tasks have run, with a system call
//   per connection.
// - Other threads reach the loop through one locked state and a pair of sockets. Wake-ups coalesce.
// - The poll entries are rebuilt only when a pool reports a change.
// - The thread ends when its executor is gone and no pool is left.
// - In a forked process the loop does nothing.

import Glibc
import Synchronization
import Threads

/// The thread and its queue.
final class PollLoop: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var owner: ClientExecutor?
        var pools: [Pool] = []
        /// The poll entries or the time limit of a pool may have changed.
        var mustLook = false
        /// The thread may sleep in poll(2), and sees a change only after a wake-up.
        var isAsleep = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let thread = Atomic<pthread_t>(0)
    private let wakeRead: Int32
    private let wakeWrite: Int32
    private static let readSize = 256 << 10

    /// Starts the thread.
    init() throws(AssayError) {
        if Fork.isChild { throw .processForked }
        // Unlike pipe(2), socketpair(2) sets both flags at creation.
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else {
            throw .exhausted("opening a pair of sockets", errno)
        }
        wakeRead = ends[0]
        wakeWrite = ends[1]
        do {
            try startThread("assay-client") { [self] in run() }
        } catch {
            close(wakeRead)
            close(wakeWrite)
            throw .exhausted("starting a thread", error.number)
        }
    }

    /// True on the loop's own thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    // MARK: - From any thread

    /// Queues a task. `owner` lives until the task has run.
    func enqueue(_ job: UnownedJob, _ owner: ClientExecutor) {
        // A forked process has no loop thread. Running the task here gives the caller an error.
        if Fork.isChild { return job.runSynchronously(on: owner.asUnownedTaskExecutor()) }
        change(looks: false) { state in
            state.jobs.append(job)
            if state.owner == nil { state.owner = owner }
        }
    }

    /// Makes the loop ask the pools again for their poll entries.
    func wake() { change { _ in } }

    func add(_ pool: Pool) { change { $0.pools.append(pool) } }

    func remove(_ pool: Pool) { change { $0.pools.removeAll { $0 === pool } } }

    /// Ends the thread when all its work is done.
    func stop() { change { $0.isStopped = true } }

    private func change(looks: Bool = true, _ body: (inout State) -> Void) {
        // In a forked process the lock may be held for ever, and the sockets are the parent's.
        if Fork.isChild { return }
        state.withLock { state in
            body(&state)
            if looks { state.mustLook = true }
            guard state.isAsleep else { return }
            state.isAsleep = false
            // Under the lock, so that the thread cannot close the pair before the write. When the
            // pair is full, the thread is awake already.
            var byte: UInt8 = 1
            _ = Glibc.write(wakeWrite, &byte, 1)
        }
    }

    // MARK: - The thread

    private func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 64)
        defer { buffer.deallocate() }
        var jobs: [UnownedJob] = []
        var pools: [Pool] = []
        var entries = [pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0)]
        var due = Moment.never
        while true {
            runJobs(&jobs)
            let (isBusy, mustLook, isOver) = state.withLock { state in
                let mustLook = state.mustLook
                if mustLook { pools = state.pools }
                state.mustLook = false
                state.isAsleep = state.jobs.isEmpty
                let isOver = state.isStopped && state.pools.isEmpty && state.isAsleep
                return (!state.isAsleep, mustLook, isOver)
            }
            if isOver { break }
            if mustLook {
                entries.removeLast(entries.count - 1)
                due = .never
                for pool in pools {
                    let next = pool.change(isPreparing: true) { $0.prepare(&entries) }
                    due = min(due, next ?? .never)
                }
            }
            if sleep(&entries, until: isBusy ? .past : due) {
                for pool in pools { pool.change { $0.turn(entries, buffer) } }
            }
        }
        state.withLock { state in
            state.isAsleep = false
            close(wakeRead)
            close(wakeWrite)
        }
    }

    private func runJobs(_ jobs: inout [UnownedJob]) {
        let owner = state.withLock { state in
            swap(&state.jobs, &jobs)
            let owner = state.owner
            state.owner = nil
            return owner
        }
        guard let owner else { return }
        for job in jobs {
            job.runSynchronously(on: owner.asUnownedTaskExecutor())
            // A task has forked: the other tasks and the sockets are the parent's.
            while Fork.isChild { pause() }
        }
        jobs.removeAll(keepingCapacity: true)
    }

    /// Waits for bytes, tasks or the time limit. False after an interruption, when the entries are
    /// unknown.
    private func sleep(_ entries: inout [pollfd], until due: Moment) -> Bool {
        let milliseconds = due == .never ? -1 : Int32(clamping: due.milliseconds(since: .now))
        let count = poll(&entries, nfds_t(entries.count), milliseconds)
        state.withLock { $0.isAsleep = false }
        if count > 0, entries[0].revents != 0 {
            var bytes: (UInt64, UInt64) = (0, 0)
            _ = Glibc.read(wakeRead, &bytes, 16)
        }
        return count >= 0
    }
}

/// A thread for the sockets of any number of clients, and for tasks with a preference for this
/// executor.
///
///     await withTaskExecutorPreference(client.executor) { … calls without a change of threads … }
///
/// A call made on this executor is written, awaited and resumed on its thread. Calls from elsewhere
/// are written on the caller's thread and resumed on the caller's executor. A task on this executor
/// must not block, because all answers of the clients would wait.
public final class ClientExecutor: TaskExecutor {
    let loop: PollLoop

    /// Starts the thread. The thread ends when the executor and all its clients are gone. Throws
    /// `unreachable` when the system has no thread or descriptors left.
    public init() throws(AssayError) { loop = try PollLoop() }

    deinit { loop.stop() }

    /// Runs `job` on the thread, after all earlier jobs. Any thread may call this method.
    public func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job), self) }
}
