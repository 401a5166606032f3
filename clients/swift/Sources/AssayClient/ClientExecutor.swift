// The thread that reads a client's sockets, offered as an executor of tasks.
//
//     await withTaskExecutorPreference(client.executor) { … calls without a change of threads … }
//
// Guarantees: a call made on this executor is written, awaited and resumed on one thread. Calls
// from elsewhere are written on the caller's thread and resumed on the caller's executor.
// A task on it must not block: all answers of its clients wait meanwhile.

import Wire

/// One thread for the sockets of any number of clients, and for the tasks that prefer it.
public final class ClientExecutor: TaskExecutor {
    let loop: Loop

    /// Starts the thread. It ends when this object and the clients that use it are gone.
    ///
    /// - Parameter spinMicroseconds: how long the thread looks for work before it sleeps.
    /// - Throws: `unreachable` when the system has no thread or descriptors to give.
    public init(spinMicroseconds: UInt32 = 0) throws(ClientError) {
        loop = try Loop(spinMicroseconds: spinMicroseconds)
    }

    deinit { loop.stop() }

    /// Runs `job` on the thread, after those that came before it. Any thread may call this.
    public func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job), self) }
}
