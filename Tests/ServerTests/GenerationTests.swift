// What comes out of the server is what the model says: golden text, the same alone and in company,
// cut where the request asks for it, refused when it cannot fit.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct GenerationTests {
    private struct Golden: Decodable {
        struct Item: Decodable {
            let prompt: String
            let prompt_ids_with_bos: [UInt32]
            let f32_ids: [UInt32]
        }
        let items: [Item]
    }

    private static let goldenPath = "stories/stories260K.golden.json"

    @Test(.enabled(if: Fixtures.exists(goldenPath), "needs the stories260K fixtures"))
    func theTrainedModelTellsTheGoldenStories() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(Self.goldenPath)))
        let golden = try JSONDecoder().decode(Golden.self, from: data)
        let server = try TestServer([.stories])
        let client = try server.client()
        // All at once: company must not change a token.
        let ids = try golden.items.map { item in
            var request = GenerateRequest(prompt: .text(item.prompt))
            request.maxTokens = UInt64(item.f32_ids.count)
            return try client.request(request)
        }
        #expect(!ids.isEmpty)
        for (id, item) in zip(ids, golden.items) {
            let frames = try client.answers(to: id)
            #expect(try frames.tokens == item.f32_ids, "\(item.prompt)")
            #expect(try frames.generated.promptTokens == UInt64(item.prompt_ids_with_bos.count))
        }
    }

    /// Requests that differ in prompt, length and sampling.
    private func request(_ index: Int) -> GenerateRequest {
        let prompt = (0..<(1 + index * 37 % 150)).map { UInt32(3 + ($0 * 7 + index * 31) % 300) }
        var request = GenerateRequest(prompt: .tokens([1] + prompt))
        request.maxTokens = UInt64(20 + index * 5)
        request.temperature = index % 2 == 0 ? 0 : 0.9
        request.topK = index % 3 == 0 ? 0 : 40
        request.seed = UInt64(index)
        return request
    }

    @Test func eightClientsAtOnceGetTheTokensTheyGetAlone() async throws {
        let server = try TestServer { $0.limits.stepTokensMax = 64 }
        let alone = try (0..<8).map { index in
            let client = try server.client()
            return try client.answers(to: try client.request(request(index))).tokens
        }
        #expect(Set(alone).count == 8)
        let address = server.unix
        let together = try await withThrowingTaskGroup(of: (Int, [UInt32]).self) { group in
            for index in 0..<8 {
                let request = request(index)
                group.addTask {
                    let client = try RawClient(address)
                    try client.hello()
                    return (index, try client.answers(to: try client.request(request)).tokens)
                }
            }
            var all = [[UInt32]](repeating: [], count: 8)
            for try await (index, tokens) in group { all[index] = tokens }
            return all
        }
        #expect(together == alone)
    }

    @Test func logitsOfAllPositionsAgreeWithThoseOfTheLast() throws {
        let server = try TestServer()
        let client = try server.client()
        var all = LogitsRequest(prompt: .tokens([1, 20, 30, 40]))
        all.allPositions = true
        let frames = try client.answers(to: try client.request(all))
        let rows = try frames.values
        let account = try frames[frames.count - 1].decoded(LogitsResponse.self)
        #expect(account.positions == 4)
        #expect(rows.count == 4 * Int(account.vocabulary))
        for length in 1...4 {
            let prefix = LogitsRequest(prompt: .tokens(Array([1, 20, 30, 40].prefix(length))))
            let row = try client.answers(to: try client.request(prefix)).values
            let width = Int(account.vocabulary)
            #expect(row == Array(rows[(length - 1) * width..<length * width]))
        }
    }

    @Test func logitsReachAPeerThatAcceptsOnlySmallFrames() throws {
        let server = try TestServer()
        let small = try RawClient(server.unix)
        try small.hello(bodySizeMax: 4096)
        var request = LogitsRequest(prompt: .tokens((0..<100).map { UInt32($0 + 3) }))
        request.allPositions = true
        let pieces = try small.answers(to: try small.request(request))
        #expect(pieces.count > 10)
        #expect(pieces.allSatisfy { $0.body.count <= 4096 })
        let large = try server.client()
        #expect(try pieces.values == large.answers(to: try large.request(request)).values)
    }

    @Test func aStopStringEndsTheTextBeforeIt() throws {
        let server = try TestServer()
        let client = try server.client()
        let whole = try client.answers(to: try client.request(request(1)))
        let text = try whole.text
        let middle = text.index(text.startIndex, offsetBy: text.count / 2)
        let stop = String(text[middle...].prefix(3))
        var stopping = request(1)
        stopping.stop = [stop]
        let cut = try client.answers(to: try client.request(stopping))
        #expect(try cut.generated.finishReason == .stop)
        #expect(try cut.generated.stopMatched == stop)
        let rest = try cut.text
        #expect(text.hasPrefix(rest))
        #expect(!rest.contains(stop))
    }

    @Test func anOverlongPromptIsRefusedWithTheExcessOrCutAndMarked() throws {
        let server = try TestServer { $0.contextMax = 64 }
        let client = try server.client()
        var request = GenerateRequest(prompt: .tokens((0..<80).map { UInt32($0 + 1) }))
        request.maxTokens = 8
        let refused = try client.call(request)
        #expect(refused.status == .outOfRange)
        #expect(refused.error?.code == "prompt_too_long")
        #expect(refused.error?.message.contains("16 more than the model's context of 64") == true)
        request.truncatePrompt = true
        let frames = try client.answers(to: try client.request(request))
        #expect(frames.last?.header.flags.contains(.degraded) == true)
        let account = try frames.generated
        #expect(account.answer.degradations.first?.hasPrefix("truncated_context") == true)
        #expect(account.promptTokens == 57)
        // The same as asking with the begin token and the tail in the first place.
        request.prompt = .tokens([1] + (0..<80).map { UInt32($0 + 1) }.suffix(56))
        let tail = try client.answers(to: try client.request(request))
        #expect(try tail.tokens == frames.tokens)
        #expect(try tail.generated.answer.degradations.isEmpty)
    }

    @Test func anAnswerEndsWhereTheContextEnds() throws {
        let server = try TestServer { $0.contextMax = 32 }
        let client = try server.client()
        let frames = try client.answers(
            to: try client.request(GenerateRequest.stream(tokens: 1000)))
        let account = try frames.generated
        if account.finishReason == .length { #expect(account.completionTokens == 30) }
        var full = GenerateRequest(prompt: .tokens((0..<32).map { UInt32($0 + 1) }))
        full.maxTokens = 10
        #expect(try client.answers(to: try client.request(full)).generated.completionTokens <= 1)
    }

    @Test func aLongPromptReportsItsProgress() throws {
        let server = try TestServer { $0.limits.stepTokensMax = 48 }
        let client = try server.client()
        var request = GenerateRequest(prompt: .tokens((0..<200).map { UInt32($0 % 300 + 1) }))
        request.maxTokens = 2
        let frames = try client.answers(to: try client.request(request))
        let progress = try frames.dropLast().compactMap {
            try $0.decoded(GenerateChunk.self).promptDone
        }
        #expect(progress == [48, 96, 144, 192])
    }

    @Test func moreTokensAtLeastThanAtMostAreRefusedByField() throws {
        let server = try TestServer()
        let client = try server.client()
        var request = GenerateRequest(prompt: .tokens([1]))
        request.maxTokens = 8
        request.minTokens = 9
        let refused = try client.call(request)
        #expect(refused.status == .invalidArgument)
        #expect(refused.error?.code == "field_out_of_range")
        #expect(refused.error?.field == "min_tokens")
        #expect(refused.error?.message.contains("found 9, allowed: at most max_tokens, 8") == true)
        request.minTokens = 8
        let frames = try client.answers(to: try client.request(request))
        #expect(try frames.generated.completionTokens == 8)
    }

    @Test func anEmptyPromptAndAForeignTokenAreRefusedByField() throws {
        let server = try TestServer()
        let client = try server.client()
        var empty = GenerateRequest(prompt: .text(""))
        empty.addSpecial = false
        #expect(try client.call(empty).error?.code == "prompt_empty")
        let foreign = try client.call(GenerateRequest(prompt: .tokens([1, 99_999])))
        #expect(foreign.error?.field == "tokens")
        #expect(foreign.error?.message.contains("found 99999 at index 1") == true)
    }
}

extension [AnswerFrame] {
    /// Values of a Logits answer, chunks and rest together.
    var values: [Float] {
        get throws {
            try flatMap { frame in
                frame.isLast
                    ? try frame.decoded(LogitsResponse.self).logits
                    : try frame.decoded(LogitsChunk.self).logits
            }
        }
    }
}
