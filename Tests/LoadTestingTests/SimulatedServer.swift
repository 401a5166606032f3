// A server made of arithmetic, and a run played against it in virtual time: every latency is known
// exactly, whatever the host does meanwhile.

import LoadTesting

/// Serves requests in order on some workers, and not at all during its stalls.
struct SimulatedServer {
    /// Nanoseconds of work for the nth request, from 0.
    var work: (Int) -> Int64 = { _ in 1_000_000 }
    /// Times in which nothing moves.
    var stalls: [Range<Int64>] = []
    /// How the nth request ends.
    var end: (Int) -> Outcome.End = { _ in .succeeded }
    /// Requests worked on at once.
    var workers = Int.max
    private var free: [Int64] = []
    private var count = 0

    init() {}

    init(workers: Int, milliseconds: Double) {
        self.workers = workers
        work = { _ in Int64(milliseconds * 1e6) }
    }

    /// When the next request, arriving now, is answered, and how.
    mutating func answer(arriving now: Int64) -> Outcome {
        var begin = now
        if workers < Int.max {
            free.sort()
            if free.count == workers { begin = max(begin, free.removeFirst()) }
        }
        var finish = begin + work(count)
        for stall in stalls where begin < stall.upperBound && finish > stall.lowerBound {
            let done = max(0, stall.lowerBound - begin)
            finish = stall.upperBound + (finish - begin - done)
        }
        if workers < Int.max { free.append(finish) }
        defer { count += 1 }
        return Outcome(end(count), sent: now, finished: finish)
    }
}

/// Plays runs in virtual time.
enum Simulation {
    /// A plan of pings.
    static func plan(
        _ loop: LoadLoop, seconds: Double, connections: Int = 1_000, depth: Int = 1,
        warmup: Double = 0, drain: Double = 10
    ) throws -> RunPlan {
        RunPlan(
            loop: loop, pool: try pool(RequestMix(.ping)), connections: connections, depth: depth,
            warmupSeconds: warmup, durationSeconds: seconds, drainSeconds: drain)
    }

    static func pool(
        _ mix: RequestMix, seed: UInt64 = 1, _ change: (inout RequestContent) -> Void = { _ in }
    ) throws -> RequestPool {
        let length = try LengthDistribution("8", "--test", most: 1_000)
        var content = RequestContent(promptTokens: length, outputTokens: length, pingBytes: length)
        change(&content)
        return RequestPool(mix, content, traced: [], seed: seed)
    }

    static func constant(_ rate: Double, seconds: Double) -> LoadLoop {
        .open(ArrivalSchedule(.constant(rate, seconds: seconds), .constant, seed: 1))
    }

    /// Plays to the end.
    static func play(_ plan: RunPlan, _ server: SimulatedServer) -> RunRecord {
        var server = server
        var machine = RunMachine(plan)
        var now: Int64 = 0
        var pending = PendingAnswers()
        let last = Int64((plan.warmupSeconds + plan.durationSeconds + plan.drainSeconds) * 1e9)
        while true {
            while let send = machine.nextSend(at: now) {
                pending.insert(send, server.answer(arriving: now))
            }
            if machine.mustClose(at: now) {
                machine.close()
                pending.cutOff(at: now)
            }
            if machine.isExhausted(at: now), machine.inFlight == 0 { break }
            let times = [pending.next, machine.nextWake(at: now), now < last ? last : nil]
            now = max(now, times.compactMap(\.self).min() ?? last)
            while let (send, outcome) = pending.removeDue(at: now) {
                machine.complete(send, outcome, at: now)
                if let send = machine.nextSend(at: now) {
                    pending.insert(send, server.answer(arriving: now))
                }
            }
        }
        return machine.finish(at: now)
    }
}

/// Answers on their way, in order of their time.
private struct PendingAnswers {
    private var waiting: [(RunMachine.Send, Outcome)] = []

    var next: Int64? { waiting.last?.1.finished }

    mutating func insert(_ send: RunMachine.Send, _ outcome: Outcome) {
        // Latest first: the next one is taken from the end.
        var low = 0
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].1.finished > outcome.finished {
                low = middle + 1
            } else {
                high = middle
            }
        }
        waiting.insert((send, outcome), at: low)
    }

    mutating func removeDue(at now: Int64) -> (RunMachine.Send, Outcome)? {
        guard let next, next <= now else { return nil }
        return waiting.removeLast()
    }

    mutating func cutOff(at now: Int64) {
        waiting = waiting.map { send, outcome in
            var cut = outcome
            cut.end = .failed("connection_closed")
            cut.finished = now
            return (send, cut)
        }
    }
}
