// The commands of a chat: words behind a slash.
//
// Guarantees: pure. The table makes the help, and an unknown word is answered with the nearest.

import PlainText

/// What a person tells the chat itself.
package enum ChatCommand: Equatable, Sendable {
    case system(String?)
    case clear
    case save(String?)
    case load(String)
    case stats
    case model(String?)
    case help
    case exit

    /// A command that cannot be carried out: what was found, and what to do.
    package struct Refusal: Error, Equatable, Sendable {
        package let message: String
        package let advice: String
    }

    /// A row of the help.
    private struct Row {
        let word: String
        let argument: String
        let effect: String

        init(_ word: String, _ argument: String, _ effect: String) {
            (self.word, self.argument, self.effect) = (word, argument, effect)
        }
    }

    private static let rows = [
        Row("system", "[TEXT]", "shows or sets the system message, \"\" for none"),
        Row("clear", "", "begins a new conversation under the same system message"),
        Row("save", "[FILE]", "writes the conversation, without FILE to that of --session"),
        Row("load", "FILE", "goes on with the conversation of a file"),
        Row("stats", "", "shows how much was said and how much room is left"),
        Row("model", "[NAME]", "lists the models, or asks another one from now on"),
        Row("help", "", "shows this list"),
        Row("exit", "", "leaves, as Ctrl-D does"),
    ]

    /// Words that other programs have for the same.
    private static let others = ["bye": "exit", "quit": "exit", "?": "help"]

    /// The commands and the other ways to say something, a line each.
    package static var list: String {
        let lines = rows.map { row in
            let usage = "/" + row.word + (row.argument.isEmpty ? "" : " " + row.argument)
            return usage + String(repeating: " ", count: 18 - usage.count) + row.effect
        }
        return
            (lines + [
                "//TEXT            sends a text that begins with a slash",
                "TEXT\\             goes on in the next line",
                "\"\"\"TEXT\"\"\"        sends all lines between the quotes",
                "Ctrl-C            ends an answer, and throws a line away",
            ]).joined(separator: "\n")
    }

    /// Reads `/word argument`.
    package static func parse(_ text: String) throws(Refusal) -> ChatCommand {
        let body = text.dropFirst()
        let end = body.firstIndex(where: \.isWhitespace) ?? body.endIndex
        let given = String(body[..<end])
        let rest = trimmed(body[end...])
        let word = others[given] ?? given
        guard let row = rows.first(where: { $0.word == word }) else {
            let nearest = nearestName(to: given, among: rows.map(\.word)) ?? "help"
            throw Refusal(
                message: "no command /\(given); nearest: /\(nearest)",
                advice: "/help lists the commands, and // begins a message with a slash")
        }
        if row.argument.isEmpty, !rest.isEmpty {
            throw Refusal(
                message: "/\(word): found \"\(rest)\" behind it, allowed: nothing",
                advice: "say /\(word) alone")
        }
        return try make(word, rest.isEmpty ? nil : rest)
    }

    private static func make(
        _ word: String, _ argument: String?
    ) throws(Refusal) -> ChatCommand {
        switch word {
        case "system": return .system(argument == "\"\"" ? "" : argument)
        case "clear": return .clear
        case "save": return .save(argument)
        case "load":
            guard let argument else {
                throw Refusal(
                    message: "/load: found no file, allowed: the path of a conversation",
                    advice: "say /load FILE, with a file of /save or of --conversation")
            }
            return .load(argument)
        case "stats": return .stats
        case "model": return .model(argument)
        case "exit": return .exit
        default: return .help
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
