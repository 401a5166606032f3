// A timer for the earliest of several times.
//
// Guarantees: the action runs at or after the earliest time asked for since the last ring. An alarm
// for a need that has passed meanwhile still rings, so the action has to look for itself.

import EventLoop

/// See the head of the file. Loop thread only.
final class Alarm {
    private let timer: Timer
    private var at = UInt64.max
    /// Called when the alarm rings.
    var onRing: () -> Void = {}

    init(loop: Loop) throws(EventLoopError) { timer = try Timer(loop: loop) }

    /// Rings at `time` in microseconds of `ServerClock`, or earlier when an earlier alarm is set.
    func set(_ time: UInt64?) {
        guard let time, time < at else { return }
        at = time
        let delay = time - min(time, ServerClock.now)
        // A timer without delay, set by its own action, would run again before anything else does.
        timer.start(after: .microseconds(Int64(clamping: max(delay, 1000)))) { [unowned self] in
            at = .max
            onRing()
        }
    }
}
