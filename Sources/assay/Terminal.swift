// What people see beside the data: the banner of a mock, and progress that does not get in the way.
//
// Guarantees: only data goes to standard output. Progress goes to standard error, but only on a
// terminal that can replace a line, or after a long wait. Such a line is erased before further
// text.

import Console
import PlainText

enum Terminal {
    /// Warns of a mock's answer, as loudly as a terminal can.
    static func mockBanner(model: String?) {
        let name = model.map { " \"\($0)\"" } ?? ""
        let line = String(repeating: "*", count: 72)
        let words = [
            line, "*** MOCK   this answer was made by the mock model\(name)",
            "*** MOCK   it is random and says nothing about any real model", line,
        ]
        for text in words { Console.error(StyledText(text, .alarm)) }
    }
}

/// A line of progress. On a capable terminal the line replaces itself, elsewhere it appears rarely.
struct Progress {
    /// Silence before each line that cannot be replaced.
    private static let patience = Duration.seconds(2)

    private let started = ContinuousClock.now
    private var lastPrinted: ContinuousClock.Instant?
    private var isShown = false

    /// Shows `text` in place of the previous text.
    mutating func show(_ text: String) {
        let now = ContinuousClock.now
        if Console.errorCanRewrite {
            Console.progress(text)
            isShown = true
        } else if (lastPrinted ?? started).duration(to: now) > Self.patience {
            Console.error(text)
            lastPrinted = now
        }
    }

    /// Erases the line on a terminal.
    mutating func clear() {
        guard isShown else { return }
        Console.progress("")
        isShown = false
    }
}
