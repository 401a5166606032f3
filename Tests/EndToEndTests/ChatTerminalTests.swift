// A conversation on a terminal with the demo model, typed as a person would type it.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite(.serialized) struct ChatTerminalTests {
    private let server: ServerProcess
    private let directory: TemporaryDirectory

    init() throws {
        server = try ServerProcess(model: nil)
        directory = try TemporaryDirectory()
    }

    private var environment: [String: String] {
        ["ASSAY_SERVER": server.addresses[0], "XDG_STATE_HOME": directory.path("state")]
    }

    private func chat(
        _ arguments: String..., environment more: [String: String] = [:]
    ) throws -> TerminalProcess {
        try TerminalProcess("assay", ["chat"] + arguments, environment.merging(more) { $1 })
    }

    private func pipe(_ arguments: String..., input: String) throws -> Program.Outcome {
        try Program.run("assay", ["chat"] + arguments, environment: environment, input: input)
    }

    private func mode(_ path: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return (facts[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    // MARK: - Turns

    @Test func aTurnKnowsTheTurnBeforeAndCtrlDLeaves() throws {
        let terminal = try chat("demo")
        #expect(terminal.answer("real demo> ", with: "My name is Ada."))
        #expect(terminal.shows("finished by stop]"))
        #expect(terminal.answer("real demo> ", with: "What is my name?"))
        #expect(terminal.shows("Your name is Ada."))
        #expect(terminal.shows("real demo> "))
        terminal.type("\u{4}")
        #expect(terminal.waitUntilExit() == 0, "\(terminal.screen)")
        #expect(terminal.screen.contains("[provenance: real | model: demo | fingerprint: "))
        #expect(try mode(directory.path("state/assay/history")) == 0o600)
        #expect(try mode(directory.path("state/assay")) == 0o700)
    }

    @Test func linesOfAnEarlierSessionComeBackAndCtrlCThrowsALineAway() throws {
        let first = try chat("-q")
        #expect(first.answer("real demo> ", with: "My name is Ada."))
        #expect(first.answer("real demo> ", with: "/exit"))
        #expect(first.waitUntilExit() == 0)
        let second = try chat("-q")
        #expect(second.shows("real demo> "))
        second.type("\u{1B}[A\u{1B}[A")
        #expect(second.shows("My name is Ada."))
        second.type("\u{3}")
        #expect(second.shows("real demo> "))
        second.type("\u{3}")
        #expect(second.shows("Ctrl-C once more ends the chat"))
        #expect(second.shows("real demo> "))
        second.type("\u{3}")
        #expect(second.waitUntilExit() == 130, "\(second.screen)")
    }

    @Test func linesGoOnBehindABackslashAndBetweenQuotes() throws {
        let terminal = try chat("--session", directory.path("talk.json"))
        #expect(terminal.answer("real demo> ", with: "My name\\"))
        #expect(terminal.answer("... ", with: "is Ada."))
        #expect(terminal.answer("real demo> ", with: "\"\"\"/a"))
        #expect(terminal.answer("... ", with: "b\\\"\"\""))
        #expect(terminal.answer("real demo> ", with: "/exit"))
        #expect(terminal.waitUntilExit() == 0)
        let text = try String(contentsOfFile: directory.path("talk.json"), encoding: .utf8)
        #expect(text.contains(#"{"role":"user","content":"My name\nis Ada."}"#), "\(text)")
        #expect(text.contains(#"{"role":"user","content":"/a\nb\\"}"#), "\(text)")
    }

    // MARK: - Files

    @Test func aSavedConversationIsLoadedAndIsAConversationOfGenerate() throws {
        let file = directory.path("ada.json")
        let terminal = try chat()
        #expect(terminal.answer("real demo> ", with: "My name is Ada."))
        #expect(terminal.answer("real demo> ", with: "/save \(file)"))
        #expect(terminal.shows("2 messages to \(file)"))
        #expect(terminal.answer("real demo> ", with: "/clear"))
        #expect(terminal.answer("real demo> ", with: "/stats"))
        #expect(terminal.shows("conversation  0 messages"))
        #expect(terminal.answer("real demo> ", with: "/load \(file)"))
        #expect(terminal.shows("2 messages from \(file)"))
        #expect(terminal.answer("real demo> ", with: "What is my name?"))
        #expect(terminal.shows("Your name is Ada."), "\(terminal.screen)")
        #expect(terminal.answer("real demo> ", with: "/lod \(file)"))
        #expect(terminal.shows("no command /lod; nearest: /load"))
        #expect(try mode(file) == 0o600)
        let outcome = try Program.run(
            "assay", ["generate", "--conversation", file, "-n", "4"], environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func aSessionGoesOnWhereItEnded() throws {
        let file = directory.path("session.json")
        #expect(try pipe("--session", file, input: "My name is Ada.\n").status == 0)
        let outcome = try pipe("-q", "--session", file, input: "What is my name?\n")
        #expect(outcome.output == "Your name is Ada.\n" && outcome.errors.isEmpty)
        try directory.write(#"{"messages": [{"role": "judge"}]}"#.utf8, as: "session.json")
        let refused = try pipe("--session", file, input: "x\n")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("--session: \(file): messages[0].role: found \"judge\""))
        let nowhere = try pipe("--session", "/nowhere/talk.json", input: "x\n")
        #expect(nowhere.status == 2 && nowhere.output.isEmpty)
        #expect(nowhere.errors.contains("--session: writing /nowhere/talk.json: No such file"))
    }

    // MARK: - Pipes and plain terminals

    @Test func aPipeIsReadAMessageALineAndEndsWithTheLastFailure() throws {
        let input = "My name is Ada.\n\nWhat is my name?"
        let outcome = try pipe("demo", "-q", input: input)
        #expect(outcome.status == 0)
        #expect(outcome.output.hasSuffix("\nYour name is Ada.\n"))
        #expect(outcome.output.split(separator: "\n").count == 2, "\(outcome.output)")
        #expect(outcome.errors.isEmpty)
        let failed = try pipe("-q", input: "/sav x\nMy name is Ada.\n")
        #expect(failed.status == 2 && !failed.output.isEmpty)
        #expect(failed.errors.contains("nearest: /save"))
        #expect(!FileManager.default.fileExists(atPath: directory.path("state")))
    }

    @Test func aQuestionThatDoesNotFitIsToldToClear() throws {
        let long = String(repeating: "word ", count: 2000)
        let outcome = try pipe("-q", input: long + "\nMy name is Ada.\n")
        #expect(outcome.errors.contains("/clear begins a new one"), "\(outcome.errors)")
        #expect(outcome.status == 2)
        #expect(outcome.output == "Hello, Ada.\n")
    }

    @Test func aDumbTerminalSeesNoEscapeSequences() throws {
        let terminal = try chat("-q", environment: ["TERM": "dumb"])
        #expect(terminal.answer("real demo> ", with: "My name is Ada."))
        #expect(terminal.shows("real demo> "))
        terminal.type("\u{4}")
        #expect(terminal.waitUntilExit() == 0)
        #expect(!terminal.screen.contains("\u{1B}"), "\(terminal.screen)")
        let plain = try chat("-q", environment: ["NO_COLOR": "1"])
        #expect(plain.answer("real demo> ", with: "My name is Ada."))
        #expect(plain.answer("real demo> ", with: "/exit"))
        #expect(plain.waitUntilExit() == 0)
        #expect(!plain.screen.contains(/\u{1B}\[[0-9;]*m/), "\(plain.screen)")
    }
}
