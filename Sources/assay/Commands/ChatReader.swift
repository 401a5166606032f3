// Where the lines of a chat come from: an editor on a terminal, or plain lines.
//
// Guarantees: a dumb terminal gets no escape sequences, and a pipe no prompt. Prompts go to
// standard error.

import Console
import Foundation
import LineEditing
import Wire

/// The lines of a chat, for one reader.
final class ChatReader {
    /// What was read.
    enum Reading {
        case line(String)
        case end
        case interrupt(lineWasEmpty: Bool)
        /// A line that is no text.
        case refused(String)
    }

    /// True when a person writes the lines.
    let isTerminal = Console.inputIsTerminal
    private let editor: LineEditor?
    private let plain: WakingInput?

    init() {
        let mayEdit = isTerminal && Console.errorCanRewrite
        editor =
            mayEdit
            ? LineHistory(path: LineHistory.userPath())
                .flatMap { LineEditor(program: "assay", history: $0) } : nil
        plain = editor == nil ? WakingInput() : nil
    }

    /// Waits for a line. A signal that ends programs ends this one.
    func read(prompt: String) -> Reading {
        if let editor {
            take([SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT], editor.input.waker)
            switch editor.read(prompt: prompt) {
            case .line(let line): return .line(line)
            case .end:
                // The next line of the screen is the shell's.
                Console.error("")
                return .end
            case .interrupt(let lineWasEmpty):
                Console.error("^C")
                return .interrupt(lineWasEmpty: lineWasEmpty)
            case .signal(let number): exit(128 + number)
            }
        }
        guard let plain else { return .end }
        if isTerminal {
            take([SIGINT], plain.waker)
            Console.errorPart(prompt)
        } else {
            Signals.take([SIGINT]) { _exit(128 + $0) }
        }
        return readPlain(plain)
    }

    private func readPlain(_ input: WakingInput) -> Reading {
        switch input.line(sizeMax: Limits.textSizeMax + 1) {
        case .end: return .end
        case .signal:
            Console.error("")
            return .interrupt(lineWasEmpty: true)
        case .text(let bytes):
            guard let line = String(validating: bytes, as: UTF8.self) else {
                return .refused("a line: found bytes that are not UTF-8, allowed: UTF-8")
            }
            return .line(line)
        }
    }

    private func take(_ numbers: [Int32], _ waker: WakingInput.Waker) {
        Signals.take(numbers) { waker.wake($0) }
    }
}
