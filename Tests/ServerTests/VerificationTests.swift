// Verifying a served model over a real socket: sound, sealed, drifted; others are answered.

import Foundation
import Loading
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct VerificationTests {
    private let server: TestServer
    private let client: RawClient
    private let path: String

    init() throws {
        server = try TestServer()
        client = try server.client()
        path = server.directory.path("tiny.gguf")
    }

    private func verify() throws -> HealthResponse {
        let frame = try client.call(HealthRequest(model: "tiny", verify: true))
        #expect(frame.status == .ok, "\(String(describing: frame.error))")
        return try frame.decoded(HealthResponse.self)
    }

    private func seal() throws {
        _ = try ModelLoader().load(path: path).ensureReal().writeSeal()
    }

    @Test func aModelWithoutASealIsRunTwice() throws {
        #expect(
            try verify()
                == HealthResponse(
                    ready: true, state: .ready, seal: .absent, file: .unchanged))
        #expect(try server.counter("requests_in_flight") == 0)
    }

    @Test func aSealIsComparedToTheBit() throws {
        try seal()
        #expect(
            try verify()
                == HealthResponse(
                    ready: true, state: .ready, seal: .matched, largestDifference: 0,
                    file: .unchanged))
    }

    @Test func aModelThatDriftedAnswersNothingMore() throws {
        try seal()
        let text = try String(contentsOfFile: path + ".seal", encoding: .utf8)
        try server.directory.write(
            text.replacingOccurrences(of: "\"token\": ", with: "\"token\": 1").utf8,
            as: "tiny.gguf.seal")
        let refused = try client.call(HealthRequest(model: "tiny", verify: true))
        // Tokens that are out of the vocabulary make no seal of this model: nothing is decided.
        #expect(refused.status == .failedPrecondition && refused.error?.code == "seal_invalid")
        #expect(try client.call(GenerateRequest.stream("tiny", tokens: 1)).status == .ok)

        let digest = try #require(text.range(of: #"[0-9a-f]{64}"#, options: .regularExpression))
        let other = text.replacingCharacters(in: digest, with: String(repeating: "0", count: 64))
        try server.directory.write(other.utf8, as: "tiny.gguf.seal")
        let drifted = try verify()
        #expect(!drifted.ready && drifted.state == .failed && drifted.seal == .drifted)
        #expect(drifted.reason?.hasPrefix("seal_fingerprint_mismatch") == true)
        let late = try client.call(GenerateRequest.stream("tiny", tokens: 1))
        #expect(late.error?.code == "model_not_ready")
        let reload = try client.answers(
            to: try client.request(LoadRequest(name: "again", path: path)))
        #expect(reload.last?.error?.code == "seal_fingerprint_mismatch")
    }

    @Test func whatRunsOnAModelThatDriftedEndsWithAnError() throws {
        let long = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: 200_000)
        let loaded = try client.answers(
            to: try client.request(LoadRequest(name: "long", path: long)))
        #expect(loaded.last?.status == .ok)
        let stream = try client.request(GenerateRequest.stream("long", tokens: 150_000))
        _ = try client.next()
        // A seal of these weights with other logits.
        _ = try ModelLoader().load(path: long).ensureReal().writeSeal()
        let text = try String(contentsOfFile: long + ".seal", encoding: .utf8)
        let place = try #require(text.range(of: "\"logit\": "))
        try server.directory.write(
            text.replacingCharacters(in: place, with: "\"logit\": 9").utf8, as: "long.gguf.seal")
        let verification = try client.request(HealthRequest(model: "long", verify: true))
        let answer = try #require(try client.answers(to: verification).last)
        #expect(try answer.decoded(HealthResponse.self).state == .failed)
        let end = try #require(try client.answers(to: stream).last)
        #expect(end.status == .dataLoss && end.error?.code == "model_damaged")
    }

    @Test func anotherFileOnDiskIsSaidAndIsNoDrift() throws {
        try seal()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 4] ^= 1
        try server.directory.write(bytes, as: "tiny.gguf")
        let answer = try verify()
        #expect(answer.ready && answer.state == .ready && answer.file == .changed)
        #expect(answer.seal == .matched && answer.largestDifference == 0)
        #expect(answer.reason?.contains("tiny.gguf") == true)
        #expect(try client.call(GenerateRequest.stream("tiny", tokens: 1)).status == .ok)
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(list.models.map(\.file) == [.changed])
        unlink(path)
        #expect(try verify().file == .missing)
    }

    @Test func aSecondOneWaitsForTheFirst() throws {
        // Whichever comes second is refused, or the first is done already; both are answered.
        let ids = try (0..<8).map { _ in
            try client.request(HealthRequest(model: "tiny", verify: true))
        }
        let frames = try ids.map { try #require(try client.answers(to: $0).last) }
        #expect(frames.contains { $0.status == .ok })
        for frame in frames where frame.status != .ok {
            #expect(frame.error?.code == "verify_running")
        }
        #expect(try server.counter("requests_in_flight") == 0)
    }

    @Test func aMockCannotBeVerified() throws {
        let server = try TestServer([.mock])
        let refused = try server.client().call(HealthRequest(model: "mock", verify: true))
        #expect(refused.status == .requirementNotMet && refused.header.provenance == .mock)
    }
}
