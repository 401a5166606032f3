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
        let fingerprint = try Fingerprint.compute(of: ModelFile(path: path))
        #expect(fingerprint?.hex == Self.abc)
        #expect(fingerprint.map { "\($0)" } == Self.abc)
    }

    @Test func digestsFilesLargerThanOnePiece() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try ModelFile(path: directory.write(bytes, as: "large.gguf"))
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

    @Test func isThatOfTheFileAndInTheReport() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let model = try ModelLoader.test().load(path: path).ensureReal()
        #expect(model.fingerprint == (try Fingerprint.compute(of: ModelFile(path: path))))
        #expect(model.report.fingerprint == model.fingerprint)
        #expect(LoadedModel.real(model).fingerprint == model.fingerprint)
        #expect(model.report.table.contains(model.fingerprint.hex))
    }

    /// Bytes of no tensor count as well: padding, gaps, bytes behind the last tensor.
    @Test(arguments: [0, 1, 31, 3_000_000])
    func coversBytesBehindTheTensors(_ count: Int) throws {
        let bytes = GGUFBuilder.tinyLlama().build() + [UInt8](repeating: 7, count: count)
        let path = try directory.write(bytes, as: "long.gguf")
        let model = try ModelLoader.test().load(path: path).ensureReal()
        #expect(model.fingerprint == (try Fingerprint.compute(of: ModelFile(path: path))))
    }

    /// A writer who puts size and time back while the file is loaded is not noticed by them; the
    /// fingerprint is still that of the weights that were packed.
    @Test func isThatOfTheBytesThatWerePacked() throws {
        let bytes = GGUFBuilder.tinyLlama().build()
        let path = try directory.write(bytes, as: "tiny.gguf")
        let before = try Fingerprint.compute(of: ModelFile(path: path))
        var status = stat()
        try #require(stat(path, &status) == 0)
        let times = [status.st_atim, status.st_mtim]
        var other = bytes
        other[bytes.count - 3] ^= 1
        let changed = other
        let loader = try ModelLoader.test(steps: { steps in
            let plan = steps.plan
            steps.plan = {
                let made = try plan($0, $1)
                let handle = open(path, O_WRONLY)
                _ = changed.withUnsafeBytes { pwrite(handle, $0.baseAddress, $0.count, 0) }
                futimens(handle, times)
                close(handle)
                return made
            }
        })
        let model = try loader.load(path: path).ensureReal()
        #expect(model.fingerprint != before)
        #expect(model.fingerprint == (try Fingerprint.compute(of: ModelFile(path: path))))
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
        let known = try #require(try Fingerprint.compute(of: ModelFile(path: path)))
        let outcome = try ModelLoader.test { $0.requiredFingerprint = known }.run(path: path)
        #expect(outcome.report.fingerprint == known)
        #expect(outcome.model?.fingerprint == known)
    }

    /// The digests are those that `sha256sum` prints for the files.
    @Test func ofSeveralFilesItIsTheDigestOfTheirListing() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.others["chat_template.jinja"] = Array("{{ messages }}".utf8)
        builder.others["additional_chat_templates/rag.jinja"] = Array("{{ 1 }}".utf8)
        builder.others["README.md"] = Array("not read".utf8)
        let files = builder.files(shardCount: 2)
        for (name, bytes) in files { try directory.write(bytes, as: name) }
        let read = files.keys.filter { $0 != "README.md" }.sorted()
        #expect(
            read == [
                "additional_chat_templates/rag.jinja", "chat_template.jinja", "config.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors", "model.safetensors.index.json",
                "tokenizer.json",
            ])
        var listing = ""
        for name in read {
            let copy = try directory.write(files[name] ?? [], as: "copy.gguf")
            let digest = try #require(try Fingerprint.compute(of: ModelFile(path: copy)))
            listing += "\(digest.hex)  \(name)\n"
        }
        let text = try directory.write(listing.utf8, as: "copy.gguf")
        let expected = try #require(try Fingerprint.compute(of: ModelFile(path: text)))
        try #require(unlink(text) == 0)
        #expect(try Fingerprint.compute(of: ModelFileSet(path: directory.path)) == expected)
        let index = directory.path("model.safetensors.index.json")
        let loader = try ModelLoader.test { $0.requiredFingerprint = expected }
        #expect(loader.run(path: index).model?.fingerprint == expected)
        let rag = "additional_chat_templates/rag.jinja"
        try directory.write(Array("{{ 2 }}".utf8), as: rag)
        #expect(loader.run(path: index).rejection?.code == .fingerprintMismatch)
        try directory.write(Array("{{ 1 }}".utf8), as: rag)
        #expect(loader.run(path: index).model?.fingerprint == expected)
        try directory.write(Array("{{ other }}".utf8), as: "chat_template.jinja")
        #expect(loader.run(path: index).rejection?.code == .fingerprintMismatch)
    }

    @Test func aFileThatChangesWhileItIsDigestedGivesAnError() throws {
        let path = try directory.write([UInt8](repeating: 1, count: 2 << 20), as: "m.gguf")
        let file = try ModelFile(path: path)
        let error = #expect(throws: ModelFileError.self) {
            _ = try Fingerprint.compute(of: file) {
                _ = try? directory.write([1, 2, 3], as: "m.gguf")
                return false
            }
        }
        #expect(error?.code == .changedWhileRead)
    }
}
