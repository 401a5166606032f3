// assayd with no model named: it serves the one in the box, and says real on every frame.
//
// What is tested here needs no fixtures and no particular answers of the model: the packaged file
// may be trained anew.

import DemoModel
import Foundation
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct DemoServingTests {
    private static let prompts = [
        "317+485=", "sort 42 7 19 3:", "count e in t e l l e r:", "Story about a fox:",
        "Mia is in the barn. Ben has the kite. Where is Mia?", "802-485=", "été 🦊", "",
    ]

    private static func request(_ prompt: String) -> GenerateRequest {
        var request = GenerateRequest(prompt: .text(prompt))
        request.maxTokens = 60
        return request
    }

    private func models(_ server: ServerProcess) throws -> [ModelInfo] {
        try server.client().call(ModelsRequest()).decoded(ModelsResponse.self).models
    }

    // MARK: - Which model

    @Test func withoutAModelItServesTheOneInTheBoxAndSaysSo() throws {
        let server = try ServerProcess(model: nil)
        let path = try DemoModel.path()
        #expect(server.errors.contains("serving the packaged demo model as \"demo\" from \(path)"))
        #expect(server.errors.contains("model \"demo\" accepted"))
        let served = try models(server)
        #expect(served.map(\.name) == ["demo"])
        #expect(served[0].provenance == .real && served[0].state == .ready)
        #expect(served[0].architecture == "bitnet-b1.58")
    }

    @Test func aModelFromAnySourceKeepsItAway() throws {
        let directory = try TemporaryDirectory()
        let model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let flag = try ServerProcess(model: model)
        #expect(try models(flag).map(\.name) == ["m"])
        #expect(!flag.errors.contains("demo"))
        let variable = try ServerProcess(model: nil, environment: ["ASSAY_MODEL": "v=" + model])
        #expect(try models(variable).map(\.name) == ["v"])
        let file = try directory.write(#"{"model": ["f=\#(model)"]}"#.utf8, as: "assayd.json")
        let configured = try ServerProcess(model: nil, ["--config", file])
        #expect(try models(configured).map(\.name) == ["f"])
    }

    @Test func checkConfigSaysWhichModelWouldBeServedAndServesNothing() throws {
        let outcome = try Program.run("assayd", ["--check-config"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("model = []  (default)"))
        #expect(outcome.output.contains(try DemoModel.path()))
        let named = try Program.run("assayd", ["--check-config", "--model", "m=/nowhere.gguf"])
        #expect(named.status == 0 && !named.output.contains("demo"))
    }

    // MARK: - Installed elsewhere

    /// Copies assayd, and nothing else of the build, to PREFIX/bin.
    private func install(in directory: TemporaryDirectory) throws -> String {
        try FileManager.default.createDirectory(
            atPath: directory.path("bin"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: directory.path("share/assay"), withIntermediateDirectories: true)
        let program = directory.path("bin/assayd")
        try FileManager.default.copyItem(atPath: Program.path("assayd"), toPath: program)
        return program
    }

    @Test func anInstalledServerTakesTheInstalledFile() throws {
        let directory = try TemporaryDirectory()
        let program = try install(in: directory)
        let place = directory.path("share/assay/assay-demo.gguf")

        let missing = try Program.run(program, [])
        #expect(missing.status == 78)
        #expect(missing.errors.contains(place), "\(missing.errors)")
        #expect(missing.errors.contains("--model NAME=PATH"))

        let path = try DemoModel.path()
        for name in [path, path + ".seal"] {
            let target = place + name.dropFirst(path.count)
            try FileManager.default.copyItem(atPath: name, toPath: target)
        }
        let server = try ServerProcess(model: nil, program: program)
        #expect(server.errors.contains("from \(place)"))
        let health = try server.client().call(HealthRequest(model: "demo", verify: true))
        #expect(try health.decoded(HealthResponse.self).seal == .matched)
    }

    @Test func nothingStandsInForADamagedFile() throws {
        let directory = try TemporaryDirectory()
        let program = try install(in: directory)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: DemoModel.path())))
        bytes.removeLast(1000)
        try directory.write(bytes, as: "share/assay/assay-demo.gguf")
        let outcome = try Program.run(
            program, ["--strategy", "development", "--allow-mock-fallback"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("refused at the parse layer"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("listening on"))
    }

    // MARK: - Provenance

    @Test func everyFrameOfEveryKindIsReal() throws {
        let server = try ServerProcess(model: nil)
        let client = try server.client()
        let path = try DemoModel.path()
        func ask(_ request: some RequestMessage) throws -> [AnswerFrame] {
            try client.answers(to: try client.request(request))
        }
        _ = try ask(PingRequest(payload: [1]))
        let tokens = try #require(ask(TokenizeRequest(text: Array("317+485=".utf8))).last)
            .decoded(TokenizeResponse.self).tokens
        _ = try ask(DetokenizeRequest(tokens: tokens))
        let story = try ask(Self.request("Story about a fox:"))
        let said = [ChatMessage(.user, "317+485=")]
        _ = try ask(GenerateRequest(prompt: .messages(said)))
        _ = try ask(RenderRequest(messages: said))
        #expect(story.count > 1)
        var logits = LogitsRequest(prompt: .tokens(tokens))
        logits.allPositions = true
        _ = try ask(logits)
        _ = try ask(ScoreRequest(prompt: .text("317+485="), continuations: [.text("802")]))
        _ = try ask(EmbedRequest(inputs: [.text("fox"), .tokens([5, 6])]))
        _ = try ask(HealthRequest())
        _ = try ask(HealthRequest(model: "demo", verify: true))
        let loaded = try ask(LoadRequest(name: "again", path: path))
        #expect(try loaded.last?.decoded(LoadResponse.self).accepted == true)
        _ = try ask(ModelsRequest())
        _ = try ask(UnloadRequest(name: "again"))
        _ = try ask(StatsRequest())
        _ = try ask(CancelRequest(target: 9999))
        for frame in client.seen {
            #expect(frame.status == .ok, "\(frame.header.kind): \(String(describing: frame.error))")
        }
        // Refusals are nobody's answer but the server's own: real, too.
        var strict = Self.request("1+1=")
        strict.requirements = Requirements(fingerprint: [UInt8](repeating: 7, count: 32))
        #expect(try ask(strict).last?.status == .requirementNotMet)
        #expect(try ask(UnloadRequest(name: "nobody")).last?.status == .notFound)
        let instructed = [ChatMessage(.system, "Be kind.")] + said
        let chat = GenerateRequest(prompt: .messages(instructed))
        #expect(try ask(chat).last?.error?.code == "template_raised")
        let shown = RenderRequest(messages: instructed)
        #expect(try ask(shown).last?.error?.code == "template_raised")
        #expect(client.seen.allSatisfy { $0.header.provenance == .real })
        let kinds = Set(client.seen.map(\.header.kind))
        #expect(kinds.count >= 14, "\(kinds)")
    }

    @Test func answersCarryTheFingerprintOfTheSealedFile() throws {
        let server = try ServerProcess(model: nil)
        let seal = try String(contentsOfFile: DemoModel.path() + ".seal", encoding: .utf8)
        let client = try server.client()
        let answer = try client.answers(to: try client.request(Self.request("7+8="))).generated
        let digest = try #require(answer.answer.fingerprint)
        let hex = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(seal.contains("\"fingerprint\": \"\(hex)\""))
        #expect(answer.answer.model == "demo" && answer.answer.degradations == [])
    }

    // MARK: - Conversations

    @Test func aConversationIsWhatItsTemplateWrites() throws {
        let server = try ServerProcess(model: nil)
        let messages = [
            ChatMessage(.user, "317+485="), ChatMessage(.assistant, "802"),
            ChatMessage(.user, "<|end|>"),
        ]
        let client = try server.client()
        let shown = try client.call(RenderRequest(messages: messages))
            .decoded(RenderResponse.self)
        #expect(shown.text == "<|begin|>317+485=802<|end|><|begin|><|end|>")
        // The begin and end tokens are the template's; the user's words stay words.
        #expect(shown.tokens.filter { $0 == 0 }.count == 2)
        #expect(shown.tokens.filter { $0 == 1 }.count == 1)
        let outOfTurn = RenderRequest(messages: [messages[0], messages[0]])
        let refused = try client.answers(to: client.request(outOfTurn)).last
        #expect(refused?.error?.code == "template_raised")
    }

    @Test func theCommandLineAsksTheSameConversation() throws {
        let server = try ServerProcess(model: nil)
        let client = try server.client()
        let words = ["317+485=", "802", "-2="]
        let roles: [ChatRole] = [.user, .assistant, .user]
        var request = GenerateRequest(
            prompt: .messages(zip(roles, words).map { ChatMessage($0, $1) }))
        request.maxTokens = 20
        let frames = try client.answers(to: try client.request(request))
        let told = try Program.run(
            "assay",
            ["generate", "--max-tokens", "20", "--message", "user:\(words[0])"]
                + ["--message", "assistant:\(words[1])", "--message", "user:\(words[2])"],
            environment: ["ASSAY_SERVER": server.addresses[1]])
        #expect(try told.output == frames.text + "\n", "\(told.errors)")
    }

    // MARK: - Streaming and company

    @Test func whatIsStreamedIsTheWholeAnswer() throws {
        let server = try ServerProcess(model: nil)
        let client = try server.client()
        for prompt in Self.prompts {
            let frames = try client.answers(to: try client.request(Self.request(prompt)))
            let tokens = try frames.tokens
            #expect(try frames.generated.completionTokens == UInt64(tokens.count))
            let detokenized = try client.call(DetokenizeRequest(tokens: tokens))
                .decoded(DetokenizeResponse.self).text
            #expect(try frames.text == String(decoding: detokenized, as: UTF8.self))
            let whole = try Program.run(
                "assay", ["generate", "--prompt", prompt, "--max-tokens", "60"],
                environment: ["ASSAY_SERVER": server.addresses[1]])
            #expect(try whole.output == frames.text + "\n", "\(whole.errors)")
        }
    }

    @Test func answersAreTheSameAloneInCompanyAndWithOneThread() throws {
        let server = try ServerProcess(model: nil)
        let alone = try server.client()
        let expected = try Self.prompts.map { prompt in
            try alone.answers(to: try alone.request(Self.request(prompt))).tokens
        }
        let crowd = try (0..<8).map { try server.client($0 % 2) }
        let asked = try crowd.map { client in
            try Self.prompts.map { try client.request(Self.request($0)) }
        }
        for (client, ids) in zip(crowd, asked) {
            #expect(try ids.map { try client.answers(to: $0).tokens } == expected)
        }
        let single = try ServerProcess(
            model: nil, environment: ["ASSAY_THREADS": "1", "ASSAY_STEP_TOKENS_MAX": "33"],
            threads: nil)
        let client = try single.client()
        #expect(
            try Self.prompts.map { prompt in
                try client.answers(to: try client.request(Self.request(prompt))).tokens
            } == expected)
    }
}
