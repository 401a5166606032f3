// What the programs tell of themselves: --version, --help, completions and manual pages.

import Foundation
import TestSupport
import Testing

@Suite struct ProgramFactTests {
    static let programs = ["assayd", "assay", "assay-load"]
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Release and revision of protocol.json.
    private struct Tables: Decodable {
        let release: String
        let revision: Int

        static func read() throws -> Tables {
            let file = URL(fileURLWithPath: ProgramFactTests.root + "/Protocol/protocol.json")
            return try JSONDecoder().decode(Tables.self, from: Data(contentsOf: file))
        }
    }

    @Test(arguments: programs) func theVersionHasEveryLine(program: String) throws {
        let known = try Tables.read()
        let outcome = try Program.run(program, ["--version"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 6, "\(outcome.output)")
        #expect(lines[0] == "\(program) \(known.release)")
        #expect(lines[1].wholeMatch(of: /commit ([0-9a-f]{12,40}(-modified)?|unknown)/) != nil)
        #expect(lines[2] == "wire revision \(known.revision)")
        let sets = try #require(
            lines[3].wholeMatch(of: /instruction sets: (scalar[a-z0-9 ]*) \(in use: ([a-z0-9]+)\)/))
        #expect(sets.output.1.split(separator: " ").contains(sets.output.2))
        if program == "assayd" {
            #expect(lines[4].wholeMatch(of: /libuv \d+\.\d+\.\d+/) != nil)
        } else {
            #expect(lines[4] == "libuv not used")
        }
        #expect(lines[5].wholeMatch(of: /lz4 \d+\.\d+\.\d+/) != nil)
    }

    @Test func theVersionTellsTheInstructionSetInUse() throws {
        let scalar = try Program.run(
            "assay", ["--version"], environment: ["ASSAY_INSTRUCTION_SET": "scalar"])
        #expect(scalar.output.contains("(in use: scalar)"))
        let unknown = try Program.run(
            "assay", ["--version"], environment: ["ASSAY_INSTRUCTION_SET": "abacus"])
        #expect(unknown.status == 0)
        #expect(unknown.output.contains("(in use: none, ") && unknown.output.contains("abacus"))
    }

