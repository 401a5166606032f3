// Ctrl-C during a run: the first Ctrl-C ends the run with a report, the second ends the program.

import Foundation
import Synchronization

/// The user's request to end the run.
enum Interruption {
    private static let happened = Atomic<Bool>(false)

    static var hasHappened: Bool { happened.load(ordering: .relaxed) }

    /// Notes the first SIGINT or SIGTERM. After that, the signal has its default effect again.
    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.happened.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
