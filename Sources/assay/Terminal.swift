// Standard output and error: text as it comes, and progress that does not get in the way.
//
// Guarantees: only data goes to standard output. Progress goes to standard error, but only on a
// terminal or after a long wait. A terminal line is erased before further text.

import Foundation

enum Terminal {
    /// Writes text without a newline, at once.
    static func output(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// Writes a line to standard error.
    static func error(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Warns of a mock's answer, as loudly as a terminal can.
    static func mockBanner(model: String?) {
        let name = model.map { " \"\($0)\"" } ?? ""
        let line = String(repeating: "*", count: 72)
        error(line)
        error("*** MOCK   this answer was made by the mock model\(name)")
        error("*** MOCK   it is random and says nothing about any real model")
        error(line)
    }
}

/// A line of progress. On a terminal the line replaces itself, elsewhere it appears rarely.
struct Progress {
    /// Silence before each line when standard error is not a terminal.
    private static let patience = Duration.seconds(2)

    private let started = ContinuousClock.now
    private var lastPrinted: ContinuousClock.Instant?
    private var isShown = false

    /// Shows `text` in place of the previous text.
    mutating func show(_ text: String) {
        let now = ContinuousClock.now
        if Terminal.errorIsTerminal {
            FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
            isShown = true
        } else if (lastPrinted ?? started).duration(to: now) > Self.patience {
            Terminal.error(text)
            lastPrinted = now
        }
    }

    /// Erases the line on a terminal.
    mutating func clear() {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
        isShown = false
    }
}
