// Executes a run: carries out the decisions of RunMachine on real connections with a real clock.
//
//     pacer (a thread of its own)      sleeps until the next intended time, starts due requests
//     tasks (one per place in use)     send, wait, have the answer recorded, take the next request
//     observer (a task)                takes the counts of each interval, for the timeline
//
// A lock around the machine is held for well below a microsecond as a rule. The pacer sleeps with
// the kernel's finest timer and never spins. On a small machine a spinning tester would take
// processor time from the server and report the loss as the server's latency. The record holds the
// delays of the pacer.

import Dispatch
import Synchronization
import Threads

/// One stretch of a run's timeline.
package struct TimedInterval: Sendable {
    /// Seconds from the end of warm-up.
    package let start: Double
    package let seconds: Double
    package let record: IntervalRecord

    package init(start: Double, seconds: Double, record: IntervalRecord) {
        self.start = start
        self.seconds = seconds
        self.record = record
    }
}

/// Everything a run measured.
package struct RunResult: Sendable {
    package let record: RunRecord
    package let intervals: [TimedInterval]
    package let host: HostRecord

    package init(record: RunRecord, intervals: [TimedInterval], host: HostRecord) {
        self.record = record
        self.intervals = intervals
        self.host = host
    }
}

/// Runs one plan against one target, once.
package final class RunEngine: Sendable {
    private let machine: Mutex<RunMachine>
    private let target: any LoadTarget
    private let plan: RunPlan
    private let wakeup = DispatchSemaphore(value: 0)
    private let pacerWaits = Atomic<Bool>(false)
    private let isFinished = Atomic<Bool>(false)
    private let start: Int64
    /// Called now and then. The run ends early when the result is true.
    private let isInterrupted: @Sendable () -> Bool
    private let onInterval: @Sendable (TimedInterval) -> Void
    private let executors: [any TaskExecutor]

    /// - Parameters:
    ///   - executors: executors for the tasks of connection 0, 1, ... in turn. Empty for the global
    ///     pool.
    ///   - onInterval: called once per interval, from a single task.
    package init(
        _ plan: RunPlan, _ target: any LoadTarget, executors: [any TaskExecutor] = [],
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        onInterval: @escaping @Sendable (TimedInterval) -> Void = { _ in }
    ) {
        self.plan = plan
        self.target = target
        self.executors = executors
        self.isInterrupted = isInterrupted
        self.onInterval = onInterval
        machine = Mutex(RunMachine(plan))
        start = LoadClock.now()
    }

    /// Runs to the end and returns the result. Closes the target only when open requests had to be
    /// given up.
    package func run() async -> RunResult {
        let hiccups = HiccupWatch()
        async let intervals = observe()
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            do {
                try startThread("pacer") { [self] in
                    pace()
                    done.resume()
                }
            } catch {
                done.resume()
            }
        }
        isFinished.store(true, ordering: .releasing)
        let record = machine.withLock { $0.finish(at: now) }
        return RunResult(
            record: record, intervals: await intervals, host: await hiccups.finish())
    }

    private var now: Int64 { LoadClock.now() - start }

    // MARK: - The pacer

    private enum Step {
        case send([RunMachine.Send])
        case wait(until: Int64?)
        case close
        case done
    }

    private func pace() {
        refineTimers()
        var closing: Int64?
        while true {
            switch step() {
            case .send(let sends):
                for send in sends { spawn(send) }
            case .wait(let until):
                if let closing, now > closing + 5_000_000_000 { return }
                sleep(until: min(until ?? .max, now + 50_000_000))
                pacerWaits.store(false, ordering: .relaxed)
            case .close:
                closing = now
                let target = target
                Task.detached { await target.close() }
            case .done: return
            }
        }
    }

    private func step() -> Step {
        let interrupted = isInterrupted()
        return machine.withLock { machine in
            let now = now
            if interrupted { machine.stop(.interrupted) }
            if machine.mustClose(at: now) {
                machine.close()
                return .close
            }
            var sends: [RunMachine.Send] = []
            while sends.count < 128, let send = machine.nextSend(at: now) { sends.append(send) }
            if !sends.isEmpty { return .send(sends) }
            if machine.isExhausted(at: now), machine.inFlight == 0 { return .done }
            // With a free place only time brings the next send. Without a free place, or with
            // nothing left to send, only an answer changes anything.
            let wake = machine.nextWake(at: now)
            pacerWaits.store(wake == nil, ordering: .relaxed)
            return .wait(until: wake)
        }
    }

    /// Returns at `time` of the run, or as soon as a task signals.
    private func sleep(until time: Int64) {
        let left = time - now
        guard left > 0 else { return }
        let limit = DispatchTime.now().uptimeNanoseconds + UInt64(left)
        _ = wakeup.wait(timeout: DispatchTime(uptimeNanoseconds: limit))
    }

    // MARK: - The tasks

    private func spawn(_ send: RunMachine.Send) {
        guard !executors.isEmpty else {
            Task.detached { await self.carry(send) }
            return
        }
        let executor = executors[send.lane % executors.count]
        Task.detached(executorPreference: executor) { await self.carry(send) }
    }

    /// Sends a request and records its outcome, then takes the next due request until none is due.
    private func carry(_ first: RunMachine.Send) async {
        var send = first
        while true {
            var outcome = await target.perform(send.request, lane: send.lane)
            outcome.rebase(start)
            let next = machine.withLock { machine -> RunMachine.Send? in
                let now = now
                machine.complete(send, outcome, at: now)
                return machine.nextSend(at: now)
            }
            guard let next else { break }
            send = next
        }
        // The place is free now, and the pacer may sleep in wait for a place.
        if pacerWaits.exchange(false, ordering: .relaxed) { wakeup.signal() }
    }

    // MARK: - The observer

    private func observe() async -> [TimedInterval] {
        let length = Int64(plan.intervalSeconds * 1e9)
        var from = Int64(plan.warmupSeconds * 1e9)
        var intervals: [TimedInterval] = []
        while true {
            let wait = from + length - now
            let isLast = isFinished.load(ordering: .acquiring)
            if !isLast, wait > 0 {
                try? await Task.sleep(nanoseconds: UInt64(min(wait, 50_000_000)))
                continue
            }
            let record = machine.withLock { machine in machine.takeInterval() }
            let to = isLast ? min(now, from + length) : from + length
            if to > from, intervals.count < LoadLimits.intervalsMax * 2 {
                let interval = TimedInterval(
                    start: Double(from) / 1e9 - plan.warmupSeconds,
                    seconds: Double(to - from) / 1e9, record: record)
                intervals.append(interval)
                onInterval(interval)
            }
            if isLast { return intervals }
            from += length
        }
    }
}

extension Outcome {
    /// Shifts all times so that they count from `start`.
    mutating func rebase(_ start: Int64) {
        sent -= start
        finished -= start
        chunks = chunks.map { ChunkArrival(at: $0.at - start, tokens: $0.tokens) }
    }
}
