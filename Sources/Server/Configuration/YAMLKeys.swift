// Keys of the outermost level of a YAML text, with their lines.
//
// Guarantees: linear, and no answer for a text with a construct that is not followed here (anchors,
// tags, complex keys, several documents, a mapping in braces).
// Does not: parse values, or judge the text. swift-configuration does.

import PlainText

/// See the head of the file.
struct YAMLKeys {
    private enum Open {
        case nothing
        case quote(Character)
        /// Brackets and braces, and a quotation mark inside of them.
        case flow(depth: Int, quote: Character?)
        /// The lines of `|` or `>`, as long as they are indented.
        case block
    }

    private var open = Open.nothing
    private var entries: [ConfigurationFile.Entry] = []

    /// True for a text without a value: blank lines, comments and the marks of a document.
    static func isEmpty(_ text: String) -> Bool {
        lines(text).allSatisfy { line in
            let words = line.drop(while: \.isWhitespace)
            return words.isEmpty || words.first == "#" || isMark(line)
        }
    }

    /// The keys in their order, or nil for a text that is not followed.
    static func entries(_ text: String) -> [ConfigurationFile.Entry]? {
        var scan = YAMLKeys()
        for (index, line) in lines(text).enumerated() {
            guard scan.read(line, number: index + 1) else { return nil }
        }
        if case .quote = scan.open { return nil }
        return scan.entries
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0.isNewline }
    }

    private static func isMark(_ line: Substring) -> Bool {
        line.hasPrefix("---") && line.dropFirst(3).allSatisfy(\.isWhitespace)
    }

    /// False when the line is not followed.
    private mutating func read(_ line: Substring, number: Int) -> Bool {
        switch open {
        case .quote, .flow:
            value(line)
            return true
        case .block, .nothing:
            break
        }
        let words = line.drop(while: \.isWhitespace)
        guard let first = line.first, let next = words.first, next != "#" else { return true }
        if first.isWhitespace || line == "-" || line.hasPrefix("- ") {
            if case .block = open, first.isWhitespace { return true }
            return begin(item(words))
        }
        open = .nothing
        if Self.isMark(line) { return entries.isEmpty }
        guard let (name, rest) = Self.key(line) else { return false }
        let shown = Self.shown(rest)
        entries.append(.init(name: name, line: number, shown: shown))
        return begin(rest)
    }

    /// What stands behind the dashes of a list's item.
    private func item(_ words: Substring) -> Substring {
        var rest = words
        while rest.hasPrefix("- ") { rest = rest.dropFirst(2).drop(while: \.isWhitespace) }
        return rest
    }

    /// The key at the beginning of a line and what stands behind its colon.
    private static func key(_ line: Substring) -> (String, Substring)? {
        guard let first = line.first, !"{[&*!|>?@`%,]}.".contains(first) else { return nil }
        if first == "\"" || first == "'" {
            let inside = line.dropFirst()
            guard let end = inside.firstIndex(of: first), !inside[..<end].contains("\\") else {
                return nil
            }
            let rest = inside[inside.index(after: end)...].drop(while: \.isWhitespace)
            guard rest.first == ":" else { return nil }
            return (String(inside[..<end]), rest.dropFirst().drop(while: \.isWhitespace))
        }
        var end = line.startIndex
        while end < line.endIndex {
            let behind = line.index(after: end)
            if line[end] == ":", behind == line.endIndex || line[behind].isWhitespace {
                let name = line[..<end]
                guard !name.contains(" #") else { return nil }
                return (
                    String(name).trimmed, line[behind...].drop(while: \.isWhitespace)
                )
            }
            end = behind
        }
        return nil
    }

    /// A value's text without its comment, bounded, as an error shows it.
    private static func shown(_ rest: Substring) -> String {
        var end = rest.startIndex
        var last: Character = " "
        while end < rest.endIndex, !(rest[end] == "#" && last.isWhitespace) {
            last = rest[end]
            end = rest.index(after: end)
        }
        let text = String(rest[..<end]).trimmed
        guard let first = text.first else { return "nothing" }
        if "[{|>".contains(first) { return first == "[" ? "a list" : "a text of several parts" }
        return FlagValue.shown(escaped(first == "\"" || first == "'" ? text.unquoted : text))
    }

    // MARK: Values

    /// The beginning of a value. False for a value that is not followed.
    private mutating func begin(_ rest: Substring) -> Bool {
        switch rest.first {
        case "&", "!", "*": return false
        case "|", ">": open = .block
        case "\"", "'":
            open = .quote(rest.first ?? " ")
            value(rest.dropFirst())
        case "[", "{":
            open = .flow(depth: 0, quote: nil)
            value(rest)
        default: open = .nothing
        }
        return true
    }

    /// Goes on with an open value.
    private mutating func value(_ text: Substring) {
        var last: Character = " "
        var isEscaped = false
        for character in text {
            switch open {
            case .quote(let mark):
                if isEscaped {
                    isEscaped = false
                } else if mark == "\"", character == "\\" {
                    isEscaped = true
                } else if character == mark {
                    // Two single marks stand for one: the second opens the text again.
                    open = .nothing
                }
            case .nothing where character == "'" && last == "'": open = .quote("'")
            case .flow(let depth, let quote):
                if quote == nil, character == "#", last.isWhitespace { return }
                open = Self.flow(depth, quote, character, last, &isEscaped)
            case .nothing, .block: break
            }
            last = character
        }
    }

    /// One character inside of brackets.
    private static func flow(
        _ depth: Int, _ quote: Character?, _ character: Character, _ last: Character,
        _ isEscaped: inout Bool
    ) -> Open {
        if let quote {
            if isEscaped {
                isEscaped = false
            } else if quote == "\"", character == "\\" {
                isEscaped = true
            } else if character == quote {
                return .flow(depth: depth, quote: nil)
            }
            return .flow(depth: depth, quote: quote)
        }
        let isStart = last.isWhitespace || "[{,:".contains(last)
        if isStart, character == "\"" || character == "'" {
            return .flow(depth: depth, quote: character)
        }
        if "[{".contains(character) { return .flow(depth: depth + 1, quote: nil) }
        guard "]}".contains(character) else { return .flow(depth: depth, quote: nil) }
        return depth <= 1 ? .nothing : .flow(depth: depth - 1, quote: nil)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The text between quotation marks.
    fileprivate var unquoted: String {
        let inside = dropFirst()
        return String(inside.last == first ? inside.dropLast() : inside)
    }
}
