// An engine that stops in the middle of a step, as a wedged driver would make it: monitors and
// peers are told, deadlines and Cancels are answered all the same, and all is well when it goes on.
//
// The brake is in a kernel: every step of a model waits in it while the brake is on.

import CKernels
import Compute
import Foundation
import Server
import ServerTestSupport
import Synchronization
import TestSupport
import Testing
import Wire

@Suite(.serialized, .enabled(if: InstructionSet.best != .scalar, "the brake is in a vector kernel"))
struct StuckEngineTests {
    /// - Parameter threads: with one the engine computes itself, with two a worker is stuck as
    ///   well.
    private func server(threads: Int) throws -> TestServer {
        let backend = try CPUBackend(threads: threads, instructionSet: .best) { set, table in
            guard set == .best else { return }
            Brake.rope = table.rope
            table.rope = { x, style, rotary, cosines, sines in
                Brake.wait()
                Brake.rope?(x, style, rotary, cosines, sines)
            }
        }
        let server = try TestServer(backend: backend) { configuration in
            configuration.admin = "127.0.0.1:0"
            configuration.limits.liveTimeoutMicroseconds = 4_000_000
        }
        let path = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: 200_000)
        let client = try server.client()
        let loaded = try client.answers(
            to: try client.request(LoadRequest(name: "long", path: path)))
        #expect(loaded.last?.status == .ok)
        return server
    }

    private func health(_ client: RawClient, _ model: String? = nil) throws -> HealthResponse {
        try client.call(HealthRequest(model: model)).decoded(HealthResponse.self)
    }

    @Test(arguments: [1, 2])
    func monitorsAndPeersAreToldAndThatItGoesOn(threads: Int) throws {
        defer { Brake.release() }
        let server = try server(threads: threads)
        let admin = try #require(server.admin)
        let client = try server.client()
        let stream = try client.request(GenerateRequest.stream("long", tokens: 3000))
        _ = try client.next()
        #expect(try health(client).ready)
        Brake.pull()
        #expect(try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 503 })
        #expect(try RawHTTP.get("/readyz", admin).body.contains("has made no progress for"))
        for name in [nil, "long", "tiny"] {
            let answer = try health(client, name)
            #expect(!answer.ready && answer.state == .failed)
            #expect(answer.reason?.contains("has made no progress for") == true)
        }
        #expect(try ProcessFacts.eventually { try RawHTTP.get("/livez", admin).status == 503 })
        #expect(try RawHTTP.get("/livez", admin).body.contains("has made no progress for"))
        Brake.release()
        #expect(try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 200 })
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        #expect(try health(client, "long").ready)
        let frames = try client.answers(to: stream)
        #expect(try [.length, .stop].contains(frames.generated.finishReason))
    }

    @Test func deadlinesAndCancelsAreAnsweredWithWhatWasSent() throws {
        defer { Brake.release() }
        let server = try server(threads: 1)
        let client = try server.client()
        let endless = GenerateRequest.stream("long", tokens: 40_000)
        let timed = try client.request(endless, deadlineMilliseconds: 2000)
        let cancelled = try client.request(endless)
        for id in [timed, cancelled] {
            while !client.seen.contains(where: { $0.header.requestID == id }) {
                _ = try client.next()
            }
        }
        Brake.pull()
        let waiting = try client.request(endless, deadlineMilliseconds: 1500)
        let never = try client.request(GenerateRequest.stream("tiny", tokens: 1))
        // A connection's requests reach the engine in order, so both are there after this answer.
        let last = try client.call(TokenizeRequest(model: "tiny", text: Array("a".utf8)))
        #expect(last.status == .ok)
        let cancel = try client.request(CancelRequest(target: cancelled))
        #expect(try client.answers(to: cancel)[0].decoded(CancelResponse.self).found)
        _ = try client.request(CancelRequest(target: never))
        #expect(try client.answers(to: waiting).map(\.status) == [.deadlineExceeded])
        #expect(try client.answers(to: never).map(\.status) == [.cancelled])
        for (id, reason) in [(cancelled, FinishReason.cancelled), (timed, .deadline)] {
            let rest = try client.answers(to: id)
            #expect(try rest.generated.finishReason == reason)
            let sent = try client.seen.filter { $0.header.requestID == id }.tokens
            #expect(try UInt64(sent.count) == rest.generated.completionTokens)
            #expect(try rest.generated.promptTokens == 3)
            #expect(!sent.isEmpty)
        }
        // Requests count until the engine lets go of them.
        #expect(try server.counter("requests_in_flight") == 4)
        #expect(Brake.isOn)
        Brake.release()
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
        #expect(try client.call(GenerateRequest.stream("tiny", tokens: 1)).status == .ok)
    }
}

/// Holds whoever computes a rotation, on any thread.
private enum Brake {
    private static let pulled = Atomic<Bool>(false)
    private static let holds = Atomic<Bool>(false)
    nonisolated(unsafe) static var rope:
        (
            @convention(c) (
                UnsafeMutablePointer<Float>?, kn_rope_style, Int, UnsafePointer<Float>?,
                UnsafePointer<Float>?
            ) -> Void
        )?

    static var isOn: Bool { pulled.load(ordering: .relaxed) }
    static func release() { pulled.store(false, ordering: .relaxed) }

    /// Returns when the engine stands still. Before, a step may end and requests may be let go.
    static func pull() {
        pulled.store(true, ordering: .relaxed)
        #expect(ProcessFacts.eventually { holds.load(ordering: .relaxed) })
    }

    static func wait() {
        guard isOn else { return }
        holds.store(true, ordering: .relaxed)
        while isOn { usleep(1000) }
        holds.store(false, ordering: .relaxed)
    }
}
