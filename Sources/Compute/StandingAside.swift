// A thread that leaves the workers of the CPU back ends to others.
//
// An operation has a pool's workers for itself while it runs, and operations of other threads are
// computed by their callers alone meanwhile. A load beside a model that serves must not have them.
// Guarantees: the results are the same bits.

import CKernels

/// Whether the calling thread leaves the workers of every CPU back end to other threads.
package enum StandingAside {
    private final class Rest {
        let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// True while operations of the calling thread run on the thread alone.
    package static var isOn: Bool { kn_pool_stands_aside() }

    /// From now on the thread computes alone.
    ///
    /// - Parameter rest: called on the thread after each portion of an operation, which takes well
    ///   below a millisecond.
    package static func begin(_ rest: @escaping () -> Void) {
        end()
        // `end` gives the reference back.
        let context = Unmanaged.passRetained(Rest(rest)).toOpaque()
        kn_pool_stand_aside(
            { context in
                guard let context else { return }
                Unmanaged<Rest>.fromOpaque(context).takeUnretainedValue().body()
            }, context)
    }

    /// The thread uses the workers again.
    package static func end() {
        guard let context = kn_pool_stand_aside(nil, nil) else { return }
        Unmanaged<Rest>.fromOpaque(context).release()
    }
}
