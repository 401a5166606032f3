// Decides at once whether a request may wait for the engine. Pure: counts and times in, a verdict
// out.
//
// Guarantees: never more than `outstandingMax` requests and `outstandingSizeMax` body bytes are
// held. A refused client learns when a place is likely to be free.
// Does not: queue. The accepted work waits in the engine's scheduler.

/// Bounds the number of accepted, unfinished requests. One value per loop thread.
package struct AdmissionPolicy: Sendable {
    package enum Verdict: Sendable, Equatable {
        case admitted
        case refused(retryAfterMilliseconds: UInt64)
    }

    /// Pause that a refused client is told before anything was measured.
    private static let retryUnknownMilliseconds: UInt64 = 100
    private static let retryMinMilliseconds: UInt64 = 10
    private static let retryMaxMilliseconds: UInt64 = 10_000

    private let countMax: Int
    private let sizeMax: Int
    package private(set) var outstandingCount = 0
    package private(set) var outstandingSize = 0
    private var lastFinish: UInt64?
    private var finishInterval = MovingAverage()

    package init(limits: ServiceLimits) {
        countMax = limits.outstandingMax
        sizeMax = limits.outstandingSizeMax
    }

    /// Counts a request of `size` body bytes in, or refuses with a pause.
    package mutating func admit(size: Int) -> Verdict {
        guard outstandingCount < countMax, size <= sizeMax - outstandingSize else {
            return .refused(retryAfterMilliseconds: retryAfterMilliseconds)
        }
        outstandingCount += 1
        outstandingSize += size
        return .admitted
    }

    /// Counts an admitted request out at `now` microseconds.
    package mutating func finish(size: Int, now: UInt64) {
        precondition(outstandingCount > 0 && outstandingSize >= size, "finish without admit")
        outstandingCount -= 1
        outstandingSize -= size
        if let last = lastFinish, now >= last { finishInterval.add(Double(now - last)) }
        // The pause between two busy spells does not show how fast places free up.
        lastFinish = outstandingCount > 0 ? now : nil
    }

    /// Recent mean time between the ends of two requests under load, or 0 before any was measured.
    package var finishIntervalMicroseconds: UInt64 { UInt64(finishInterval.value ?? 0) }

    /// Twice `finishInterval`, the time in which a place frees, so that a place is likely to be
    /// still free when the client comes back.
    private var retryAfterMilliseconds: UInt64 {
        guard let interval = finishInterval.value else { return Self.retryUnknownMilliseconds }
        let milliseconds = min(interval * 2 / 1000, Double(Self.retryMaxMilliseconds))
        return max(Self.retryMinMilliseconds, UInt64(milliseconds))
    }
}
