// A vocabulary that closes every text with an end token: where something is to follow, it does not.

import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct EndTokenTests {
    private static let end: UInt32 = 2

    private func client() throws -> (TestServer, RawClient) {
        let server = try TestServer([])
        var builder = GGUFBuilder.tinyLlama()
        builder.set("tokenizer.ggml.add_eos_token", .bool(true))
        let path = try server.directory.write(builder.build(), as: "ends.gguf")
        let client = try server.client()
        let loaded = try client.answers(
            to: try client.request(LoadRequest(name: "ends", path: path)))
        #expect(loaded.last?.status == .ok, "\(String(describing: loaded.last?.error))")
        return (server, client)
    }

    private func tokens(_ text: String, _ client: RawClient) throws -> [UInt32] {
        let request = TokenizeRequest(text: Array(text.utf8))
        return try client.call(request).decoded(TokenizeResponse.self).tokens
    }

    @Test func aPromptIsContinuedBeforeItsEnd() throws {
        let (server, client) = try client()
        let whole = try tokens("ab", client)
        #expect(whole.last == Self.end)
        var request = GenerateRequest(prompt: .text("ab"))
        request.maxTokens = 1
        let frames = try client.answers(to: try client.request(request))
        #expect(try frames.generated.promptTokens == UInt64(whole.count - 1))
        withExtendedLifetime(server) {}
    }

    @Test func aContinuationIsScoredWithoutIt() throws {
        let (server, client) = try client()
        let request = ScoreRequest(prompt: .text("ab"), continuations: [.text("cd")])
        let score = try #require(
            try client.call(request).decoded(ScoreResponse.self).scores.first)
        #expect(!score.logprobs.tokens.contains(Self.end))
        let joint = try tokens("abcd", client).dropLast()
        #expect(joint.suffix(score.logprobs.tokens.count).elementsEqual(score.logprobs.tokens))
        withExtendedLifetime(server) {}
    }

    @Test func anEmbeddedTextKeepsIt() throws {
        let (server, client) = try client()
        let request = EmbedRequest(inputs: [.text("ab")])
        let answer = try client.call(request).decoded(EmbedResponse.self)
        #expect(answer.promptTokens == UInt64(try tokens("ab", client).count))
        withExtendedLifetime(server) {}
    }
}
