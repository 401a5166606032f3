// The end of a large object, on a thread that nobody waits for.
//
// The last reference to a model frees a vocabulary and thousands of small objects, which takes
// milliseconds. A thread that computes or answers hands its reference over instead.
// Guarantees: the reference is given up, on the calling thread where the system has no other.

import Synchronization

/// A reference that one thread gives up.
private final class LastReference<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: consuming Value) { self.value = Mutex(value) }

    func giveUp() {
        let value = value.withLock { value in
            defer { value = nil }
            return value
        }
        withExtendedLifetime(value) {}
    }
}

/// Gives `value` up on a thread of low priority. The caller keeps no reference of its own.
package func dropElsewhere(_ value: consuming some Sendable) {
    let reference = LastReference(value)
    do throws(ThreadRefusal) {
        try startThread("assay-release") {
            lowerThreadPriority()
            reference.giveUp()
        }
    } catch {
        reference.giveUp()
    }
}
