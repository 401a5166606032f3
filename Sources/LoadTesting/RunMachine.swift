// A run as a pure machine: takes times and outcomes, and decides the requests to send.
//
//          nextSend(at:)  ------------------>  the engine sends it
//   time -->  machine
//          complete(_:_:at:)  <--------------  the engine reports the outcome
//
// No clock, socket, thread or lock inside: a test plays a whole run of hours in milliseconds, with
// exact times. RunEngine drives the machine with a real clock.
//
// Open loop without a queue: arrivals are a known sequence, so the requests that wait for a free
// place are simply the unsent ones. Their latency counts from the intended time.
// All times are nanoseconds from the start of the run.

/// Reason for a run's early end.
package enum EarlyEnd: Sendable, Equatable {
    /// A mock answered. The value is the sentence about the mock.
    case mock(String)
    /// A degraded answer came. The value lists its degradations.
    case degraded(String)
    /// The user stopped the run.
    case interrupted
    /// The server no longer answers. The value is the client's sentence.
    case unreachable(String)
}

/// Decides on sending, and passes outcomes to the recorder.
package struct RunMachine: Sendable {
    /// A request to send now.
    package struct Send: Sendable {
        /// The place of the request, and the connection of the place.
        package let place: Int
        package let lane: Int
        /// Time at which the request is due.
        package let intended: Int64
        /// First time with the request due and a place free.
        package let ready: Int64
        package let request: PlannedRequest
        /// False during warm-up.
        package let counts: Bool
        /// The step of the rate in which the request was due. Nil in a run without steps.
        package let step: Int?
    }

    /// The run ends after `goneCount` failures to connect in a row, over at least
    /// `goneNanoseconds`.
    static let goneCount = 20
    static let goneNanoseconds: Int64 = 3_000_000_000
    /// Pause of a closed-loop caller after a lost connection.
    static let pauseNanoseconds: Int64 = 100_000_000

    package private(set) var recorder: RunRecorder
    package private(set) var earlyEnd: EarlyEnd?
    /// Requests sent and not yet answered.
    package private(set) var inFlight = 0
    /// Requests handed out for sending, warm-up included.
    package private(set) var sentCount = 0

    private var plan: RunPlan
    private var schedule: ArrivalSchedule?
    private var free: PlaceQueue
    private var resting: [(place: Int, until: Int64)] = []
    private var unreachableCount = 0
    private var unreachableSince: Int64 = 0
    /// End of sending: no request is due at or after this time.
    private let end: Int64
    private let warmup: Int64
    /// End of waiting for answers.
    private let drainEnd: Int64
    private var isClosing = false
    private var step = 0

    package init(_ plan: RunPlan) {
        self.plan = plan
        free = PlaceQueue(count: plan.connections * plan.depth)
        warmup = Int64(plan.warmupSeconds * 1e9)
        end = Int64((plan.warmupSeconds + plan.durationSeconds) * 1e9)
        drainEnd = end + Int64(plan.drainSeconds * 1e9)
        if case .open(let schedule) = plan.loop { self.schedule = schedule }
        recorder = RunRecorder(
            objective: plan.objective, start: warmup, isOpen: schedule != nil, steps: plan.steps)
    }

    // MARK: - Sending

    /// The request to send at `now`. Nil when no request is due or no place is free. Call again
    /// until the result is nil.
    package mutating func nextSend(at now: Int64) -> Send? {
        guard !isOver(at: now) else { return nil }
        wakeResting(at: now)
        guard let place = free.first else { return nil }
        let intended: Int64
        var detail: TraceEntry?
        if let arrival = schedule?.next {
            guard arrival.intended < end, arrival.intended <= now else { return nil }
            intended = arrival.intended
            detail = arrival.detail
            schedule?.advance()
        } else {
            guard schedule == nil, now < end else { return nil }
            intended = now
        }
        free.removeFirst()
        inFlight += 1
        sentCount += 1
        let counts = intended >= warmup
        let request = plan.pool.draw(detail)
        let step = step(at: intended)
        if counts { recorder.intend(request.kind, step: step) }
        return Send(
            place: place.number, lane: place.number % plan.connections, intended: intended,
            ready: max(intended, place.since), request: request, counts: counts, step: step)
    }

    /// The step in which a request is due at `intended`. Times must not go back.
    private mutating func step(at intended: Int64) -> Int? {
        guard !plan.steps.isEmpty else { return nil }
        // A due time is cut to whole nanoseconds.
        let seconds = Double(intended - warmup + 2) / 1e9
        while step + 1 < plan.steps.count, plan.steps[step + 1].start <= seconds { step += 1 }
        return step
    }

    /// Earliest time at which `nextSend` may return a request without an answer arriving before.
    /// Nil when only an answer can change anything.
    package func nextWake(at now: Int64) -> Int64? {
        if isOver(at: now) { return nil }
        guard !free.isEmpty else { return resting.first?.until }
        guard let schedule else { return now < end ? now : nil }
        guard let arrival = schedule.next, arrival.intended < end else { return nil }
        return arrival.intended
    }

    private func isOver(at now: Int64) -> Bool {
        earlyEnd != nil || isClosing || now >= drainEnd || sentCount >= plan.requestsMax
    }

    private mutating func wakeResting(at now: Int64) {
        while let first = resting.first, first.until <= now {
            free.append(first.place, since: first.until)
            resting.removeFirst()
        }
    }

    // MARK: - What came back

    /// Takes the outcome of a request and frees its place.
    package mutating func complete(_ send: Send, _ outcome: Outcome, at now: Int64) {
        inFlight -= 1
        let reason = judge(outcome, at: now)
        if schedule == nil, case .unreachable = outcome.end {
            resting.append((send.place, now + Self.pauseNanoseconds))
        } else {
            free.append(send.place, since: now)
        }
        if isClosing, outcome.end != .succeeded {
            if send.counts { recorder.abandon(send.request.kind, step: send.step) }
        } else if send.counts {
            recorder.record(send, outcome)
        }
        if let reason { stop(reason) }
    }

    /// The reason for which this outcome ends the run, or nil.
    private mutating func judge(_ outcome: Outcome, at now: Int64) -> EarlyEnd? {
        if case .mockRefused(let sentence) = outcome.end { return .mock(sentence) }
        if outcome.isMock, !plan.allowMock { return .mock("an answer says that a mock made it") }
        // A mock calls itself degraded. A run that allows mocks allows degraded mocks.
        if !outcome.degradations.isEmpty, !plan.allowDegraded, !outcome.isMock {
            return .degraded(outcome.degradations.joined(separator: "; "))
        }
        guard case .unreachable(let sentence) = outcome.end else {
            unreachableCount = 0
            return nil
        }
        if unreachableCount == 0 { unreachableSince = now }
        unreachableCount += 1
        let isGone =
            unreachableCount >= Self.goneCount
            && now - unreachableSince >= Self.goneNanoseconds
        return isGone ? .unreachable(sentence) : nil
    }

    /// The counts since the last call.
    package mutating func takeInterval() -> IntervalRecord { recorder.takeInterval() }

    // MARK: - The end

    /// Ends the run early: no more requests are sent. The first reason is kept.
    package mutating func stop(_ reason: EarlyEnd) {
        earlyEnd = earlyEnd ?? reason
    }

    /// Marks the start of closing. The engine closes the connections, and every failure from now on
    /// counts as unfinished.
    package mutating func close() {
        isClosing = true
    }

    /// True when no more requests will be sent. Requests in flight may still be answered.
    package func isExhausted(at now: Int64) -> Bool {
        if isOver(at: now) { return true }
        guard let schedule else { return now >= end }
        return schedule.next.map { $0.intended >= end } ?? true
    }

    /// True when the wait for requests in flight is over, too.
    package func mustClose(at now: Int64) -> Bool {
        !isClosing && inFlight > 0 && (earlyEnd != nil || now >= drainEnd)
    }

    /// Ends the record: counts the requests due by `now` and not sent.
    package mutating func finish(at now: Int64) -> RunRecord {
        var unsent = 0
        if var schedule {
            let limit = min(now, end)
            while let arrival = schedule.next, arrival.intended < limit,
                sentCount + unsent < plan.requestsMax
            {
                if arrival.intended >= warmup {
                    let step = step(at: arrival.intended)
                    recorder.miss(plan.pool.drawKind(arrival.detail), step: step)
                }
                unsent += 1
                schedule.advance()
            }
        }
        // A run that reached its end has its planned length, however early its last request was
        // due.
        let isCut = earlyEnd != nil || sentCount >= plan.requestsMax
        return recorder.finish(
            stillOpen: inFlight, end: isCut ? min(max(now, warmup), end) : end,
            earlyEnd: earlyEnd)
    }
}

/// Free places in the order of becoming free, so that all connections take turns.
struct PlaceQueue: Sendable {
    private var places: [(number: Int, since: Int64)]
    private var head = 0
    private var used: Int

    init(count: Int) {
        places = (0..<count).map { ($0, 0) }
        used = count
    }

    var isEmpty: Bool { used == 0 }
    var first: (number: Int, since: Int64)? { used == 0 ? nil : places[head] }

    mutating func removeFirst() {
        head = (head + 1) % places.count
        used -= 1
    }

    /// The queue always has room, since it holds every place at most once.
    mutating func append(_ number: Int, since: Int64) {
        places[(head + used) % places.count] = (number, since)
        used += 1
    }
}
