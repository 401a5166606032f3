// Effect of the machine on the tester: late wake-ups of threads and processor time.
//
// A thread sleeps for a millisecond over and over and records how late it wakes. During the delay
// the process was not scheduled. A large delay means an equally large error in every latency
// measured at the time. `IntrinsicLatency` takes the same measurement in an idle process.

import Glibc
import Synchronization
import Threads

/// Effect of the host on this process during a run.
package struct HostRecord: Sendable {
    /// Delay between the wake-up a sleeping thread asked for and the actual wake-up.
    package var wakeDelay: LatencyHistogram
    /// Processor seconds this process used.
    package var processorSeconds: Double
    /// Times the kernel took the processor away.
    package var involuntarySwitches: Int
    /// Seconds watched.
    package var seconds: Double
    /// Seconds that runnable threads waited for a processor. Nil where the kernel does not say.
    package var runQueueSeconds: Double?

    package init(
        wakeDelay: LatencyHistogram, processorSeconds: Double, involuntarySwitches: Int,
        seconds: Double, runQueueSeconds: Double?
    ) {
        self.wakeDelay = wakeDelay
        self.processorSeconds = processorSeconds
        self.involuntarySwitches = involuntarySwitches
        self.seconds = seconds
        self.runQueueSeconds = runQueueSeconds
    }
}

/// Watches from its creation until `finish`.
package final class HiccupWatch: Sendable {
    private static let period: Int64 = 1_000_000
    private let delays = Mutex(LatencyHistogram())
    private let isOver = Atomic<Bool>(false)
    private let begun: Int64
    private let usage: ProcessUsage
    private let (ends, end) = AsyncStream<Void>.makeStream()

    /// Starts the watching thread.
    package init() {
        begun = LoadClock.now()
        usage = ProcessUsage()
        do {
            try startThread("hiccups") { [self] in watch() }
        } catch {
            end.finish()
        }
    }

    private func watch() {
        refineTimers()
        while !isOver.load(ordering: .relaxed) {
            let wanted = LoadClock.now() + Self.period
            sleep(until: wanted)
            let late = LoadClock.now() - wanted
            delays.withLock { $0.record(late) }
        }
        end.finish()
    }

    /// Stops the watch and returns its record.
    package func finish() async -> HostRecord {
        isOver.store(true, ordering: .relaxed)
        for await _ in ends {}
        let spent = ProcessUsage().since(usage)
        return HostRecord(
            wakeDelay: delays.withLock { $0 }, processorSeconds: spent.processorSeconds,
            involuntarySwitches: spent.involuntarySwitches,
            seconds: Double(LoadClock.now() - begun) / 1e9, runQueueSeconds: spent.runQueueSeconds)
    }
}

/// Usage counters of this process, as the kernel reports them.
struct ProcessUsage: Sendable {
    var processorSeconds: Double
    var involuntarySwitches: Int
    var runQueueSeconds: Double?

    init() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        processorSeconds = times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        involuntarySwitches = usage.ru_nivcsw
        runQueueSeconds = Self.runQueue()
    }

    func since(_ before: ProcessUsage) -> ProcessUsage {
        var difference = self
        difference.processorSeconds -= before.processorSeconds
        difference.involuntarySwitches -= before.involuntarySwitches
        if let mine = runQueueSeconds, let its = before.runQueueSeconds {
            difference.runQueueSeconds = max(0, mine - its)
        }
        return difference
    }

    /// Sum over all threads of the second number in schedstat: nanoseconds spent waiting for a
    /// processor. A kernel without the counter reports 0 for the first number, too. Ended threads
    /// are missed, but the threads of a run live as long as the run.
    private static func runQueue() -> Double? {
        guard let folder = opendir("/proc/self/task") else { return nil }
        defer { closedir(folder) }
        var ran = 0.0
        var waited = 0.0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.first != ".", let file = fopen("/proc/self/task/\(name)/schedstat", "r")
            else { continue }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 128)
            let count = fread(&bytes, 1, bytes.count, file)
            let numbers = bytes.prefix(count).split(separator: 0x20).map {
                Double(String(decoding: $0, as: UTF8.self)) ?? 0
            }
            guard numbers.count >= 2 else { continue }
            ran += numbers[0]
            waited += numbers[1]
        }
        return ran > 0 ? waited / 1e9 : nil
    }
}

/// Delays of the host while nothing else is measured.
package struct IntrinsicLatency: Sendable {
    /// Gaps of 1 us or more between two looks at the clock, by a thread that does nothing else.
    /// During a gap the thread was not running.
    package var gaps: LatencyHistogram
    /// Number of looks at the clock.
    package var looks: Int
    /// Delay between the wake-up a sleeping thread asked for and the actual wake-up.
    package var wakeDelay: LatencyHistogram
    /// Seconds spent on `gaps`, and again on `wakeDelay`.
    package var seconds: Double

    /// Blocks the calling thread for twice `seconds`, or until `isInterrupted` returns true.
    package static func measure(
        seconds: Double, isInterrupted: () -> Bool = { false }
    ) -> IntrinsicLatency {
        refineTimers()
        var result = IntrinsicLatency(
            gaps: LatencyHistogram(), looks: 0, wakeDelay: LatencyHistogram(), seconds: 0)
        let begun = LoadClock.now()
        let length = Int64(seconds * 1e9)
        var last = begun
        while last - begun < length {
            let time = LoadClock.now()
            if time - last >= 1_000 { result.gaps.record(time - last) }
            last = time
            result.looks += 1
            if result.looks & 0xFFFF == 0, isInterrupted() { break }
        }
        result.seconds = Double(last - begun) / 1e9
        while LoadClock.now() - last < length, !isInterrupted() {
            let wanted = LoadClock.now() + 1_000_000
            sleep(until: wanted)
            result.wakeDelay.record(LoadClock.now() - wanted)
        }
        return result
    }
}

// MARK: - Threads and sleeping

/// Asks the kernel for its finest timers on the calling thread, because the default lets timers be
/// 50 us late. Where the kernel refuses, the lateness shows in the record.
func refineTimers() {
    var place = [CChar](repeating: 0, count: 64)
    // "PROCESS/task/THREAD". The files of a thread lie under /proc/THREAD as well.
    let size = readlink("/proc/thread-self", &place, place.count)
    guard size > 0,
        let thread = place.prefix(size).map(UInt8.init(bitPattern:)).split(separator: 0x2F).last,
        let file = fopen("/proc/\(String(decoding: thread, as: UTF8.self))/timerslack_ns", "w")
    else { return }
    fputs("1", file)
    fclose(file)
}

/// Sleeps until `time` of `LoadClock`.
private func sleep(until time: Int64) {
    var until = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nil) == EINTR {}
}
