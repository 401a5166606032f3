// Signals as calls on a thread, in place of their default effects.
//
// Guarantees: the handler itself only writes a byte to a pipe. Signals that come while an action
// runs wait for its end. A signal that the parent has the program ignore stays ignored.

import Glibc
import Synchronization
import Threads

/// Signals that the program answers itself. Any thread.
package enum Signals {
    /// Receives the number of a signal.
    package typealias Action = @Sendable (Int32) -> Void

    private struct State {
        var action: Action = { _ in }
        var taken: Set<Int32> = []
        var hasThread = false
    }

    private static let state = Mutex(State())
    private static let pipe = WakingPipe()

    /// Takes these signals from now on. `action` replaces the action of all signals taken before.
    /// Without a descriptor or thread left, signals keep their default effects.
    package static func take(_ numbers: [Int32], _ action: @escaping Action) {
        // Made here, since a handler must not make the pipe.
        guard let ends = pipe else { return }
        let fresh = state.withLock { state -> [Int32] in
            state.action = action
            if !state.hasThread {
                let started: Void? = try? startThread("assay-signals", stackSize: 1 << 20) {
                    serve(ends.reading)
                }
                state.hasThread = started != nil
            }
            guard state.hasThread else { return [] }
            defer { state.taken.formUnion(numbers) }
            return numbers.filter { !state.taken.contains($0) && !isIgnored($0) }
        }
        for number in fresh {
            signal(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Signals.pipe?.writing ?? -1, &byte, 1)
                errno = saved
            }
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var present = sigaction()
        sigaction(number, nil, &present)
        // SIG_IGN is the address 1.
        return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    private static func serve(_ descriptor: Int32) {
        while true {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { continue }
            let action = state.withLock { $0.action }
            action(Int32(byte))
        }
    }
}
