// Lines of a chat put together to messages and commands.
//
// Guarantees: pure. A line that ends with a backslash goes on, and lines between """ and """ belong
// together as they are. A command begins with a slash, and // begins a message with a slash. What
// waits is bounded.

import Wire

/// One thing that a person says in a chat.
package enum ChatEntry: Equatable, Sendable {
    case message(String)
    case command(String)
    /// Cannot be sent: the reason, as a sentence.
    case refused(String)
}

/// The lines of an entry so far.
package struct ChatInput: Sendable {
    private static let quotes = "\"\"\""

    private var lines: [String] = []
    private var size = 0
    private var isBlock = false
    private var isTooLong = false

    package init() {}

    /// True while an entry waits for its last line.
    package var isOpen: Bool { isBlock || !lines.isEmpty || isTooLong }

    /// Takes a line without its newline. Returns the entry that the line ends, or nil when the
    /// entry goes on or the line is blank.
    package mutating func take(_ line: String) -> ChatEntry? {
        if isBlock { return takeInBlock(line) }
        if !isOpen, let rest = Self.opening(line) {
            isBlock = true
            return rest.isEmpty ? nil : takeInBlock(rest)
        }
        if line.utf8.last == UInt8(ascii: "\\") {
            keep(String(line.unicodeScalars.dropLast()))
            return nil
        }
        keep(line)
        return close(isLiteral: false)
    }

    /// Ends the input. Returns what is left of it.
    package mutating func finish() -> ChatEntry? {
        guard isBlock else { return isOpen ? close(isLiteral: false) : nil }
        self = ChatInput()
        return .refused("the input ends in a block; allowed: a line that ends with \(Self.quotes)")
    }

    /// Throws away what waits.
    package mutating func drop() { self = ChatInput() }

    private mutating func takeInBlock(_ line: String) -> ChatEntry? {
        guard line.hasSuffix(Self.quotes) else {
            keep(line)
            return nil
        }
        let last = line.dropLast(Self.quotes.count)
        if !last.isEmpty { keep(String(last)) }
        return close(isLiteral: true)
    }

    private mutating func keep(_ line: String) {
        size += line.utf8.count + 1
        isTooLong = isTooLong || size > Limits.textSizeMax
        if isTooLong { lines = [] } else { lines.append(line) }
    }

    /// - Parameter isLiteral: true for text that is never a command.
    private mutating func close(isLiteral: Bool) -> ChatEntry? {
        let (text, isTooLong) = (lines.joined(separator: "\n"), isTooLong)
        self = ChatInput()
        if isTooLong {
            return .refused(
                "the message: found more than \(Limits.textSizeMax) bytes, allowed: up to "
                    + "\(Limits.textSizeMax)")
        }
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        guard !isLiteral, text.hasPrefix("/") else { return .message(text) }
        return text.hasPrefix("//") ? .message(String(text.dropFirst())) : .command(text)
    }

    /// The text behind the quotes that open a block.
    private static func opening(_ line: String) -> String? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix(quotes) ? String(text.dropFirst(quotes.count)) : nil
    }
}
