// assay token new: makes a token, and its entry for the token file of assayd.
//
// Guarantees: the token is told once, alone on standard output, and written nowhere. Everything
// else goes to standard error, so that `> FILE` makes the client's file.

import ArgumentParser
import Console
import Credentials
import Foundation
import Loading
import PlainText

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make tokens for assayd's --token-file.",
        subcommands: [TokenNew.self])
}

struct TokenNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a token: printed once, with its entry for the token file.",
        discussion: """
            Standard output has the token alone. To keep it in a file for --token-file:
              (umask 077; assay token new --scope infer --name web > web.token)
            A token is withdrawn by deleting its entry from the token file.
            """)

    @Option(
        help: ArgumentHelp(
            "What the token opens: infer, observe, admin, with commas between; repeatable.",
            valueName: "scopes"))
    var scope: [String] = []

    @Option(
        help: "Name of the token, for the log and the audit.",
        transform: Self.name("--name"))
    var name: String

    @Option(
        help: "Tenant whose share the token uses (default: the token's name).",
        transform: Self.name("--tenant"))
    var tenant: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Highest priority of a request, 0 to 9 (default: 9).", valueName: "n"),
        transform: FlagValue.whole("--priority-max", 0...TokenFile.priorityMax))
    var priorityMax: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Weight of the tenant beside others, 0.001 to 1000 (default: 1).", valueName: "n"),
        transform: FlagValue.number("--share", TokenFile.shares))
    var share: Double?

    @Option(
        help: ArgumentHelp(
            "Add the entry to this token file, which is made when there is none.",
            valueName: "file"),
        completion: .json)
    var file: String?

    @Flag(help: "Print JSON.")
    var json = false

    private static func name(_ flag: String) -> @Sendable (String) throws -> String {
        { text in
            guard let found = TokenFile.fault(ofName: text) else { return text }
            throw FlagError(flag, found: found, allowed: TokenFile.allowedName)
        }
    }

    func run() throws {
        let token = AccessToken.make()
        let entry = TokenEntry(
            name: name, hash: AccessToken.hash(token), scopes: try scopes(), tenant: tenant,
            priorityMax: priorityMax ?? TokenFile.priorityMax, share: share ?? 1)
        do throws(TokenFileError) {
            if let file { try TokenFile.add(entry, to: file) }
        } catch {
            throw Failure(
                code: .usage, message: "--file: \(error)",
                advice: "no token was made; assay help token new lists the options")
        }
        if json { return Console.line(object(token, entry).text) }
        Console.line(token)
        if let file {
            Console.error(
                "added \(name.shellWord) to \(file.shellWord); assayd reads it within a second")
        } else {
            Console.error("entry for \"tokens\" of assayd's --token-file:\n\(entry.json)")
        }
        Console.error("the token is not kept anywhere: store it now")
    }

    private func scopes() throws -> Set<TokenScope> {
        let words = TokenScope.allCases.map(\.rawValue)
        let allowed = words.joined(separator: ", ") + ", with commas between"
        let given = scope.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard !given.isEmpty else {
            throw Failure.usage("--scope: found none, allowed: \(allowed)", advice: Self.help)
        }
        var scopes: Set<TokenScope> = []
        for word in given {
            guard let scope = TokenScope(rawValue: String(word)) else {
                throw Failure.usage(
                    "--scope: found \(FlagValue.shown(escaped(String(word)))), allowed: \(allowed)",
                    advice: Self.help)
            }
            scopes.insert(scope)
        }
        return scopes
    }

    private static let help = "assay help token new lists its options"

    private func object(_ token: String, _ entry: TokenEntry) -> JSONText {
        .object([
            ("token", .string(token)),
            (
                "entry",
                .object([
                    ("name", .string(entry.name)), ("sha256", .string(hexText(entry.hash))),
                    (
                        "scopes",
                        .array(
                            TokenScope.allCases.filter(entry.scopes.contains).map {
                                .string($0.rawValue)
                            })
                    ), ("tenant", .string(entry.tenantName)),
                    ("priority_max", .unsigned(entry.priorityMax)),
                    ("share", .number(entry.share)),
                ])
            ), ("file", .string(file)),
        ])
    }
}
