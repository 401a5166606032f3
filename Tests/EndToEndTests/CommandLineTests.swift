// The two programs together, as a person uses them: text and JSON out, mocks refused, exit codes.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct CommandLineTests {
    private struct Generated: Decodable {
        let provenance: String
        let model: String
        let generation: UInt32
        let device: String
        let tokens: [UInt32]
        let finish_reason: String
    }

    private struct Loaded: Decodable {
        struct Load: Decodable {
            let queued: UInt64
            let running: UInt64
            let wait_ms: Double
            let cache_pages_used: UInt64
            let cache_pages: UInt64
        }
        let tokens: [UInt32]
        let finish_reason: String
        let load: Load
    }

    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        directory = try TemporaryDirectory()
        model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    private func assay(_ arguments: [String], _ server: ServerProcess) throws -> Program.Outcome {
        try Program.run(
            "assay", arguments, environment: ["ASSAY_SERVER": server.addresses[0]])
    }

    private func mockServer() throws -> ServerProcess {
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        return try ServerProcess(
            model: broken, ["--strategy", "development", "--allow-mock-fallback"])
    }

    @Test func generateSaysWhoAnswered() throws {
        let server = try ServerProcess(model: model)
        let outcome = try assay(
            ["generate", "--tokens", "1,300,301", "--max-tokens", "5", "--json"], server)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let answer = try JSONDecoder().decode(Generated.self, from: Data(outcome.output.utf8))
        #expect(answer.provenance == "real")
        #expect(answer.model == "m" && answer.generation == 1 && answer.device == "cpu")
        #expect(answer.tokens.count <= 5 && !answer.finish_reason.isEmpty)
    }

    /// The packaged model ends its answer to a sum with an end token after three tokens.
    @Test func anAnswersLengthAndPlaceAreChosenFromTheCommandLine() throws {
        let server = try ServerProcess(model: nil)
        let sum = ["generate", "--prompt", "317+485=", "--max-tokens", "20", "--json"]
        func answer(_ words: [String]) throws -> Loaded {
            let outcome = try assay(sum + words, server)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(Loaded.self, from: Data(outcome.output.utf8))
        }
        let plain = try answer([])
        #expect(plain.tokens.count == 3 && plain.finish_reason == "stop")
        #expect(plain.load.cache_pages > 0 && plain.load.cache_pages_used == 0)
        #expect(plain.load.queued + plain.load.running == 0 && plain.load.wait_ms == 0)
        let long = try answer(["--ignore-eos"])
        #expect(long.tokens.count == 20 && long.finish_reason == "length")
        #expect(long.tokens.starts(with: plain.tokens))
        let least = try answer(["--min-tokens", "9"])
        #expect(least.tokens.count >= 9 && least.tokens.starts(with: plain.tokens))
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let placed = try answer(["--priority", "9", "--trace-context", trace])
        #expect(placed.tokens == plain.tokens)
        let tooHigh = try assay(sum + ["--priority", "10"], server)
        #expect(tooHigh.status == 2 && tooHigh.errors.contains("--priority"))
        // Wherever requirements may stand, a place may.
        for command in [sum, ["tokenize", "a"], ["detokenize", "--tokens", "1"], ["health"]] {
            let placed = try assay(command + ["--priority", "0", "--trace-context", trace], server)
            #expect(placed.status == 0, "\(command): \(placed.errors)")
            let none = try assay(command + ["--trace-context", "00-1-2-3"], server)
            #expect(none.status == 2 && none.errors.contains("--trace-context: found"))
        }
    }

    @Test func aPromptComesFromWhereverAPersonHasIt() throws {
        let server = try ServerProcess(model: nil)
        let file = try directory.write("317+485=\n".utf8, as: "sum")
        func answer(_ words: [String], input: String = "") throws -> String {
            let outcome = try Program.run(
                "assay", ["generate", "-q", "-n", "20"] + words,
                environment: ["ASSAY_SERVER": server.addresses[0]], input: input)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(words): \(outcome.errors)")
            return outcome.output
        }
        #expect(try answer(["--prompt", "317+485="]) == "802\n")
        for words in [["317+485="], ["-p", "317+485="], ["--prompt-file", file]] {
            #expect(try answer(words) == "802\n")
        }
        for words in [[], ["-"], ["-p", "-"]] {
            #expect(try answer(words, input: "317+485=\n") == "802\n")
        }
        // Without the last newline alone, also where it is the second half of a character.
        let ids = try ["317\r\n", "317\r"].map { text in
            try answer(["--prompt-file", directory.write(text.utf8, as: "ids"), "--seed", "1"])
        }
        #expect(try ids[0] == answer(["--prompt", "317\r", "--seed", "1"]) && ids[0] == ids[1])
        let bytes = try directory.write([0x61, 0xFF], as: "bytes")
        let refused = try assay(["generate", "--prompt-file", bytes], server)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("found bytes that are not UTF-8, allowed: UTF-8"))
    }

    @Test func aMockIsRefusedUnlessAllowedAndThenSaysSo() throws {
        let server = try mockServer()
        let request = ["generate", "--tokens", "1,2", "--max-tokens", "2", "--json"]
        let refused = try assay(request, server)
        #expect(refused.status == 79)
        // The server refuses before any work, since the request demands a real model; whatever it
        // says to that is a mock's word and not shown.
        #expect(refused.errors.contains("comes from a mock model, not from a real one"))
        #expect(refused.errors.contains("--allow-mock"))
        #expect(refused.output.isEmpty)
        // A question about the model demands nothing; its answer is refused all the same.
        #expect(try assay(["health", "--model", "m"], server).status == 79)
        #expect(try assay(["health", "--model", "m", "--allow-mock"], server).status != 79)
        let allowed = try assay(request + ["--allow-mock"], server)
        #expect(allowed.status == 0, "\(allowed.errors)")
        #expect(
            try JSONDecoder().decode(Generated.self, from: Data(allowed.output.utf8)).provenance
                == "mock")
    }

    @Test func loadServeAndUnloadFromTheCommandLine() throws {
        let server = try ServerProcess(model: model)
        let second = try directory.write(GGUFBuilder.tinyLlama(seed: 2).build(), as: "two.gguf")
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        #expect(try assay(["load", "two=" + second], server).status == 0)
        #expect(try assay(["health", "--model", "two"], server).status == 0)
        #expect(try assay(["unload", "--model", "two"], server).status == 0)
        #expect(try assay(["load", "bad=" + broken], server).status == 65)
        #expect(try assay(["ping"], server).status == 0)
    }

    @Test func nobodyThereIsAnExitCodeOfItsOwn() throws {
        let outcome = try Program.run(
            "assay", ["ping", "--server", "unix://" + directory.path("nobody")])
        #expect(outcome.status == 69)
    }

    @Test(arguments: [("assay", ["ping"]), ("assay-load", ["rpc", "--requests", "5"])])
    func aServerThatIsNotThereYetIsWaitedForWhenThatIsSaid(
        _ program: String, _ arguments: [String]
    ) throws {
        let socket = "unix://" + directory.path("later")
        let ask = arguments + ["--server", socket]
        for wait in [[], ["--wait", "0"], ["--wait", "1"]] {
            #expect(try Program.run(program, ask + wait).status == 69)
        }
        let waiting = try ChildProcess(
            Program.path(program), ask + ["--wait", "60"], [:], try TemporaryDirectory())
        // Long enough for some tries. The outcome does not depend on the time.
        usleep(300_000)
        let server = try ChildProcess(
            Program.path("assayd"), ["--model", "m=" + model, "--listen", socket], [:],
            try TemporaryDirectory())
        #expect(waiting.waitUntilExit() == 0, "\(waiting.errors)")
        server.signal(SIGKILL)
    }

    @Test func inspectSaysWhichLayerRefused() throws {
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        #expect(try Program.run("assay", ["inspect", model, "--json"]).status == 0)
        let refused = try Program.run("assay", ["inspect", broken, "--json"])
        #expect(refused.status == 65)
        #expect(refused.output.contains("\"parse\""))
    }

    @Test func inspectComparesAPublishedDigest() throws {
        let digest = String(try Program.run("/usr/bin/sha256sum", [model]).output.prefix(64))
        for text in [digest, digest.uppercased()] {
            #expect(try Program.run("assay", ["inspect", model, "--sha256", text]).status == 0)
        }
        let other = String(repeating: "0", count: 64)
        let refused = try Program.run("assay", ["inspect", model, "--sha256", other])
        #expect(refused.status == 65 && refused.output.contains("fingerprint_mismatch"))
        #expect(refused.output.contains(digest) && refused.output.contains(other))
        let short = try Program.run("assay", ["inspect", model, "--sha256", "12ab"])
        #expect(short.status == 2)
        #expect(
            short.errors.contains("--sha256: found \"12ab\", allowed: 64 hexadecimal digits"))
    }
}
