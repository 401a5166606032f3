// Lines that a person edits on a terminal, with the lines before at hand: libedit's editor.
//
// Guarantees:
// - The terminal is in its usual state whenever `read` is not running.
// - Ctrl-C and other signals arrive as results of `read`, by the waker of `input`.
// - Input is UTF-8 whatever the locale. Prompts are escaped.
// - Nothing goes to standard output: prompt and line are on standard error.

import CEditline
import Console
import Glibc
import PlainText

/// The editor of the terminal. One per program, for one reader at a time.
package final class LineEditor {
    /// What `read` has brought.
    package enum Reading: Equatable {
        case line(String)
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
        /// Ctrl-C. The line is thrown away.
        case interrupt(lineWasEmpty: Bool)
        /// Another signal that ends the program.
        case signal(Int32)
    }

    /// The bytes of the terminal. `wake` it with SIGINT, SIGWINCH, SIGCONT, and signals that end.
    package let input: WakingInput
    private let editor: OpaquePointer
    private let history: LineHistory
    /// What the callbacks of libedit see.
    private let desk = Desk()

    /// Nil when the terminal cannot be used.
    package init?(program: String, history: LineHistory) {
        Self.chooseLocale()
        guard let input = WakingInput(), let editor = assay_el_init(program) else { return nil }
        (self.input, self.editor, self.history) = (input, editor, history)
        desk.input = input
        // The box lives as long as the editor: `deinit` ends the editor first.
        assay_el_set_client(editor, Unmanaged.passUnretained(desk).toOpaque())
        assay_el_set_emacs(editor)
        assay_el_set_prompt(editor) { editor in Desk.of(editor)?.prompt }
        assay_el_set_read(editor) { editor, scalar in Desk.of(editor)?.read(editor, scalar) ?? -1 }
        history.attach(to: editor)
        _ = assay_el_bind(editor, "^R", "em-inc-search-prev")
        el_source(editor, nil)
        _ = assay_el_add(editor, "assay-interrupt", "throws the line away") { editor, _ in
            Desk.of(editor)?.interrupt(editor) ?? UInt8(CC_EOF)
        }
        _ = assay_el_bind(editor, "^C", "assay-interrupt")
    }

    deinit { el_end(editor) }

    /// Lets the person edit a line. Blocks. A line that is not blank goes to the history.
    package func read(prompt: String) -> Reading {
        desk.begin(escaped(prompt))
        var count: Int32 = 0
        el_resize(editor)
        // The editor itself would do so behind the prompt, and show what is typed between twice.
        assay_el_take_terminal(editor)
        guard let text = el_gets(editor, &count), count > 0 else { return desk.ending }
        if let number = desk.signal { return .signal(number) }
        var line = String(cString: text)
        if line.last?.isNewline == true { line.removeLast() }
        history.add(line)
        return .line(line)
    }

    /// Width and encoding of characters are those of UTF-8.
    private static func chooseLocale() {
        setlocale(LC_CTYPE, "")
        let encoding = nl_langinfo(Int32(CODESET)).map { String(cString: $0) }
        if encoding != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
    }
}

/// The state of a `read`, within reach of libedit's callbacks.
private final class Desk {
    var input: WakingInput?
    private(set) var prompt: UnsafeMutablePointer<CChar>?
    private(set) var signal: Int32?
    private var interrupted: Bool?

    deinit { free(prompt) }

    static func of(_ editor: OpaquePointer?) -> Desk? {
        guard let editor, let data = assay_el_client(editor) else { return nil }
        return Unmanaged<Desk>.fromOpaque(data).takeUnretainedValue()
    }

    func begin(_ prompt: String) {
        free(self.prompt)
        self.prompt = strdup(prompt)
        (signal, interrupted) = (nil, nil)
    }

    /// The result of a read without a line.
    var ending: LineEditor.Reading {
        if let signal { return .signal(signal) }
        return interrupted.map { .interrupt(lineWasEmpty: $0) } ?? .end
    }

    /// Puts the next character there: 1, or 0 at the end of input.
    func read(
        _ editor: OpaquePointer?, _ scalar: UnsafeMutablePointer<wchar_t>?
    ) -> Int32 {
        guard let editor, let scalar, let input else { return -1 }
        while true {
            switch input.next() {
            case .byte(let byte):
                scalar.pointee = wchar_t(character(byte, input).value)
                return 1
            case .end: return 0
            case .signal(SIGINT):
                scalar.pointee = 3
                return 1
            case .signal(SIGWINCH): el_resize(editor)
            case .signal(SIGCONT):
                assay_el_take_terminal(editor)
                assay_el_refresh(editor)
            case .signal(let number):
                signal = number
                return 0
            }
        }
    }

    /// The character that begins with `byte`.
    private func character(_ byte: UInt8, _ input: WakingInput) -> Unicode.Scalar {
        guard byte >= 0x80 else { return Unicode.Scalar(byte) }
        var bytes = [byte]
        let size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
        while bytes.count < size, let next = input.takeContinuation() { bytes.append(next) }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
    }

    func interrupt(_ editor: OpaquePointer?) -> UInt8 {
        let line = editor.flatMap { el_line($0) }
        interrupted = line.map { $0.pointee.lastchar == $0.pointee.buffer } ?? true
        return UInt8(CC_EOF)
    }
}
