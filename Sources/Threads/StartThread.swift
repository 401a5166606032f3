// Starts threads.
//
// Guarantees: the body runs exactly once on the new thread, or not at all when an error is thrown.
// Does not: wait for the end. Threads are detached, and what they share is Sendable.

import Glibc

/// The system refused another thread.
package struct ThreadRefusal: Error, CustomStringConvertible {
    /// The errno of `pthread_create`.
    package let number: Int32

    package var description: String {
        "pthread_create failed with error \(number) (\(String(cString: strerror(number))))"
    }
}

/// Runs `body` on a new detached thread.
///
/// - Parameters:
///   - name: name for debuggers and `ps`, cut after 15 bytes.
///   - stackSize: bytes of stack, touched only when used.
package func startThread(
    _ name: String, stackSize: Int = 4 << 20, _ body: @escaping @Sendable () -> Void
) throws(ThreadRefusal) {
    // The thread takes over the reference. Without a thread, the failure path gives it back.
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackSize)
    var thread = pthread_t()
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { preconditionFailure("a thread without its start") }
            Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, start.toOpaque())
    guard status == 0 else {
        start.release()
        throw ThreadRefusal(number: status)
    }
}

private final class ThreadStart: Sendable {
    private let name: String
    private let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        (self.name, self.body) = (name, body)
    }

    func run() {
        // Swift sees no call that names a thread. Without the file the thread stays nameless.
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        if file >= 0 {
            _ = write(file, name, name.utf8.count)
            close(file)
        }
        body()
    }
}
