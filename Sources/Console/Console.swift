// The standard streams of a program: checked, and safe to look at.
//
// Guarantees:
// - Standard output is written whole, or the program ends with status 74: without a word when the
//   reader has gone (EPIPE), else with a sentence.
// - On a terminal, text from elsewhere never moves the cursor, sets colours or reorders letters.
// - Descriptors 0 to 2 exist, so that no file or socket gets one of the numbers.
// Does not: buffer. A call is a write.

import Glibc
import PlainText

/// The standard streams. Any thread.
package enum Console {
    /// Exit status of a program whose output cannot be written.
    package static let outputFailure: Int32 = 74

    /// Opens missing descriptors, ignores SIGPIPE and SIGXFSZ, and gives crashes back to the
    /// system. Programs call it first.
    package static func prepare() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // A descriptor of the wrong direction: its use is the error that it was before.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
        // A write beyond a limit of the file size fails like a write to a full disk.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        // Swift's backtracer would print paths and memory for minutes while a core is wanted.
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] {
            signal(number, SIG_DFL)
        }
    }

    // MARK: Standard output

    /// True when a person sees standard output.
    package static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes text to standard output, escaped on a terminal.
    package static func output(_ text: String) {
        write(outputIsTerminal ? escaped(text, keeping: "\n\t") : text)
    }

    /// Writes text and a newline to standard output, escaped on a terminal.
    package static func line(_ text: String) { output(text + "\n") }

    /// Writes lines to standard output, with their styles where the terminal has them.
    package static func lines(_ lines: [StyledText]) {
        let isTerminal = outputIsTerminal
        let hasColour = TerminalAbility.of(STDOUT_FILENO).hasColour
        write(
            lines.map { line in
                line.text(hasColour: hasColour) { isTerminal ? escaped($0, keeping: "\n\t") : $0 }
                    + "\n"
            }.joined())
    }

    /// Writes bytes to standard output. On a terminal they are shown as text.
    package static func output(bytes: [UInt8]) {
        guard !outputIsTerminal else { return output(String(decoding: bytes, as: UTF8.self)) }
        check(bytes.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) })
    }

    private static func write(_ text: String) {
        var text = text
        check(text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) })
    }

    private static func check(_ number: Int32) {
        guard number != 0 else { return }
        if number != EPIPE {
            let reason = String(cString: strerror(number))
            error("\(programName): standard output cannot be written: \(reason)")
        }
        exit(outputFailure)
    }

    private static var programName: String {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "program"
    }

    // MARK: Standard input

    /// True when a person writes standard input.
    package static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Returns the next bytes of standard input, as many as are there, none at the end. A failure
    /// ends the program like one of the output.
    package static func input() -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            var size = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            while size < 0, errno == EINTR {
                size = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            }
            failure = size < 0 ? errno : 0
            count = max(0, size)
        }
        if failure != 0 {
            error(
                "\(programName): standard input cannot be read: "
                    + String(cString: strerror(failure))
            )
            exit(outputFailure)
        }
        return bytes
    }

    // MARK: Standard error

    /// True when a person sees standard error.
    package static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// True when a line on standard error can be replaced: a terminal that is not dumb.
    package static var errorCanRewrite: Bool { TerminalAbility.of(STDERR_FILENO).canRewrite }

    /// Writes text without a newline to standard error, escaped.
    package static func errorPart(_ text: String) { send(escaped(text, keeping: "\n\t")) }

    /// Writes a line to standard error, escaped. A failure is ignored: there is nobody to tell.
    package static func error(_ line: String) { send(escaped(line, keeping: "\n\t") + "\n") }

    /// Writes a line to standard error, escaped, with its styles where the terminal has them.
    package static func error(_ line: StyledText) {
        let hasColour = TerminalAbility.of(STDERR_FILENO).hasColour
        send(line.text(hasColour: hasColour) { escaped($0, keeping: "\n\t") } + "\n")
    }

    /// Replaces the line on standard error by `text`, escaped, where `errorCanRewrite`.
    package static func progress(_ text: String) {
        if errorCanRewrite { send("\r\u{1B}[K" + escaped(text)) }
    }

    private static func send(_ text: String) {
        var text = text
        _ = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }
}

/// Writes all bytes. Returns 0, or the errno of the write that failed. Waits where the descriptor
/// does not.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = write(
            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count >= 0 {
            rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wanted, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}
