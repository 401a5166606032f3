// What is wrong with a command line: the first word that does not fit, and the nearest that does.
//
// The parser decides whether a command line is right. This file only explains a refusal, so it is
// asked after one.
// Guarantees: a sentence that names the word, and advice. Pure.

import PlainText

/// See the head of the file.
package struct CommandFault: Equatable {
    /// The word and what is wrong with it.
    package let sentence: String
    /// What to do next.
    package let advice: String?

    /// The first word of `arguments` that does not fit `table`, or nil when each fits.
    ///
    /// - Parameters:
    ///   - arguments: the words behind the program's name.
    ///   - table: the program's commands and options.
    package init?(_ arguments: [String], _ table: CommandTable) {
        var scan = CommandScan(arguments, table)
        guard let fault = scan.run() else { return nil }
        self = fault
    }

    /// What the parser of a command line threw, in our words: a refusal of a value, of a word, or
    /// else the parser's own sentence. Nil for a wish for help.
    ///
    /// - Parameters:
    ///   - program: the program's name.
    ///   - arguments: the words behind it.
    ///   - endsWell: true for a wish for help or the version.
    ///   - message: the parser's words without its usage lines.
    ///   - json: the parser's `_dumpHelp`.
    package init?(
        _ program: String, _ arguments: [String], endsWell: Bool, message: String, json: String
    ) {
        let table = CommandTable(json, of: program)
        let fault = table.flatMap { CommandFault(arguments, $0) }
        if endsWell {
            // The parser answers `help` for an unknown command with the general help.
            guard arguments.first == "help", let fault else { return nil }
            self = fault
        } else if let sentence = FlagError.sentence(in: message) {
            self.init(sentence: sentence, advice: table.map { CommandScan.advice(arguments, $0) })
        } else if let fault {
            self = fault
        } else {
            self.init(sentence: message, advice: table.map { CommandScan.advice(arguments, $0) })
        }
    }

    /// Prints the sentence and the advice on standard error, behind the program's name.
    package func report(_ program: String) {
        Console.error("\(program): \(sentence)")
        if let advice { Console.error("  \(advice)") }
    }

    init(sentence: String, advice: String?) {
        self.sentence = sentence
        self.advice = advice
    }
}

/// One pass over the words.
private struct CommandScan {
    private let program: CommandTable
    private var command: CommandTable
    /// The command that `help` is asked about so far.
    private var helped: CommandTable
    /// Names of the command on the line and of the commands that it belongs to.
    private var path: [String] = []
    private var words: ArraySlice<String>
    private var positionals: [String] = []
    private var found: Set<String> = []

    init(_ arguments: [String], _ table: CommandTable) {
        program = table
        command = table
        helped = table
        words = arguments[...]
    }

    /// Where the options of the command on the line are listed.
    static func advice(_ arguments: [String], _ program: CommandTable) -> String {
        var command = program
        var path: [String] = []
        for word in arguments {
            guard let next = command.command(word) else { continue }
            command = next
            path.append(next.commandName)
        }
        return advice(program, path)
    }

    private var advice: String { Self.advice(program, path) }

    /// - Parameter path: names of a command and of the commands that it belongs to.
    private static func advice(_ program: CommandTable, _ path: [String]) -> String {
        let name = program.commandName
        if program.commands.isEmpty { return "\(name) --help lists the options" }
        return path.isEmpty
            ? "\(name) help lists the commands"
            : "\(name) help \(path.joined(separator: " ")) lists its options"
    }

    private func fault(_ sentence: String) -> CommandFault {
        CommandFault(sentence: sentence, advice: advice)
    }

    mutating func run() -> CommandFault? {
        while let word = words.popFirst() {
            if word == "--" {
                positionals += words
                break
            }
            if let fault = word.hasPrefix("-") && word != "-" ? option(word) : plain(word) {
                return fault
            }
        }
        return missing()
    }

    // MARK: Words

