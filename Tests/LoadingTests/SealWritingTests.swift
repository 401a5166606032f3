// Writing a seal, and verifying a loaded model: whole files only, nothing replaced unasked, drift
// told from a check that failed.

import Glibc
import Loading
import ModelFiles
import TestSupport
import Testing

@Suite struct SealWritingTests {
    let directory: TemporaryDirectory
    let path: String
    let bytes = GGUFBuilder.tinyLlama().build()

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(bytes, as: "tiny.gguf")
    }

    private func model() throws -> RealModel {
        try ModelLoader.test { $0.ignoresSeal = true }.load(path: path).ensureReal()
    }

    private func names() throws -> [String] {
        let folder = try #require(opendir(directory.path))
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    @Test func aSealIsWrittenWholeAndNothingElseIsLeft() throws {
        let model = try model()
        let written = try model.writeSeal(prompt: "the and")
        #expect(try names() == ["tiny.gguf", "tiny.gguf.seal"])
        #expect(try text(written) == model.makeSeal(prompt: "the and").text)
        var status = stat()
        #expect(stat(written, &status) == 0)
        let mask = umask(0)
        umask(mask)
        #expect(status.st_mode & 0o777 == 0o644 & ~mask)
    }

    @Test func aSealThatIsThereIsReplacedOnlyWhenAsked() throws {
        let model = try model()
        try directory.write("precious".utf8, as: "tiny.gguf.seal")
        let error = #expect(throws: SealingError.self) { try model.writeSeal() }
        #expect(error?.code == .sealExists)
        #expect(try text(path + ".seal") == "precious")
        _ = try model.writeSeal(replaces: true)
        let report = try ModelLoader.test().run(path: path).report
        #expect(report.seal == .matched(largestDifference: 0))
        #expect(try names() == ["tiny.gguf", "tiny.gguf.seal"])
    }

    @Test func aLinkIsReplacedAndItsTargetLeftAlone() throws {
        let target = try directory.write("precious".utf8, as: "elsewhere")
        try #require(symlink(target, path + ".seal") == 0)
        _ = try model().writeSeal(replaces: true)
        #expect(try text(target) == "precious")
        #expect(try ModelLoader.test().run(path: path).report.accepted)
    }

    @Test func aPlaceThatCannotBeWrittenIsATypedError() throws {
        let model = try model()
        try #require(mkdir(path + ".seal", 0o700) == 0)
        let error = #expect(throws: SealingError.self) { try model.writeSeal(replaces: true) }
        #expect(error?.code == .sealNotWritable)
        #expect(try names() == ["tiny.gguf", "tiny.gguf.seal"])
    }

    @Test func aPromptMustGiveOneToSixtyFourTokens() throws {
        let model = try model()
        for prompt in ["", String(repeating: "日本 ", count: 64)] {
            // The begin token alone is a prompt; an empty text cannot be read back as one.
            let error = #expect(throws: SealingError.self) { try model.makeSeal(prompt: prompt) }
            #expect(error?.code == .promptUnusable)
        }
    }

    @Test func aModelOfAFewPositionsIsSealedWithTokens() throws {
        var shape = TinyLlamaShape()
        shape.contextLength = 4
        let path = try directory.write(
            GGUFBuilder.tinyLlama(shape: shape).build(), as: "short.gguf")
        let model = try ModelLoader.test().load(path: path).ensureReal()
        let seal = try model.makeSeal(prompt: nil)
        #expect(seal.prompt == nil && seal.tokens.count == 4)
        _ = try model.writeSeal()
        let report = try ModelLoader.test().run(path: path).report
        #expect(report.seal == .matched(largestDifference: 0))
    }

    @Test func theSealOfAFolderLiesInIt() throws {
        for spelled in [directory.path, directory.path + "/"] {
            let places = SealPlaces(try ModelFileSet(path: spelled))
            #expect(places.target == directory.path + "/assay.seal")
        }
        #expect(SealPlaces(try ModelFileSet(path: path)).target == path + ".seal")
    }

    // MARK: Verifying

    @Test func aModelWithoutASealIsVerifiedByRunningIt() throws {
        guard case .sound(.absent) = try model().verify() else {
            Issue.record("not sound")
            return
        }
    }

    @Test func aSealedModelIsComparedAgain() throws {
        let model = try model()
        _ = try model.writeSeal()
        guard case .sound(.matched(largestDifference: 0)) = model.verify() else {
            Issue.record("not matched")
            return
        }
        guard case .cancelled = model.verify(isCancelled: { true }) else {
            Issue.record("not cancelled")
            return
        }
    }

    @Test func aSealOfAnotherModelIsDrift() throws {
        let model = try model()
        let seal = try model.makeSeal(prompt: nil)
        let top = seal.top.map { Seal.TopLogit(token: $0.token, logit: $0.logit - 1) }
        try directory.write(seal.with(top: top).text.utf8, as: "tiny.gguf.seal")
        guard case .drifted(let rejection, isSealed: true) = model.verify() else {
            Issue.record("not drifted")
            return
        }
        #expect(rejection.code == .sealLogitsDiffer)
    }

    @Test func anotherFileOnDiskIsNoDrift() throws {
        let model = try model()
        _ = try model.writeSeal()
        let sealed = try ModelLoader.test().load(path: path).ensureReal()
        var other = bytes
        other[other.count - 4] ^= 1
        try directory.write(other, as: "tiny.gguf")
        for (model, verdict) in [
            (model, SealVerdict.matched(largestDifference: 0)),
            (sealed, .matched(largestDifference: 0)),
        ] {
            guard case .sound(let found) = model.verify(), case .changed = model.fileState() else {
                Issue.record("\(model.verify()), \(model.fileState())")
                return
            }
            #expect(found == verdict)
        }
        // The other file gets a seal of its own: what serves is compared with the seal of its load.
        try unlinked("tiny.gguf.seal")
        _ = try ModelLoader.test().load(path: path).ensureReal().writeSeal()
        guard case .sound(.matched) = sealed.verify(), case .sound(.absent) = model.verify() else {
            Issue.record("\(sealed.verify()), \(model.verify())")
            return
        }
    }

    private func unlinked(_ name: String) throws {
        try #require(unlink(directory.path(name)) == 0)
    }

    @Test func aFileThatIsGoneIsMissing() throws {
        let model = try model()
        try unlinked("tiny.gguf")
        guard case .missing(let reason) = model.fileState(), case .sound(.absent) = model.verify()
        else {
            Issue.record("\(model.fileState()), \(model.verify())")
            return
        }
        #expect(reason.contains(path))
    }

    @Test func anUnreadableSealSaysNothingAboutTheModel() throws {
        let model = try model()
        try directory.write("{".utf8, as: "tiny.gguf.seal")
        guard case .undecided(let rejection) = model.verify() else {
            Issue.record("decided")
            return
        }
        #expect(rejection.code == .sealInvalid)
    }
}
