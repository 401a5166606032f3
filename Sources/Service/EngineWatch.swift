// Whether the engine gets on with its work. Pure: what it shows of itself and the time come in, a
// verdict goes out.
//
//            silent for the ready limit          silent for the live limit
//   well ---------------------------------> stalled ---------------------> dead
//     ^----------------- a beat, or nothing left to do -----------------------|
//
// Guarantees: an engine without work is well; silence is counted only where it was looked at, so a
// process that was suspended as a whole does not find its engine stalled when it goes on.
// Does not: know the engine; the loop asks it and looks.

/// See the head of the file. A value owned by the loop thread.
package struct EngineWatch: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable { case well, stalled, dead }

    /// Silence of an engine with work that says something is wrong, however short its steps are.
    private static let readyMicrosecondsMin: UInt64 = 3_000_000
    /// Longest time between two looks that counts in full.
    private static let lookMicrosecondsMax: UInt64 = 1_000_000

    /// Silence after which no work should be sent here.
    private let readyMicroseconds: UInt64
    /// Silence after which nobody should wait for it any more.
    private let liveMicroseconds: UInt64
    private var beats: UInt64 = 0
    private var hadWork = false
    private var lookedAt: UInt64 = 0
    private var silentMicroseconds: UInt64 = 0

    package init(limits: ServiceLimits) {
        readyMicroseconds = max(Self.readyMicrosecondsMin, 4 * limits.stepMicrosecondsMax)
        liveMicroseconds = max(readyMicroseconds, limits.liveTimeoutMicroseconds)
    }

    /// Takes in what the engine shows.
    ///
    /// - Parameters:
    ///   - beats: a count that changes with every piece of work that got done.
    ///   - hasWork: whether there is something it should be doing.
    package mutating func look(beats: UInt64, hasWork: Bool, now: UInt64) {
        let passed = min(now - min(now, lookedAt), Self.lookMicrosecondsMax)
        let isSilent = hasWork && hadWork && beats == self.beats
        silentMicroseconds = isSilent ? silentMicroseconds + passed : 0
        self.beats = beats
        hadWork = hasWork
        lookedAt = now
    }

    package var verdict: Verdict {
        if silentMicroseconds >= liveMicroseconds { return .dead }
        return silentMicroseconds >= readyMicroseconds ? .stalled : .well
    }

    /// What is wrong; nil when all is well.
    package var fault: String? {
        guard verdict != .well else { return nil }
        return
            "the engine has work and has made no progress for \(silentMicroseconds / 1_000_000) s, "
            + "allowed: \(Self.seconds(readyMicroseconds)) s"
    }

    /// Why the process should be given up; nil while it should not.
    package var death: String? {
        guard verdict == .dead else { return nil }
        return
            "the engine has work and has made no progress for \(silentMicroseconds / 1_000_000) s, "
            + "allowed: \(Self.seconds(liveMicroseconds)) s"
    }

    private static func seconds(_ microseconds: UInt64) -> String {
        microseconds % 1_000_000 == 0
            ? "\(microseconds / 1_000_000)" : "\(Double(microseconds) / 1_000_000)"
    }
}
