// A value that one thread sets once and others wait for.
//
// Guarantees: the first value set stays; any number of threads may wait, before and after.

import Dispatch
import Synchronization

/// See the head of the file. Any thread.
final class Latch<Value: Sendable>: Sendable {
    private let stored = Mutex<Value?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    /// Lets the waiters through; a later value is dropped.
    func set(_ value: Value) {
        let isFirst = stored.withLock { stored in
            guard stored == nil else { return false }
            stored = value
            return true
        }
        if isFirst { isSet.signal() }
    }

    /// The value, if it is there.
    var value: Value? { stored.withLock { $0 } }

    /// Blocks until there is a value.
    func wait() -> Value {
        isSet.wait()
        isSet.signal()  // Lets the next waiter through as well.
        guard let value else { preconditionFailure("signalled unset") }
        return value
    }

    /// Blocks until there is a value, at most so long; nil when there is none by then.
    func wait(milliseconds: Int) -> Value? {
        guard isSet.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else {
            return nil
        }
        isSet.signal()
        return value
    }
}