    @Test func theCommitOfATreeIsFoundOrLeftOut() throws {
        let folder = try TemporaryDirectory()
        let script = folder.path("scripts/commit.sh")
        try FileManager.default.createDirectory(
            atPath: folder.path("scripts"), withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: Self.root + "/scripts/commit.sh", toPath: script)
        func commit(_ environment: [String: String] = [:]) throws -> String {
            let outcome = try Program.run(script, [], environment: environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output
        }
        #expect(try commit() == "")
        #expect(try commit(["ASSAY_COMMIT": "abc"]) == "abc\n")

        let git = """
            cd "$1" && git init -q && git add -A && git -c user.name=a -c user.email=a@localhost \
                commit -qm a && git tag v1
            """
        let made = try Program.run("/bin/sh", ["-c", git, "sh", folder.path("")])
        try #require(made.status == 0, "\(made.errors)")
        #expect(try commit().wholeMatch(of: /[0-9a-f]{12}\n/) != nil)
        let text = try String(contentsOfFile: script, encoding: .utf8)
        try (text + "\n").write(toFile: script, atomically: false, encoding: .utf8)
        #expect(try commit().wholeMatch(of: /[0-9a-f]{12}-modified\n/) != nil)
    }

    @Test func theServerKnowsTheVariableOfTheBuild() throws {
        let outcome = try Program.run(
            "assayd", ["--check-config"], environment: ["ASSAY_COMMIT": "abc"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }

    @Test func theHelpHasEverySettingWithDefaultAndVariable() throws {
        let help = try Program.run("assayd", ["--help"]).output
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
        let words = help.split { $0.isWhitespace }.joined(separator: " ")
        let settings = try Self.settings([])
        #expect(settings.count > 40)
        for setting in settings {
            let variable =
                "ASSAY_" + setting.name.uppercased().replacingOccurrences(of: "-", with: "_")
            #expect(words.contains("--\(setting.name) ") || words.contains("--\(setting.name)/"))
            #expect(words.contains("; \(variable))"), "\(setting.name)")
        }
        #expect(words.contains("(default: strict; ASSAY_STRATEGY)"))
        #expect(words.contains("(1 to 100000 connections; default: 4096; ASSAY_CONNECTIONS_MAX)"))
    }

    @Test func everySettingIsAFlag() throws {
        // Values in place of lists that are empty by default.
        let texts = [
            "model": "m=/nowhere", "override": "m:general.name=x", "model-root": "/nowhere",
        ]
        var arguments: [String] = []
        // The older name of a setting excludes the newer one.
        for setting in try Self.settings([]) where setting.name != "in-flight-max" {
            let value = texts[setting.name] ?? setting.value
            switch value {
            case "false": arguments.append("--no-" + setting.name)
            case let list where list.hasPrefix("["):
                arguments += ["--" + setting.name, String(list.dropFirst().dropLast())]
            default: arguments += ["--" + setting.name, value]
            }
        }
        for setting in try Self.settings(arguments) where setting.name != "in-flight-max" {
            #expect(setting.source == "flag", "\(setting)")
        }
        let switched = try Self.settings(["--ready-with-mock"])
        #expect(switched.first { $0.name == "ready-with-mock" }?.value == "true")
    }

    @Test(arguments: [
        (["assay", "gene"], ["generate"]),
        (["assay", "load", "--strategy", "gra"], ["graceful"]),
        (["assay", "inspect", "two"], ["two.gguf"]),
        (["assayd", "--strategy", ""], ["strict", "graceful", "development"]),
        (["assayd", "--no-insec"], ["--no-insecure"]),
        (["assayd", "--model-root", "fold"], ["folder"]),
        (["assay-load", "rpc", "--arrival", "p"], ["poisson"]),
    ])
    func completionsWorkInBash(words: [String], expected: [String]) throws {
        let folder = try TemporaryDirectory()
        _ = try folder.write("x".utf8, as: "two.gguf")
        _ = try folder.write("x".utf8, as: "two.txt")
        try FileManager.default.createDirectory(
            atPath: folder.path("folder"), withIntermediateDirectories: false)
        // What the shell sets before it calls the function that `complete` names.
        let script = """
            cd "$1" && shift
            source <("$1" --generate-completion-script bash) || exit 3
            shift
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMP_LINE="$*"
            COMP_POINT=${#COMP_LINE}
            function=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            "$function" "$1" "${@: -1}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let outcome = try Program.run(
            "/bin/bash", ["-c", script, "bash", folder.path(""), Program.path(words[0])] + words)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").map(String.init) == expected)
    }

    @Test(arguments: programs, ["zsh", "fish"])
    func otherShellsHaveCompletions(program: String, shell: String) throws {
        let outcome = try Program.run(program, ["--generate-completion-script", shell])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(outcome.output.contains(program))
        let refused = try Program.run(program, ["--generate-completion-script", "cmd"])
        #expect(refused.status == 2 && refused.output.isEmpty)
    }

    @Test func manualPagesAreCompleteAndRepeatable() throws {
        let (one, other) = (try TemporaryDirectory(), try TemporaryDirectory())
        let bin = URL(fileURLWithPath: Program.path("assayd")).deletingLastPathComponent().path
        for folder in [one, other] {
            let made = try Program.run(
                Self.root + "/scripts/man-pages", [bin, folder.path("")],
                environment: ["SOURCE_DATE_EPOCH": "86400"])
            #expect(made.status == 0, "\(made.errors)")
        }
        for program in Self.programs {
            let page = try String(contentsOfFile: one.path(program + ".1"), encoding: .ascii)
            #expect(
                page == (try String(contentsOfFile: other.path(program + ".1"), encoding: .ascii)))
            #expect(page.contains("\"1970-01-02\""))
            for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT"] {
                #expect(page.contains("\n.SH \"\(section)\"\n"), "\(program) \(section)")
            }
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/groff") else { continue }
            let judged = try Program.run(
                "/usr/bin/groff", ["-man", "-ww", "-z", "-Tutf8", one.path(program + ".1")])
            #expect(judged.status == 0 && judged.errors.isEmpty, "\(judged.errors)")
        }
        let page = try String(contentsOfFile: one.path("assayd.1"), encoding: .ascii)
        for setting in try Self.settings([]) {
            let name = setting.name.replacingOccurrences(of: "-", with: "\\-")
            #expect(page.contains("\\fB\\-\\-\(name)\\fP"))
        }
    }
}

extension ProgramFactTests {
    private struct Setting {
        let name: String
        let value: String
        let source: String
    }

    /// The lines of --check-config, which come from the table.
    private static func settings(_ arguments: [String]) throws -> [Setting] {
        let outcome = try Program.run("assayd", ["--check-config"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /([a-z-]+) = (.*)  \((.*)\)/).map {
                Setting(
                    name: String($0.output.1), value: String($0.output.2),
                    source: String($0.output.3))
            }
        }
    }
}
