// Watches the progress of the engine. Pure: beats and the time come in, a verdict goes out.
//
//            silent for the ready limit          silent for the live limit
//   well ---------------------------------> stalled ---------------------> dead
//     ^----------------- a beat, or nothing left to do -----------------------|
//
// Guarantees: an engine without work is well. Silence between two looks counts for one second at
// most, so an engine is not stalled when a suspended process goes on.
// Does not: know the engine. The loop reads the engine's beats and passes them to `look`.

/// See the head of the file. A value owned by the loop thread.
package struct EngineWatch: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable { case well, stalled, dead }

    /// Lower bound of `readyMicroseconds`, however short the steps are.
    private static let readyMicrosecondsMin: UInt64 = 3_000_000
    /// Longest time between two looks that counts in full.
    private static let lookMicrosecondsMax: UInt64 = 1_000_000

    /// Silence after which the server is not ready for more work.
    private let readyMicroseconds: UInt64
    /// Silence after which the process counts as dead.
    private let liveMicroseconds: UInt64
    private var beats: UInt64 = 0
    private var hadWork = false
    private var lookedAt: UInt64 = 0
    private var silentMicroseconds: UInt64 = 0

    package init(limits: ServiceLimits) {
        readyMicroseconds = max(Self.readyMicrosecondsMin, 4 * limits.stepMicrosecondsMax)
        liveMicroseconds = max(readyMicroseconds, limits.liveTimeoutMicroseconds)
    }

    /// Takes in the engine's beat count and the time.
    ///
    /// - Parameters:
    ///   - beats: a count that changes with every finished piece of work.
    ///   - hasWork: true when the engine has something to do.
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

    /// The fault as a sentence, or nil when the engine is well.
    package var fault: String? {
        guard verdict != .well else { return nil }
        return
            "the engine has work and has made no progress for \(silentMicroseconds / 1_000_000) s, "
            + "allowed: \(Self.seconds(readyMicroseconds)) s"
    }

    /// Reason to give the process up, or nil while the engine is alive.
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
