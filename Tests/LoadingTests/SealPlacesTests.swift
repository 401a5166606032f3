// A seal beside a model's file holds, however the path to that file is spelled.

import Glibc
import Loading
import TestSupport
import Testing

@Suite struct SealPlacesTests {
    let directory: TemporaryDirectory
    let folder: String
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        folder = directory.path("store")
        #expect(mkdir(folder, 0o755) == 0)
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "store/tiny.gguf")
    }

    /// The code with which a path is refused while a seal of other logits lies at `seal`; nil when
    /// it is accepted.
    private func refusal(of spelled: String, sealedAt seal: String) throws -> String? {
        let model = try ModelLoader.test { $0.ignoresSeal = true }.load(path: spelled).ensureReal()
        let good = try model.makeSeal(prompt: nil)
        let top = good.top.map { Seal.TopLogit(token: $0.token, logit: $0.logit + 1) }
        try directory.write(good.with(top: top).text.utf8, as: seal)
        defer { unlink(directory.path(seal)) }
        return try ModelLoader.test().run(path: spelled).rejection?.code.name
    }

    @Test(arguments: [
        "store/tiny.gguf", "store//tiny.gguf", "store/./tiny.gguf", "store/../store/tiny.gguf",
        "store", "store/", "link.gguf", "linked/tiny.gguf", "linked", "store/other.gguf",
    ])
    func everySpellingFindsTheSealOfTheFile(_ spelled: String) throws {
        #expect(symlink(path, directory.path("link.gguf")) == 0)
        #expect(symlink(folder, directory.path("linked")) == 0)
        if spelled.hasSuffix("other.gguf") {
            #expect(link(path, directory.path(spelled)) == 0)
        }
        let found = try refusal(of: directory.path(spelled), sealedAt: "store/tiny.gguf.seal")
        #expect(found == "seal_logits_differ")
    }

    @Test func aRelativePathFindsIt() throws {
        let relative = try #require(Self.relative(path))
        let found = try refusal(of: relative, sealedAt: "store/tiny.gguf.seal")
        #expect(found == "seal_logits_differ")
    }

    /// From the current folder up to the root and down again.
    private static func relative(_ path: String) -> String? {
        guard let current = getcwd(nil, 0) else { return nil }
        defer { free(current) }
        let depth = String(cString: current).split(separator: "/").count
        return String(repeating: "../", count: depth) + path.dropFirst()
    }

    @Test(arguments: ["link.gguf.seal", "store/tiny.gguf.seal"])
    func aSealBesideALinkHoldsAsWell(_ seal: String) throws {
        #expect(symlink(path, directory.path("link.gguf")) == 0)
        let found = try refusal(of: directory.path("link.gguf"), sealedAt: seal)
        #expect(found == "seal_logits_differ")
    }

    @Test func theSealOfAFolderHoldsForTheFileInIt() throws {
        #expect(
            try refusal(of: path, sealedAt: "store/assay.seal") == "seal_logits_differ")
    }

    /// The seal was made when the folder was one model: it still holds for that one, and is none of
    /// the second one's.
    @Test func theSealOfAFolderHoldsForItsModelWhenAnotherOneJoins() throws {
        let sealed = try ModelLoader.test().load(path: folder).ensureReal().writeSeal()
        #expect(sealed == folder + "/assay.seal")
        let second = try directory.write(
            GGUFBuilder.tinyLlama(seed: 2).build(), as: "store/second.gguf")
        #expect(
            try ModelLoader.test().run(path: path).report.seal == .matched(largestDifference: 0))
        #expect(try ModelLoader.test().run(path: second).report.seal == .absent)
        try directory.write(GGUFBuilder.tinyLlama(seed: 3).build(), as: "store/tiny.gguf")
        let refused = try ModelLoader.test().run(path: path).rejection?.code.name
        #expect(refused == "seal_fingerprint_mismatch")
    }

    /// As caches of downloads lie: names in one folder, files in another.
    @Test func theSealOfAFolderOfLinksHoldsForTheLink() throws {
        #expect(mkdir(directory.path("names"), 0o755) == 0)
        #expect(symlink("../store/tiny.gguf", directory.path("names/m.gguf")) == 0)
        for spelled in ["names", "names/m.gguf"] {
            let found = try refusal(
                of: directory.path(spelled), sealedAt: "names/assay.seal")
            #expect(found == "seal_logits_differ", "\(spelled)")
        }
    }

    @Test func theSealBesideALinkOnTheWayHolds() throws {
        #expect(symlink("store/tiny.gguf", directory.path("link.gguf")) == 0)
        #expect(symlink("link.gguf", directory.path("second.gguf")) == 0)
        let found = try refusal(of: directory.path("second.gguf"), sealedAt: "link.gguf.seal")
        #expect(found == "seal_logits_differ")
    }

    @Test(arguments: [1, 2, 3], [1, 2, 3])
    func theSealOfAnyPartHoldsForAll(_ named: Int, _ sealed: Int) throws {
        let parts = GGUFBuilder.tinyLlama().split(into: 3)
        func name(_ number: Int) -> String { "store/model-0000\(number)-of-00003.gguf" }
        for (name, bytes) in parts { try directory.write(bytes, as: "store/" + name) }
        let found = try refusal(
            of: directory.path(name(named)), sealedAt: name(sealed) + ".seal")
        #expect(found == "seal_logits_differ")
    }

    @Test(arguments: [
        "model.safetensors.seal", "assay.seal",
    ])
    func theSealOfACheckpointHoldsByFolderAndByFile(_ seal: String) throws {
        for (name, bytes) in CheckpointBuilder.tiny("LlamaForCausalLM").files() {
            try directory.write(bytes, as: "store/\(name)")
        }
        unlink(path)
        for spelled in ["store", "store/model.safetensors"] {
            let found = try refusal(of: directory.path(spelled), sealedAt: "store/" + seal)
            #expect(found == "seal_logits_differ", "\(spelled)")
        }
    }

    @Test func aNewSealLiesBesideTheFileItself() throws {
        let link = directory.path("link.gguf")
        #expect(symlink(path, link) == 0)
        let written = try ModelLoader.test().load(path: link).ensureReal().writeSeal()
        #expect(written == path + ".seal")
        #expect(
            try ModelLoader.test().run(path: path).report.seal == .matched(largestDifference: 0))
    }

    @Test func aSealOfAnotherFileInTheFolderIsNotItsOwn() throws {
        try directory.write("{".utf8, as: "store/second.gguf.seal")
        #expect(try ModelLoader.test().run(path: path).report.seal == .absent)
    }
}
