// Whether bytes move fast enough. Pure: counts and the time come in, a shortfall goes out.
//
// Guarantees: a rate is judged over a whole window, never over less, so a pause of part of a window
// costs nothing when enough came in the rest. Windows follow each other without overlap.

/// Bytes against time for one direction of a connection. Times are microseconds.
struct RateMeter: Sendable {
    /// Too few bytes in a window.
    struct Shortfall: Sendable, Equatable {
        let bytes: Int
        let microseconds: UInt64
    }

    /// Beginning of the window, and the count then.
    private(set) var since: UInt64
    private var count: Int

    init(count: Int, now: UInt64) { (since, self.count) = (now, count) }

    /// Judges the window when it is over, and begins the next one after a good window. A bad window
    /// stays, so the next call tells of it as well.
    ///
    /// - Parameters:
    ///   - count: bytes so far, from any beginning.
    ///   - least: bytes that a window must bring.
    mutating func look(
        count: Int, least: Int, window: UInt64, now: UInt64
    ) -> Shortfall? {
        guard now - since >= window else { return nil }
        // The kernel's own overhead may make the count of taken bytes shrink a little.
        let moved = max(0, count - self.count)
        guard moved >= least else {
            return Shortfall(bytes: moved, microseconds: now - since)
        }
        self = RateMeter(count: count, now: now)
        return nil
    }
}
