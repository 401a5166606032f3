// Standard output and error: text as it comes, progress that does not get in the way.
//
// Guarantees: data goes to standard output and nothing else does; progress goes to standard error,
// only when that is a terminal or the wait is long, and a terminal line is erased before other
// text.

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

    /// Says as loudly as a terminal can that what follows is no model's answer.
    static func mockBanner(model: String?) {
        let name = model.map { " \"\($0)\"" } ?? ""
        let line = String(repeating: "*", count: 72)
        error(line)
        error("*** MOCK   this answer was made by the mock model\(name)")
        error("*** MOCK   it is random and says nothing about any real model")
        error(line)
    }
}

/// One line of progress that replaces itself on a terminal, and appears rarely elsewhere.
struct Progress {
    /// Silence before the first line when standard error is not a terminal.
    private static let patience = Duration.seconds(2)

    private let started = ContinuousClock.now
    private var lastPrinted: ContinuousClock.Instant?
    private var isShown = false

    /// Shows `text` in place of what was shown before.
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

    /// Erases what is shown on a terminal.
    mutating func clear() {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
        isShown = false
    }
}
