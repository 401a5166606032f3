// A chat in which something goes wrong: an answer that is cut, a server that dies, a model that
// cannot chat.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite(.serialized) struct ChatFailureTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func environment(_ address: String) -> [String: String] {
        ["ASSAY_SERVER": address, "XDG_STATE_HOME": directory.path("state")]
    }

    /// A model that goes on for longer than a test, with a template or without.
    private func endless(template: Bool = true) throws -> ServerProcess {
        var shape = TinyLlamaShape()
        shape.contextLength = 65_536
        var builder = GGUFBuilder.tinyLlama(shape: shape)
        if template {
            let text = "{% for message in messages %}{{ message.content }} {% endfor %}"
            builder.add("tokenizer.chat_template", .string(text))
        }
        return try ServerProcess(model: try directory.write(builder.build(), as: "long.gguf"))
    }

    private func cancelled(_ server: ServerProcess, _ count: UInt64) throws -> Bool {
        try ProcessFacts.eventually { try server.counter("requests_cancelled") == count }
    }

    // MARK: - Ctrl-C

    @Test func ctrlCEndsTheAnswerAndTheChatGoesOn() throws {
        let server = try endless()
        let terminal = try TerminalProcess(
            "assay", ["chat", "-n", "60000", "--ignore-eos"], environment(server.addresses[0]))
        #expect(terminal.answer("real m> ", with: "the end"))
        #expect(terminal.shows("\r\n") && terminal.shows(byteCount: 64))
        terminal.type("\u{3}")
        #expect(terminal.shows("cancelled by Ctrl-C]"), "\(terminal.screen)")
        #expect(try cancelled(server, 1))
        #expect(terminal.answer("real m> ", with: "/stats"))
        #expect(terminal.shows("conversation  0 messages"))
        #expect(terminal.answer("real m> ", with: "/exit"))
        #expect(terminal.waitUntilExit() == 0)
    }

    @Test func ctrlCEndsGenerateWithAnAccount() throws {
        let server = try endless()
        let terminal = try TerminalProcess(
            "assay", ["generate", "the", "-n", "60000", "--ignore-eos"],
            environment(server.addresses[0]))
        #expect(terminal.shows(byteCount: 64))
        terminal.type("\u{3}")
        #expect(terminal.waitUntilExit() == 130)
        #expect(terminal.screen.contains("[provenance: real]"), "\(terminal.screen)")
        #expect(terminal.screen.contains(" ms, cancelled by Ctrl-C]"))
        #expect(try cancelled(server, 1))
    }

    // MARK: - A server that is not there

    private func start(_ address: String) throws -> (ChildProcess, TemporaryDirectory) {
        let place = try TemporaryDirectory()
        let process = try ChildProcess(
            Program.path("assayd"), ["--listen", address, "--threads", "2"], [:], place)
        guard ProcessFacts.eventually({ process.errors.contains("listening on \(address)\n") })
        else { throw ServerProcessError(errors: process.errors) }
        return (process, place)
    }

    @Test func aServerThatDiesAndComesBackCostsATurnAndNotTheConversation() throws {
        let address = "unix://" + directory.path("s")
        let first = try start(address)
        let terminal = try TerminalProcess("assay", ["chat"], environment(address))
        #expect(terminal.answer("real demo> ", with: "My name is Ada."))
        #expect(terminal.shows("finished by"))
        first.0.signal(SIGKILL)
        #expect(first.0.waitUntilExit() == 128 + SIGKILL)
        #expect(terminal.answer("real demo> ", with: "What is my name?"))
        #expect(terminal.shows("assay: "))
        #expect(terminal.shows("no assayd listens there; start it: assayd --listen \(address)"))
        let second = try start(address)
        #expect(terminal.answer("real demo> ", with: "What is my name?"))
        #expect(terminal.shows("Your name is Ada."), "\(terminal.screen)")
        #expect(terminal.shows("real demo> "))
        terminal.type("\u{4}")
        #expect(terminal.waitUntilExit() == 0)
        #expect(second.0.isRunning)
    }

    // MARK: - Models that cannot chat

    @Test func aMockIsRefusedUnlessAllowedAndThenMarked() throws {
        let file = try directory.write([0, 1, 2, 3], as: "bad.gguf")
        let server = try ServerProcess(
            model: file, ["--strategy", "development", "--allow-mock-fallback"])
        let variables = environment(server.addresses[0])
        let refused = try TerminalProcess("assay", ["chat"], variables)
        #expect(refused.waitUntilExit() == 79)
        #expect(refused.screen.contains("the answer comes from a mock model"))
        #expect(!refused.screen.contains("> "))
        let allowed = try TerminalProcess("assay", ["chat", "--allow-mock", "-n", "4"], variables)
        #expect(allowed.answer("MOCK m> ", with: "Hello"))
        #expect(allowed.shows("*** MOCK"))
        #expect(allowed.answer("MOCK m> ", with: "/exit"))
        #expect(allowed.waitUntilExit() == 0, "\(allowed.screen)")
    }

    @Test func aModelWithoutATemplateIsToldBeforeTheFirstQuestion() throws {
        let server = try endless(template: false)
        let variables = environment(server.addresses[0])
        let terminal = try TerminalProcess("assay", ["chat"], variables)
        #expect(terminal.waitUntilExit() == 2)
        #expect(terminal.screen.contains("the model's files hold no chat template"))
        #expect(terminal.screen.contains("ask a model with a chat template"))
        #expect(!terminal.screen.contains("real m>"))
        let unknown = try Program.run("assay", ["chat", "nobody"], environment: variables)
        #expect(unknown.status == 2 && unknown.errors.contains("served are: m"))
    }

    @Test func anAnswerCannotSteerTheTerminal() throws {
        let server = try endless()
        let terminal = try TerminalProcess(
            "assay",
            [
                "chat", "-q", "-n", "2000", "--temperature", "100", "--ignore-eos",
            ], environment(server.addresses[0]).merging(["TERM": "dumb"]) { $1 })
        #expect(terminal.answer("real m> ", with: "the end"))
        #expect(terminal.shows("real m> "))
        terminal.type("\u{4}")
        #expect(terminal.waitUntilExit() == 0)
        // The noise of so many random bytes holds escapes, written out.
        #expect(terminal.screen.contains("\\u{1B}"))
        #expect(!terminal.screen.contains("\u{1B}"))
    }
}
