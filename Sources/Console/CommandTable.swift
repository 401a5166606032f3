// Commands and options of a program, as the parser of its command line describes them.
//
// The description is the JSON of the parser's `_dumpHelp`, so no list of options is kept twice.

import Foundation

/// A command with its options, arguments and commands below it.
package struct CommandTable: Decodable {
    /// An option, a flag or an argument.
    package struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            /// The name as it is written.
            var written: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let names: [Name]?
        let isOptional: Bool
        let isRepeating: Bool
        let parsingStrategy: String?
        let shouldDisplay: Bool
        let valueName: String?
        let abstract: String?

        var isPositional: Bool { kind == "positional" }
        var isFlag: Bool { kind == "flag" }
        /// True when any word behind the option is its value, also one that begins with a dash.
        var takesAnyWord: Bool { parsingStrategy == "unconditional" }
        var written: [String] { names?.map(\.written) ?? [] }
        /// The help without its full stop.
        var words: String {
            guard let abstract else { return placeholder }
            return abstract.last == "." ? String(abstract.dropLast()) : abstract
        }
        /// The value's place holder, such as `TIME`.
        var placeholder: String { (valueName ?? "value").uppercased() }
    }

    private struct Document: Decodable { let command: CommandTable }

    private(set) var commandName: String
    let aliases: [String]?
    let arguments: [Argument]?
    let subcommands: [CommandTable]?

    /// Reads the JSON of `_dumpHelp` of `program`. Nil for another text.
    package init?(_ json: String, of program: String) {
        let decoder = JSONDecoder()
        guard let document = try? decoder.decode(Document.self, from: Data(json.utf8)) else {
            return nil
        }
        self = document.command
        commandName = program
    }

    /// The commands below. `help` alone is none.
    var commands: [CommandTable] {
        let all = subcommands ?? []
        return all.allSatisfy { $0.commandName == "help" } ? [] : all
    }
    var positionals: [Argument] { (arguments ?? []).filter(\.isPositional) }
    /// Names of the options that the help shows.
    var shownNames: [String] {
        (arguments ?? []).filter(\.shouldDisplay).flatMap(\.written).filter { $0.hasPrefix("--") }
    }

    func option(_ written: some StringProtocol) -> Argument? {
        arguments?.first { $0.written.contains(String(written)) }
    }

    func command(_ word: String) -> CommandTable? {
        commands.first { $0.commandName == word || $0.aliases?.contains(word) == true }
    }
}
