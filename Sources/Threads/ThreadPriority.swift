// The priority of a thread: how much of a busy core the system gives it.
//
// A thread of low priority gets a tenth of the time beside a usual thread on the same core,
// so its work goes on, and it does not interrupt a usual thread when it wakes. Threads that it
// starts are of low priority, too.
// Does not: raise a priority again. The system would ask for a privilege.

import CScheduling
import Glibc

/// Niceness of a thread of low priority: a tenth of the weight of a usual thread.
package let lowThreadNiceness: Int32 = 10

/// Slice of such a thread in nanoseconds, where the system has slices.
private let lowThreadSlice: UInt64 = 100_000

/// Gives the calling thread a low priority. Once is enough.
///
/// - Returns: false where the system refuses (a sandbox). Nothing has changed then.
@discardableResult
package func lowerThreadPriority() -> Bool {
    var attributes = assay_sched_attr()
    guard assay_sched_getattr(&attributes) == 0, attributes.policy == UInt32(SCHED_OTHER) else {
        return false
    }
    // A batch thread does not interrupt others when it wakes. With a short slice, others that wake
    // need not wait for the end of a long one.
    attributes.policy = ASSAY_SCHED_BATCH
    attributes.nice = max(attributes.nice, lowThreadNiceness)
    attributes.runtime = lowThreadSlice
    return assay_sched_setattr(&attributes) == 0
}

/// Returns the niceness of the calling thread, or nil where the system does not say.
package func threadNiceness() -> Int32? {
    var attributes = assay_sched_attr()
    guard assay_sched_getattr(&attributes) == 0 else { return nil }
    return attributes.nice
}

/// Returns the processor time that the calling thread has used.
package func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
