// Log-probabilities as a value: built by a server, cut into frames, put together by a client; and
// what a request says about the revision it needs.

import TestSupport
import Testing
import Wire

@Suite struct LogprobsTests {
    /// Tokens 0..<count with `width` alternatives each, all values distinct.
    private func sample(_ count: Int, width: Int) -> Logprobs {
        var result = Logprobs(topCount: UInt64(width))
        for token in 0..<count {
            let top = (0..<width).map { (UInt32(100 * token + $0), Float(-token) - Float($0)) }
            result.append(UInt32(token), Float(-token), top: top)
        }
        return result
    }

    private func body(of message: some WireRecord) -> [UInt8] {
        var writer = BodyWriter()
        message.encode(into: &writer)
        return writer.bytes
    }

    @Test(arguments: [0, 1, 3, 64], [0, 1, 5])
    func whatIsWrittenComesBack(_ width: Int, _ count: Int) throws {
        let logprobs = sample(count, width: width)
        #expect(try Logprobs(decoding: body(of: logprobs)) == logprobs)
    }

    @Test(arguments: [0, 2])
    func slicesPutTogetherAreTheWhole(_ width: Int) {
        let whole = sample(7, width: width)
        for cut in 0...7 {
            var parts = whole.slice(0..<cut)
            #expect(parts.count == cut)
            parts.append(whole.slice(cut..<7))
            #expect(parts == whole)
        }
    }

    @Test func alternativesOfAPositionAreItsRow() {
        let row = sample(3, width: 2).top(at: 1)
        #expect(row.map(\.token) == [100, 101])
        #expect(row.map(\.logprob) == [-1, -2])
    }

    @Test func noAlternativesAreNotWritten() {
        // Two fields of one element each: ids, sizes, values.
        #expect(body(of: sample(1, width: 0)).count == 2 * (Limits.fieldHeaderSize + 4))
    }

    /// Whatever a damaged body decodes to, its counts agree: a reader may index without checking.
    @Test func flippedBitsNeverMakeCountsThatDisagree() throws {
        let seed = SeededGenerator.fuzzSeed("flippedBitsNeverMakeCountsThatDisagree")
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            let count = random.below(4)
            var bytes = body(of: sample(count, width: random.below(3)))
            for _ in 0..<random.below(3) {
                bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
            }
            guard let found = try? Logprobs(decoding: bytes) else { continue }
            accepted += 1
            #expect(found.logprobs.count == found.count)
            #expect(found.topTokens.count == found.count * Int(found.topCount))
            #expect(found.topLogprobs.count == found.topTokens.count)
        }
        #expect(accepted > 1000)
    }

    @Test func fieldsAnOlderServerDoesNotKnowRaiseTheRevisionARequestNeeds() {
        var generate = GenerateRequest(prompt: .text(""))
        #expect(generate.revisionNeeded == 1)
        generate.promptLogprobs = 0
        #expect(generate.revisionNeeded == 2)
        let chat = Prompt.messages([ChatMessage(.user, "")])
        #expect(GenerateRequest(prompt: chat).revisionNeeded == 2)
        #expect(LogitsRequest(prompt: chat).revisionNeeded == 2)
        #expect(LogitsRequest(prompt: .tokens([1])).revisionNeeded == 1)
        #expect(ScoreRequest(prompt: .tokens([1]), continuations: []).revisionNeeded == 2)
        #expect(EmbedRequest(inputs: []).revisionNeeded == 2)
        #expect(HealthRequest().revisionNeeded == 1)
        #expect(HealthRequest(verify: true).revisionNeeded == 2)
        #expect(HelloRequest(client: "c").revisionNeeded == 1)
    }
}
