// The threads between the loop and the engine: tokenizing, detokenizing and templates.
//
//      loop ── start ──▶ [ short ] ─┬─ thread ──▶ engine, or the answer to the loop
//                        [ long  ] ─┴─ thread ──▶
//
// A text of megabytes takes seconds, and a short text must not wait for it. So texts above a size
// have a line and a thread of their own, at a lower priority than the threads that compute.
//
// Guarantees: connections take turns in either line. A connection that does not read its answers
// keeps its place and is passed over. A cancelled request leaves the line at once, and soon when it
// is being worked on. A request reaches the engine before a later cancellation of it.

import Dispatch
import Glibc
import Service
import Synchronization
import Threads
import Tokenizers
import Wire

/// See the head of the file. Any thread.
final class TextThreads: Sendable {
    fileprivate struct Job: Sendable {
        let work: Work
        let prompts: PromptPreparation
        let watch = EncodingWatch()
    }

    fileprivate enum Line: Int, CaseIterable { case short, long }

    fileprivate struct State: Sendable {
        var lines: [TurnQueue<Job>] = Line.allCases.map { _ in TurnQueue() }
        var isAsleep = Line.allCases.map { _ in false }
        var running: [UInt64: EncodingWatch] = [:]
        var isStopping = false
    }

    /// Bytes of the longest text in the short line. Tokenizing takes below a hundredth of a second.
    private static let shortSizeMax = 32 << 10
    /// Nice value of the thread for long texts.
    private static let longNice: Int32 = 10

    private let state = Mutex(State())
    private let arrived = Line.allCases.map { _ in DispatchSemaphore(value: 0) }
    private let engine: EngineMailbox
    private let inbox: LoopInbox
    private let windows: OutputWindows

    init(
        engine: EngineMailbox, inbox: LoopInbox, windows: OutputWindows
    ) throws(ThreadRefusal) {
        self.engine = engine
        self.inbox = inbox
        self.windows = windows
        try startThread("assay-texts") { [self] in run(.short) }
        do throws(ThreadRefusal) {
            try startThread("assay-long-texts") { [self] in
                // On Linux 0 stands for the calling thread. A refusal leaves the usual priority.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.longNice)
                run(.long)
            }
        } catch {
            stop()
            throw error
        }
    }

    /// Ends the threads after what they are doing. Does not wait.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            for watch in state.running.values { watch.cancel() }
        }
        for line in arrived { line.signal() }
    }

    // MARK: - Loop thread

    /// Puts a request into its line.
    func start(_ work: Work, _ prompts: PromptPreparation) {
        let size = PromptPreparation.size(of: work.request)
        let line = size > Self.shortSizeMax ? Line.long : .short
        let wakes = state.withLock { state in
            state.lines[line.rawValue].add(
                Job(work: work, prompts: prompts), of: work.connection)
            return state.takeSleep(line.rawValue)
        }
        if wakes { arrived[line.rawValue].signal() }
    }

    /// Cancels a request that has not reached the engine. Returns false when there is none.
    func cancel(_ ticket: UInt64, of connection: UInt64) -> Bool {
        let (found, queued) = state.withLock { state in
            if let watch = state.running[ticket] {
                watch.cancel()
                return (true, false)
            }
            for line in state.lines.indices {
                let job = state.lines[line].remove(of: connection) { $0.work.ticket == ticket }
                if job != nil { return (true, true) }
            }
            return (false, false)
        }
        if queued {
            inbox.post(.event(ticket: ticket, .failed(.cancelled("waiting for its turn"))))
        }
        return found
    }

    /// Looks again at connections that were passed over.
    func wake() {
        for line in Line.allCases where state.withLock({ $0.takeSleep(line.rawValue) }) {
            arrived[line.rawValue].signal()
        }
    }

    // MARK: - Own threads

    private func run(_ line: Line) {
        while true {
            let held = windows.closed
            let (job, isStopping) = state.withLock { state in
                let job = state.isStopping ? nil : state.lines[line.rawValue].next(without: held)
                if let job { state.running[job.work.ticket] = job.watch }
                state.isAsleep[line.rawValue] = job == nil
                return (job, state.isStopping)
            }
            if isStopping { return }
            guard let job else {
                arrived[line.rawValue].wait()
                continue
            }
            prepare(job)
        }
    }

    private func prepare(_ job: Job) {
        let now = ServerClock.now
        var outcome: Preparation
        do throws(ServiceError) {
            if let deadline = job.work.deadline, deadline <= now {
                throw .deadline("waiting for the tokenizer")
            }
            outcome = try job.prompts.prepare(job.work, job.watch, now: now)
        } catch {
            outcome = .answer(.failed(error))
        }
        let ticket = job.work.ticket
        // Under the lock, so that a cancellation finds the request either here or in the engine.
        state.withLock { state in
            state.running[ticket] = nil
            if case .work(let prepared) = outcome, !job.watch.isCancelled {
                engine.send(.run(prepared))
            } else if case .work = outcome {
                outcome = .answer(.failed(.cancelled("waiting for the engine")))
            }
        }
        guard case .answer(let event) = outcome else { return }
        windows.send(event.size, to: job.work.connection)
        inbox.post(.event(ticket: ticket, event))
    }
}

extension TextThreads.State {
    /// True when the thread of a line sleeps. It counts as awake from now on.
    fileprivate mutating func takeSleep(_ line: Int) -> Bool {
        defer { isAsleep[line] = false }
        return isAsleep[line]
    }
}
