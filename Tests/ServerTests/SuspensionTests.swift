// Requests that give their places to others and come back: nobody waits for a peer that does not
// read, nobody waits for a greedy one, and the answers have the same bits as ever.

import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct SuspensionTests {
    private static let prompt = (0..<500).map { UInt32(3 + $0 * 7 % 300) }

    /// Rows for every position: 650 KB.
    private static var large: LogitsRequest {
        var request = LogitsRequest(prompt: .tokens(prompt))
        request.allPositions = true
        return request
    }

    private static let short = GenerateRequest.stream(tokens: 4)

    enum Transport: CaseIterable { case unix, tcp }

    private func address(_ server: TestServer, _ transport: Transport) -> String {
        transport == .unix ? server.unix : server.tcp
    }

    @Test(arguments: Transport.allCases)
    func whoeverDoesNotReadStopsNobodyElse(_ transport: Transport) throws {
        let server = try TestServer { $0.limits.sequencesMax = 2 }
        let honest = try server.client()
        let expected = try honest.answers(to: try honest.request(Self.large)).values
        let deaf = try server.client(address(server, transport), receiveBuffer: 4096)
        let ids = try (0..<16).map { _ in try deaf.request(Self.large) }
        for _ in 0..<10 {
            #expect(try honest.answers(to: try honest.request(Self.short)).last?.status == .ok)
        }
        // A late reader gets everything, from wherever its requests were stopped.
        var values = [UInt64: [Float]]()
        var open = Set(ids)
        while !open.isEmpty, let frame = try deaf.next() {
            let id = frame.header.requestID
            if frame.isLast {
                #expect(frame.status == .ok)
                values[id, default: []] += try frame.decoded(LogitsResponse.self).logits
                open.remove(id)
            } else {
                values[id, default: []] += try frame.decoded(LogitsChunk.self).logits
            }
        }
        #expect(ids.allSatisfy { values[$0] == expected })
    }

    enum Kind: CaseIterable { case generate, logits, score, embed }

    private static func request(_ kind: Kind, _ seed: UInt32) -> any RequestMessage {
        func tokens(_ count: Int, _ step: UInt32) -> [UInt32] {
            (0..<count).map { (UInt32($0) * step + seed) % 300 + 3 }
        }
        switch kind {
        case .generate:
            var request = GenerateRequest(prompt: .tokens(tokens(100, 7)))
            (request.maxTokens, request.ignoreEos, request.seed) = (200, true, UInt64(seed))
            request.temperature = 1
            return request
        case .logits:
            var request = LogitsRequest(prompt: .tokens(tokens(400, 3)))
            request.allPositions = true
            return request
        case .score:
            return ScoreRequest(
                prompt: .tokens(tokens(40, 11)),
                continuations: (1...30).map { .tokens(tokens(30 + Int($0), $0)) })
        case .embed:
            return EmbedRequest(inputs: (1...40).map { .tokens(tokens(20 + Int($0), $0)) })
        }
    }

    /// The data of an answer, without times and load.
    private func content(_ kind: Kind, _ frames: [AnswerFrame]) throws -> [Float] {
        #expect(frames.last?.status == .ok, "\(String(describing: frames.last?.error))")
        switch kind {
        case .generate: return try frames.tokens.map { Float($0) }
        case .logits: return try frames.values
        case .score:
            let answer = try frames[frames.count - 1].decoded(ScoreResponse.self)
            return answer.scores.flatMap { $0.logprobs.logprobs + [Float($0.logprob)] }
        case .embed: return try frames.embeddings
        }
    }

    @Test(arguments: Kind.allCases)
    func aSuspendedRequestGoesOnWithTheSameBits(_ kind: Kind) throws {
        let server = try TestServer {
            $0.limits.sequencesMax = 2
            $0.limits.stepTokensMax = 24
        }
        let quiet = try server.client()
        func ask(_ client: RawClient, _ seed: UInt32) throws -> UInt64 {
            try client.request(Self.request(kind, seed))
        }
        let expected = try (0..<6).map { seed in
            try content(kind, quiet.answers(to: ask(quiet, seed)))
        }
        #expect(try server.counter("requests_suspended") == 0)
        let greedy = try server.client()
        let ids = try (0..<6).map { try ask(greedy, $0) }
        // Beside the greedy connection short requests come and go.
        for _ in 0..<12 {
            #expect(try quiet.answers(to: try quiet.request(Self.short)).last?.status == .ok)
        }
        for (index, id) in ids.enumerated() {
            #expect(try content(kind, greedy.answers(to: id)) == expected[index])
        }
        #expect(try server.counter("requests_suspended") > 0)
        #expect(try server.counter("requests_in_flight") == 0)
    }

    @Test func aVocabularyLargerThanTheOutputBoundEndsNoReader() throws {
        let server = try TestServer {
            $0.limits.outputHighSize = 65_536
            $0.limits.outputLowSize = 4096
            $0.limits.inFlightMax = 1
        }
        let client = try server.client(receiveBuffer: 4096)
        let values = try client.answers(to: try client.request(Self.large)).values
        #expect(values.count % Self.prompt.count == 0 && !values.isEmpty)
        #expect(try client.call(PingRequest()).status == .ok)
    }

    @Test func textsOfPeersThatDoNotReadWait() throws {
        let server = try TestServer()
        let deaf = try server.client(receiveBuffer: 4096)
        let text = TokenizeRequest(text: [UInt8](repeating: 0x61, count: 400_000))
        let ids = try (0..<12).map { _ in try deaf.request(text) }
        let honest = try server.client()
        let small = TokenizeRequest(text: Array("once".utf8))
        #expect(try honest.call(small).status == .ok)
        #expect(try honest.call(text).status == .ok)
        // Twelve answers of more than a megabyte: most of them are not made before anybody reads.
        #expect(try server.counter("requests_in_flight") > 6)
        for id in ids { #expect(try deaf.answers(to: id).last?.status == .ok) }
    }

    @Test func aCancelledTextEndsWithoutItsTokens() throws {
        let server = try TestServer()
        let client = try server.client()
        let text = TokenizeRequest(text: [UInt8](repeating: 0x61, count: 3_900_000))
        let ids = try (0..<3).map { _ in try client.request(text) }
        for id in ids { _ = try client.request(CancelRequest(target: id)) }
        for id in ids { #expect(try client.answers(to: id).last?.status == .cancelled) }
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
    }
}
