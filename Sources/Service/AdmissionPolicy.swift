// Decides at once whether a request may wait for the engine. Pure: counts, sizes and times in, a
// verdict out.
//
// Places are shared as buffers of a switch are, by a threshold that moves. A connection beside
// others gets a further place while it holds fewer than are free, so that few greedy connections
// leave room for whoever comes. A connection alone leaves an eighth.
//
// Guarantees: never more than `outstandingMax` requests and `outstandingSizeMax` body bytes are
// held. A connection with a request waits no longer for a further one than `waitMicrosecondsMax`,
// as far as recent requests tell. A refused client learns when it is likely to be admitted.
// Does not: queue. The accepted work waits in the engine's scheduler.

/// Bounds the number of accepted, unfinished requests. One value per loop thread.
package struct AdmissionPolicy: Sendable {
    package enum Verdict: Sendable, Equatable {
        case admitted
        case refused(retryAfterMilliseconds: UInt64)
    }

    /// What a connection holds.
    private struct Share: Sendable {
        var count = 0
        var size = 0
    }

    /// Pause that a refused client is told before anything was measured.
    private static let retryUnknownMilliseconds: UInt64 = 100
    private static let retryMinMilliseconds: UInt64 = 10
    private static let retryMaxMilliseconds: UInt64 = 10_000
    /// A connection alone leaves this part of the places and bytes to others.
    private static let reservedPart = 8

    private let countMax: Int
    private let sizeMax: Int
    private let waitMax: Double
    private var shares: [UInt64: Share] = [:]
    package private(set) var outstandingCount = 0
    package private(set) var outstandingSize = 0
    private var lastFinish: UInt64?
    private var finishInterval = MovingAverage()

    package init(limits: ServiceLimits) {
        countMax = limits.outstandingMax
        sizeMax = limits.outstandingSizeMax
        waitMax = Double(limits.waitMicrosecondsMax)
    }

    /// Counts a request of `size` body bytes in, or refuses with a pause.
    package mutating func admit(
        size: Int, connection: UInt64, now: UInt64
    ) -> Verdict {
        let own = shares[connection] ?? Share()
        let isAlone = shares.isEmpty || shares.count == 1 && own.count > 0
        let fits =
            Self.fits(1, own.count, of: outstandingCount, max: countMax, isAlone: isAlone)
            && Self.fits(size, own.size, of: outstandingSize, max: sizeMax, isAlone: isAlone)
        let wait = expectedWait(own.count, now: now)
        guard fits, own.count == 0 || wait <= waitMax else {
            return .refused(retryAfterMilliseconds: pause(fits ? wait - waitMax : nil, now: now))
        }
        outstandingCount += 1
        outstandingSize += size
        shares[connection] = Share(count: own.count + 1, size: own.size + size)
        return .admitted
    }

    /// True when the connection may have `more` besides its own, of `all` that are held.
    private static func fits(
        _ more: Int, _ own: Int, of all: Int, max: Int, isAlone: Bool
    ) -> Bool {
        guard more <= max - all else { return false }
        return own == 0 || (isAlone ? more <= max - max / reservedPart - all : own < max - all)
    }

    /// Counts an admitted request out at `now` microseconds.
    package mutating func finish(size: Int, connection: UInt64, now: UInt64) {
        guard let own = shares[connection], own.count > 0, own.size >= size else {
            preconditionFailure("connection \(connection) ends a request that was not admitted")
        }
        let rest = Share(count: own.count - 1, size: own.size - size)
        shares[connection] = rest.count > 0 ? rest : nil
        outstandingCount -= 1
        outstandingSize -= size
        if let last = lastFinish, now >= last { finishInterval.add(Double(now - last)) }
        // The pause between two busy spells does not show how fast places free up.
        lastFinish = outstandingCount > 0 ? now : nil
    }

    /// Recent mean time between the ends of two requests under load, or 0 before any was measured.
    package var finishIntervalMicroseconds: UInt64 { UInt64(finishInterval.value ?? 0) }

    /// Time until a further request of a connection with `own` requests ends, when connections
    /// take turns: as many requests of every other connection end before.
    private func expectedWait(_ own: Int, now: UInt64) -> Double {
        let turns = min(outstandingCount + 1, (own + 1) * Swift.max(1, shares.count))
        return Double(turns) * interval(now: now)
    }

    /// Mean time between two ends. A longer silence since the last end counts.
    private func interval(now: UInt64) -> Double {
        let silence = lastFinish.map { Double(now - min(now, $0)) } ?? 0
        return finishInterval.value.map { Swift.max($0, silence) } ?? 0
    }

    /// The time by which a wait is too long, or the time in which a place frees for a connection
    /// whose turn is one of several. Twice that, so that it is likely to hold.
    private func pause(_ excess: Double?, now: UInt64) -> UInt64 {
        guard finishInterval.value != nil else { return Self.retryUnknownMilliseconds }
        let time = excess ?? interval(now: now) * Double(Swift.max(1, shares.count))
        let milliseconds = min(time * 2 / 1000, Double(Self.retryMaxMilliseconds))
        return Swift.max(Self.retryMinMilliseconds, UInt64(milliseconds))
    }
}