    /// A word without a dash in front: a command or an argument.
    private mutating func plain(_ word: String) -> CommandFault? {
        if command.commandName == "help" {
            guard let next = helped.command(word) else { return unknownCommand(word, in: helped) }
            helped = next
            return nil
        }
        if let next = command.command(word) {
            command = next
            path.append(next.commandName)
            return nil
        }
        guard command.commands.isEmpty || !command.positionals.isEmpty else {
            return unknownCommand(word, in: command)
        }
        positionals.append(word)
        let places = command.positionals
        guard places.contains(where: \.isRepeating) || positionals.count <= places.count else {
            let names = places.map(\.placeholder).joined(separator: " ")
            return fault(
                "found the argument \(FlagValue.shown(word)) too many, allowed: "
                    + (names.isEmpty ? "options alone" : "one \(names)")
                    + " (texts with spaces need quotation marks)")
        }
        return nil
    }

    private func unknownCommand(_ word: String, in parent: CommandTable) -> CommandFault {
        let names = parent.commands.map(\.commandName)
        let nearest = nearestName(to: clipped(word), among: names) ?? "help"
        let place = parent.commandName == program.commandName ? "" : " \(parent.commandName)"
        return CommandFault(
            sentence: "no command \(clipped(word)); nearest: \(nearest)",
            advice: "\(program.commandName) help\(place) lists the commands")
    }

    /// A word with a dash in front.
    private mutating func option(_ word: String) -> CommandFault? {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if let known = command.option(name) {
            return value(of: known, name, parts.count == 2 ? String(parts[1]) : nil)
        }
        guard !word.hasPrefix("--"), parts.count == 1 else { return unknown(name) }
        // Several short flags in one word, such as -qh.
        for letter in name.dropFirst() {
            guard let known = command.option("-\(letter)") else {
                return unknown(name.count > 3 ? name : "-\(letter)")
            }
            if let fault = value(of: known, "-\(letter)", nil) { return fault }
        }
        return nil
    }

    private mutating func value(
        of option: CommandTable.Argument, _ name: String, _ given: String?
    ) -> CommandFault? {
        found.formUnion(option.written)
        if option.isFlag {
            return given.map { fault("\(name): found \(FlagValue.shown($0)), allowed: no value") }
        }
        guard given == nil else { return nil }
        guard let next = words.first, next != "--" else {
            return fault("\(name): found no value, allowed: \(name) \(option.placeholder)")
        }
        guard option.takesAnyWord || next == "-" || !next.hasPrefix("-") else {
            return fault(
                "\(name): found no value before \(FlagValue.shown(next)), allowed: "
                    + "\(name) \(option.placeholder), or \(name)=\(clipped(next)) if that is the "
                    + "value")
        }
        words.removeFirst()
        return nil
    }

    private func unknown(_ name: String) -> CommandFault {
        let own = command.shownNames
        let near = nearestName(to: clipped(name), among: own).flatMap { nearest in
            isNear(name, nearest) ? nearest : nil
        }
        if let near { return fault("no option \(clipped(name)); nearest: \(near)") }
        let others = program.commands.filter { $0.option(name) != nil }
        if command.commandName == program.commandName, let first = others.first {
            return fault(
                "\(name) comes behind the command, such as \(program.commandName) "
                    + "\(first.commandName) \(name)")
        }
        let isInCommand = command.commandName != program.commandName
        let place = isInCommand ? " for \(command.commandName)" : ""
        return fault("no option \(clipped(name))\(place)")
    }

    // MARK: The end

    /// The first argument or option that is needed and not there.
    private func missing() -> CommandFault? {
        let needed = command.positionals.dropFirst(positionals.count).first { !$0.isOptional }
        if let needed {
            return fault("\(needed.placeholder): found none, needed: \(needed.words)")
        }
        let option = (command.arguments ?? []).first {
            !$0.isPositional && !$0.isOptional && found.isDisjoint(with: $0.written)
        }
        return option.map { option in
            fault("\(option.written.first ?? ""): found none, needed: \(option.words)")
        }
    }

    private func clipped(_ word: String) -> String { String(word.prefix(60)) }

    /// True when at most a third of the letters differ, or the long word begins with the short one.
    private func isNear(_ name: String, _ nearest: String) -> Bool {
        let letters = name.drop { $0 == "-" }
        guard !letters.isEmpty, letters.count <= 60 else { return false }
        return edits(from: name, to: nearest) <= max(1, nearest.count / 3)
            || nearest.dropFirst(2).hasPrefix(letters) && letters.count > 2
    }
}
