// The slice of a thread: how long the system lets it run before others get their turn.
//
// A thread that sleeps most of the time and has a short slice gets a core soon after it wakes, even
// where others compute on every core. It gets no larger share of the time, so no privilege is
// needed.
// Does not: change the policy or the niceness, or reach threads that the thread starts.

import CScheduling
import Glibc

/// Gives the calling thread a slice of `microseconds` (100 to 100,000).
///
/// - Returns: false where the system has no slices of threads (before Linux 6.12, or a sandbox that
///   refuses the call). Nothing has changed then.
@discardableResult
package func setThreadSlice(microseconds: UInt64) -> Bool {
    var attributes = assay_sched_attr()
    let nanoseconds = microseconds * 1000
    guard assay_sched_getattr(&attributes) == 0, attributes.policy == UInt32(SCHED_OTHER) else {
        return false
    }
    attributes.runtime = nanoseconds
    attributes.flags |= ASSAY_SCHED_RESET_ON_FORK
    guard assay_sched_setattr(&attributes) == 0 else { return false }
    // Older systems accept the call and have no slice to report.
    return threadSliceMicroseconds() == microseconds
}

/// Returns the slice of the calling thread, or nil where the system does not say.
package func threadSliceMicroseconds() -> UInt64? {
    var attributes = assay_sched_attr()
    guard assay_sched_getattr(&attributes) == 0, attributes.runtime > 0 else { return nil }
    return attributes.runtime / 1000
}
