// Ctrl-C during a run: the first one ends it with a report, the second one ends the program.

import Foundation
import Synchronization

/// Whether the user asked for the end.
enum Interruption {
    private static let happened = Atomic<Bool>(false)

    static var hasHappened: Bool { happened.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM is noted; the next one does what it always did.
    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.happened.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
