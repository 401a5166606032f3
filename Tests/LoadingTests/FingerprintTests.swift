// The fingerprint: the right digest, off the loading path, and required when asked for.

import Glibc
import Loading
import ModelFiles
import TestSupport
import Testing

@Suite struct FingerprintTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// FIPS 180-2, appendix B.1: the digest of "abc".
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func equalsThePublishedDigest() throws {
        let path = try directory.write("abc".utf8, as: "abc.gguf")
        let fingerprint = try Fingerprint.compute(of: MappedFile(path: path))
        #expect(fingerprint?.hex == Self.abc)
        #expect(fingerprint.map { "\($0)" } == Self.abc)
    }

    @Test func digestsFilesLargerThanOnePiece() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try MappedFile(path: directory.write(bytes, as: "large.gguf"))
        let fingerprint = try Fingerprint.compute(of: file)
        var calls = 0
        let cancelled = try Fingerprint.compute(of: file) {
            calls += 1
            return calls > 2
        }
        #expect(fingerprint?.bytes.count == 32)
        #expect(cancelled == nil)
    }

    @Test func readsAndWritesHexadecimal() throws {
        let fingerprint = try #require(Fingerprint(hex: Self.abc))
        #expect(fingerprint.hex == Self.abc)
        #expect(Fingerprint(hex: Self.abc.uppercased()) == fingerprint)
        #expect(Fingerprint(bytes: fingerprint.bytes) == fingerprint)
        #expect(Fingerprint(bytes: [1, 2]) == nil)
        #expect(Fingerprint(hex: "ab") == nil)
        #expect(Fingerprint(hex: Self.abc.dropLast() + "g") == nil)
        #expect(Fingerprint(hex: Self.abc + "00") == nil)
    }

    @Test func arrivesInTheBackgroundAndJoinsTheReport() throws {
        let bytes = GGUFBuilder.tinyLlama().build()
        let path = try directory.write(bytes, as: "tiny.gguf")
        let loader = try ModelLoader.test { $0.computesFingerprint = true }
        let model = try loader.load(path: path).ensureReal()
        let fingerprint = try #require(model.fingerprint.value(within: .seconds(60)))
        #expect(model.fingerprint.state == .ready(fingerprint))
        #expect(model.report.fingerprint == nil)
        #expect(model.currentReport.fingerprint == fingerprint)
        #expect(LoadedModel.real(model).fingerprint == fingerprint)
        #expect(model.currentReport.table.contains(fingerprint.hex))
        #expect(fingerprint == (try Fingerprint.compute(of: MappedFile(path: path))))
        // A second waiter is let through as well.
        #expect(model.fingerprint.value(within: .seconds(60)) == fingerprint)
    }

    @Test func saysSoWhenItIsSwitchedOff() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let model = try ModelLoader.test().load(path: path).ensureReal()
        #expect(model.fingerprint.value == nil)
        #expect(model.fingerprint.state == .failed("switched off by configuration"))
        #expect(model.fingerprint.value(within: .zero) == nil)
    }

    @Test func aRequiredFingerprintIsComparedBeforeParsing() throws {
        let path = try directory.write(Array("GGUFnonsense".utf8), as: "bad.gguf")
        let required = try #require(Fingerprint(hex: Self.abc))
        let loader = try ModelLoader.test { $0.requiredFingerprint = required }
        let rejection = try #require(loader.run(path: path).rejection)
        #expect(rejection.layer == .file)
        #expect(rejection.code == .fingerprintMismatch)
        #expect(rejection.allowed == Self.abc)
    }

    @Test func aRequiredFingerprintThatMatchesIsInTheReportAtOnce() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let known = try #require(try Fingerprint.compute(of: MappedFile(path: path)))
        let outcome = try ModelLoader.test { $0.requiredFingerprint = known }.run(path: path)
        #expect(outcome.report.fingerprint == known)
        #expect(outcome.model?.fingerprint == known)
    }

    /// What `sha256sum` prints for the files is what is digested.
    @Test func ofSeveralFilesItIsTheDigestOfTheirListing() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.others["chat_template.jinja"] = Array("{{ messages }}".utf8)
        builder.others["README.md"] = Array("not read".utf8)
        let files = builder.files(shardCount: 2)
        for (name, bytes) in files { try directory.write(bytes, as: name) }
        let read = files.keys.filter { $0 != "README.md" }.sorted()
        #expect(
            read == [
                "chat_template.jinja", "config.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors", "model.safetensors.index.json",
                "tokenizer.json",
            ])
        var listing = ""
        for name in read {
            let copy = try directory.write(files[name] ?? [], as: "copy.gguf")
            let digest = try #require(try Fingerprint.compute(of: MappedFile(path: copy)))
            listing += "\(digest.hex)  \(name)\n"
        }
        let text = try directory.write(listing.utf8, as: "copy.gguf")
        let expected = try #require(try Fingerprint.compute(of: MappedFile(path: text)))
        try #require(unlink(text) == 0)
        #expect(try Fingerprint.compute(of: ModelFileSet(path: directory.path)) == expected)
        let index = directory.path("model.safetensors.index.json")
        let loader = try ModelLoader.test { $0.requiredFingerprint = expected }
        #expect(loader.run(path: index).model?.fingerprint == expected)
        try directory.write(Array("{{ other }}".utf8), as: "chat_template.jinja")
        #expect(loader.run(path: index).rejection?.code == .fingerprintMismatch)
    }

    @Test func aFileThatChangesWhileItIsDigestedGivesAnError() throws {
        let path = try directory.write([UInt8](repeating: 1, count: 2 << 20), as: "m.gguf")
        let file = try MappedFile(path: path)
        let error = #expect(throws: ModelFileError.self) {
            _ = try Fingerprint.compute(of: file) {
                _ = try? directory.write([1, 2, 3], as: "m.gguf")
                return false
            }
        }
        #expect(error?.code == .changedWhileRead)
    }

    @Test func aTaskWhoseFileChangedFailsAndSaysWhy() throws {
        let path = try directory.write([UInt8](repeating: 1, count: 1 << 20), as: "m.gguf")
        let files = try ModelFileSet(path: path)
        try directory.write([1, 2, 3], as: "m.gguf")
        let task = FingerprintTask(of: files)
        #expect(task.value(within: .seconds(60)) == nil)
        guard case .failed(let reason) = task.state else {
            Issue.record("\(task.state)")
            return
        }
        #expect(reason.contains("changed_while_read"))
    }
}
