// Loads and unloads over the wire while others are being served.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct ModelLoadingTests {
    @Test func aLoadReportsItsLayersAndTheModelAnswersAfterwards() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf", seed: 2)
        let frames = try client.answers(
            to: try client.request(LoadRequest(name: "two", path: path)))
        let layers = try frames.dropLast().map { try $0.decoded(LoadProgress.self).layer }
        #expect(
            layers.map(\.layer) == ["file", "parse", "compatibility", "placement", "validation"])
        #expect(layers.allSatisfy { $0.ok })
        let report = try frames[frames.count - 1].decoded(LoadResponse.self)
        #expect(report.accepted && report.layers.count == 5)
        #expect(report.model?.name == "two" && report.model?.state == .ready)
        #expect(frames.last?.header.generation == 1)
        #expect(try client.call(GenerateRequest.stream("two", tokens: 2)).status == .ok)
        // Two models now: a request has to say which one it means.
        #expect(try client.call(GenerateRequest.stream(tokens: 2)).error?.code == "model_required")
    }

    @Test func aLoadTellsOfItsBytesWhenAsked() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf", seed: 2)
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64)
        let frames = try client.answers(
            to: try client.request(LoadRequest(name: "two", path: path, progress: true)))
        let layers = try frames.dropLast().map { try $0.decoded(LoadProgress.self).layer }
        let running = layers.filter { $0.bytesRead != nil }
        #expect(running.last?.bytesRead == size)
        #expect(running.allSatisfy { $0.ok && $0.bytesTotal == size })
        #expect(layers.count - running.count == 5)
        let report = try frames[frames.count - 1].decoded(LoadResponse.self)
        #expect(report.layers.allSatisfy { $0.bytesRead == nil && $0.bytesTotal == nil })
    }

    @Test func streamsGoOnWhileAModelIsLoadedAndUnloaded() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf", seed: 2)
        let alone = try client.answers(
            to: try client.request(GenerateRequest.stream("tiny"))
        ).tokens
        for round in 1...3 {
            let stream = try client.request(GenerateRequest.stream("tiny"))
            let load = try client.request(LoadRequest(name: "two", path: path))
            let loaded = try client.answers(to: load)
            #expect(loaded.last?.status == .ok)
            #expect(loaded.last?.header.generation == UInt32(round))
            #expect(try client.call(UnloadRequest(name: "two")).status == .ok)
            #expect(try client.answers(to: stream).tokens == alone)
        }
    }

    @Test func aBrokenFileIsRejectedAtItsLayerAndOthersAreServed() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try server.directory.write("GGUF?".utf8, as: "broken.gguf")
        let frames = try client.answers(
            to: try client.request(LoadRequest(name: "bad", path: path)))
        let rejection = try #require(frames.last)
        #expect(rejection.status == .modelRejected)
        #expect(rejection.error?.layer == "parse")
        let asked = try client.call(GenerateRequest.stream("bad", tokens: 1))
        #expect(asked.error?.code == "model_not_ready")
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(list.models.map(\.state) == [.failed, .ready])
        #expect(try client.call(GenerateRequest.stream("tiny", tokens: 1)).status == .ok)
    }

    @Test func cudaWithoutADeviceIsARejectionAtPlacement() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf")
        let frames = try client.answers(
            to: try client.request(LoadRequest(name: "two", path: path, device: "cuda")))
        #expect(frames.last?.status == .modelRejected)
        #expect(frames.last?.error?.layer == "placement")
    }

    @Test func aMockNeedsTheServersPermissionWhateverARequestSays() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try server.directory.write("nothing".utf8, as: "broken.gguf")
        let load = LoadRequest(name: "m", path: path, strategy: .development)
        let frames = try client.answers(to: try client.request(load))
        #expect(frames.last?.status == .modelRejected)
        #expect(frames.allSatisfy { $0.header.provenance == .real })
    }

    @Test func aTakenNameIsRefused() throws {
        let server = try TestServer()
        let taken = try server.client().call(LoadRequest(name: "tiny", path: "/x.gguf"))
        #expect(taken.status == .alreadyExists)
    }

    // MARK: Rights

    /// The codes of a Load of a path that exists, of one that does not, and of an Unload, by a peer
    /// on a Unix socket (of the same user) or on TCP (of nobody known).
    private func codes(_ server: TestServer, overTCP: Bool) throws -> [String] {
        let client = try server.client(overTCP ? server.tcp : server.unix)
        let requests: [any RequestMessage] = [
            LoadRequest(name: "x", path: "/etc/passwd"),
            LoadRequest(name: "x", path: "/nowhere/x.gguf"), UnloadRequest(name: "nobody"),
        ]
        return try requests.map { request in
            let frames = try client.answers(to: try client.request(request))
            return try #require(frames.last?.error?.code)
        }
    }

    @Test func onlyTheServersOwnUserChangesModels() throws {
        let server = try TestServer()
        #expect(
            try codes(server, overTCP: false) == [
                "extension_unsupported", "not_found", "model_unknown",
            ])
        let refused = [String](repeating: "loading_not_allowed", count: 3)
        #expect(try codes(server, overTCP: true) == refused)
        let closed = try TestServer { $0.limits.loadingRight = .nobody }
        #expect(try codes(closed, overTCP: false) == refused)
    }

    @Test func anyoneMayLoadBelowTheRootsOnly() throws {
        let open = try TestServer { $0.limits.loadingRight = .anyone }
        #expect(
            try codes(open, overTCP: true) == [
                "extension_unsupported", "not_found", "model_unknown",
            ])
        let pathRefused = ["path_not_allowed", "path_not_allowed", "model_unknown"]
        let files = try TemporaryDirectory()
        let path = try TestServer.writeTiny(in: files, name: "inside.gguf", contextLength: 64)
        let bound = try TestServer {
            $0.limits.loadingRight = .anyone
            $0.modelRoots = [files.path("")]
        }
        for overTCP in [true, false] { #expect(try codes(bound, overTCP: overTCP) == pathRefused) }
        let client = try bound.client(bound.tcp)
        let loaded = try client.answers(to: try client.request(LoadRequest(name: "m", path: path)))
        #expect(loaded.last?.status == .ok)
        // Neither dots nor links lead out, and refusals are all alike.
        try FileManager.default.createSymbolicLink(
            atPath: files.path("link.gguf"), withDestinationPath: "/etc/passwd")
        let outside = [
            "link.gguf", "../x.gguf", "nowhere/../../x.gguf", "inside.gguf/../../../etc/passwd",
        ]
        var texts: Set<String> = []
        for name in outside.map({ files.path($0) }) + ["relative.gguf", "/a\0b"] {
            let frames = try client.answers(
                to: try client.request(LoadRequest(name: "y", path: name)))
            let error = try #require(frames.last?.error)
            #expect(error.code == "path_not_allowed", "\(name)")
            texts.insert(error.message)
        }
        #expect(texts.count == 1)
    }

    @Test func anUnloadWaitsForTheModelsRequestsAndCancelsThemWhenTheyTakeTooLong() throws {
        let server = try TestServer { $0.limits.drainMicroseconds = 150_000 }
        let client = try server.client()
        let path = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: 200_000)
        _ = try client.answers(to: try client.request(LoadRequest(name: "long", path: path)))
        let stream = try client.request(GenerateRequest.stream("long", tokens: 150_000))
        _ = try client.next()
        // Until the server's timer has nothing left to watch and rests: the unload must wake it.
        // However long this takes, the expectations below are the same.
        Thread.sleep(forTimeInterval: 0.2)
        let unload = try client.request(UnloadRequest(name: "long"))
        let refused = try client.call(GenerateRequest.stream("long", tokens: 1))
        #expect(refused.error?.code == "model_unloading")
        #expect(try client.answers(to: stream).generated.finishReason == .cancelled)
        #expect(try client.answers(to: unload).map(\.status) == [.ok])
        #expect(try client.call(HealthRequest(model: "long")).status == .notFound)
    }

    @Test func aCancelledLoadLeavesNoTrace() throws {
        let server = try TestServer()
        let client = try server.client()
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf")
        let load = try client.request(LoadRequest(name: "two", path: path))
        let cancel = try client.request(CancelRequest(target: load))
        let last = try #require(try client.answers(to: load).last)
        let found = try client.answers(to: cancel)[0].decoded(CancelResponse.self).found
        // The load may have won the race; then it is there, complete.
        let names = try client.call(ModelsRequest()).decoded(ModelsResponse.self).models.map(\.name)
        #expect(names.contains("two") == (last.status == .ok))
        #expect(found || last.status == .ok)
    }
}
