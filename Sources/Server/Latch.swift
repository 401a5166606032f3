// A value set once by a thread, with any number of waiting threads.
//
// Guarantees: the first value set stays. Threads may wait before and after the value is set.

import Dispatch
import Synchronization

/// See the head of the file. Any thread.
final class Latch<Value: Sendable>: Sendable {
    private let stored = Mutex<Value?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    /// Sets the value and lets the waiters through. Drops a later value.
    func set(_ value: Value) {
        let isFirst = stored.withLock { stored in
            guard stored == nil else { return false }
            stored = value
            return true
        }
        if isFirst { isSet.signal() }
    }

    /// The value, or nil before it is set.
    var value: Value? { stored.withLock { $0 } }

    /// Blocks until the value is set.
    func wait() -> Value {
        isSet.wait()
        isSet.signal()  // Lets the next waiter through as well.
        guard let value else { preconditionFailure("signalled unset") }
        return value
    }

    /// Blocks until the value is set, at most `milliseconds`. Returns nil after a timeout.
    func wait(milliseconds: Int) -> Value? {
        guard isSet.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else {
            return nil
        }
        isSet.signal()
        return value
    }
}
