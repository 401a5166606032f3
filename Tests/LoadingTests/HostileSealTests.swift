// Seals from anywhere: whatever lies beside the model, the load ends at once with a typed refusal.

import Glibc
import Loading
import TestSupport
import Testing

@Suite struct HostileSealTests {
    let directory: TemporaryDirectory
    let path: String
    let seal: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        seal = path + ".seal"
    }

    /// A text that is accepted: the ground of every broken one. Its fingerprint is of no file, so
    /// it is refused for that, and only for that.
    static let sound = """
        {"version": 1, "fingerprint": "\(String(repeating: "0", count: 64))", "prompt": "the", \
        "tokens": [1, 5], "top": [{"token": 5, "logit": 2.5}, {"token": 6, "logit": -1}], \
        "tolerance": 0.001, "created_by": "test"}
        """

    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }

        /// The sound seal with one part replaced.
        init(_ name: String, _ part: String, _ replacement: String) {
            precondition(HostileSealTests.sound.contains(part), "\(name): no \(part)")
            let halves = HostileSealTests.sound.split(
                separator: part, maxSplits: 1, omittingEmptySubsequences: false)
            self.init(name, Array((halves[0] + replacement + halves[1]).utf8))
        }
    }

    static let ids = (0..<65).map(String.init).joined(separator: ",")

    static let broken: [Broken] = [
        Broken("empty", []),
        Broken("zeros", [UInt8](repeating: 0, count: 4096)),
        Broken("noise", (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }),
        Broken("truncated", Array(sound.utf8.dropLast(20))),
        Broken("text behind it", Array(sound.utf8) + Array("{}".utf8)),
        Broken("an array", Array("[1]".utf8)),
        Broken("a number", Array("1".utf8)),
        Broken("not UTF-8", Array(sound.utf8).map { $0 == 0x74 ? 0xFF : $0 }),
        Broken("lone surrogate", "\"the\"", #""\ud800""#),
        Broken("deep nesting", [UInt8](repeating: 0x5B, count: 60_000)),
        Broken("deep nesting in a key", "\"test\"", String(repeating: "[", count: 5000)),
        Broken("a key twice", "\"version\": 1,", "\"version\": 1, \"version\": 1,"),
        Broken("a key twice, escaped", "\"version\": 1,", #""version": 1, "versio\u006e": 1,"#),
        Broken("an unknown key", "\"version\": 1,", "\"version\": 1, \"note\": 1,"),
        Broken("no version", "\"version\": 1,", ""),
        Broken("version 2", "\"version\": 1", "\"version\": 2"),
        Broken("version 1.0", "\"version\": 1", "\"version\": 1.0"),
        Broken("version as text", "\"version\": 1", "\"version\": \"1\""),
        Broken("short fingerprint", "\"00", "\"0"),
        Broken("fingerprint of letters", "\"00", "\"0g"),
        Broken("fingerprint as number", "\"prompt\": \"the\", ", "\"prompt\": 7, "),
        Broken("empty prompt", "\"the\"", "\"\""),
        Broken("prompt null", "\"the\"", "null"),
        Broken("no tokens", "[1, 5]", "[]"),
        Broken("65 tokens", "[1, 5]", "[\(ids)]"),
        Broken("a million tokens", "[1, 5]", "[" + String(repeating: "1,", count: 30_000) + "1]"),
        Broken("negative token", "[1, 5]", "[-1]"),
        Broken("token above 2^31", "[1, 5]", "[2147483648]"),
        Broken("token above 2^64", "[1, 5]", "[18446744073709551617]"),
        Broken("token with a fraction", "[1, 5]", "[1.5]"),
        Broken("token as text", "[1, 5]", "[\"1\"]"),
        Broken("tokens as object", "[1, 5]", "{\"1\": 5}"),
        Broken("NaN as logit", "2.5", "NaN"),
        Broken("NaN as text", "2.5", "\"NaN\""),
        Broken("infinite logit", "2.5", "1e999"),
        Broken("logit above 32 bits", "2.5", "1e39"),
        Broken("a number of 5000 digits", "2.5", String(repeating: "9", count: 5000)),
        Broken("logit null", "2.5", "null"),
        Broken("logits in rising order", "2.5", "-2"),
        Broken("a token twice", "\"token\": 6", "\"token\": 5"),
        Broken("no top", #"{"token": 5, "logit": 2.5}, {"token": 6, "logit": -1}"#, ""),
        Broken("top without logit", ", \"logit\": 2.5", ""),
        Broken("top with more", "\"logit\": 2.5", "\"logit\": 2.5, \"text\": \"x\""),
        Broken("negative tolerance", "0.001", "-0.001"),
        Broken("tolerance 11", "0.001", "11"),
        Broken("infinite tolerance", "0.001", "1e999"),
        Broken("tolerance true", "0.001", "true"),
        Broken("long created_by", "\"test\"", "\"" + String(repeating: "x", count: 257) + "\""),
        Broken("70 KB of spaces", Array(repeating: 0x20, count: 70_000) + Array(sound.utf8)),
    ]

    private func refusal() throws -> AssayRejection {
        let outcome = try ModelLoader.test().run(path: path)
        return try #require(outcome.rejection, "\(outcome.report)")
    }

    @Test(arguments: broken)
    func aBrokenSealIsRefusedByName(_ broken: Broken) throws {
        try directory.write(broken.bytes, as: "tiny.gguf.seal")
        let rejection = try refusal()
        #expect(rejection.code == .sealInvalid && rejection.layer == .file, "\(rejection)")
        #expect(rejection.location.contains("tiny.gguf.seal"))
        #expect(!rejection.isTransient)
        // Never more than a sentence, whatever is in the file.
        #expect(rejection.message.utf8.count < 1000)
    }

    @Test func theGroundOfTheBrokenOnesIsSound() throws {
        try directory.write(Self.sound.utf8, as: "tiny.gguf.seal")
        #expect(try refusal().code == .sealFingerprintMismatch)
    }

    @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
        let sound = try directory.write(Self.sound.utf8, as: "elsewhere")
        let makers: [(name: String, make: () -> Int32)] = [
            ("FIFO", { mkfifo(seal, 0o600) }),
            ("directory", { mkdir(seal, 0o700) }),
            ("symbolic link", { symlink("/dev/zero", seal) }),
            ("symbolic link", { symlink(sound, seal) }),
            ("symbolic link", { symlink("nowhere", seal) }),
            ("symbolic link", { symlink(seal, seal) }),
        ]
        for (name, make) in makers {
            try #require(make() == 0)
            let rejection = try refusal()
            #expect(rejection.code == .sealInvalid && rejection.layer == .file)
            #expect(rejection.found.contains(name), "\(rejection)")
            #expect(remove(seal) == 0)
        }
    }

    @Test func aSealOfTenGigabytesIsNotRead() throws {
        try directory.write([0x7B], as: "tiny.gguf.seal")
        try #require(truncate(seal, 10 << 30) == 0)
        let rejection = try refusal()
        #expect(rejection.code == .sealInvalid)
        #expect(rejection.found == "10737418240 bytes")
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func anUnreadableSealIsRefusedAndMayHeal() throws {
        try directory.write(Self.sound.utf8, as: "tiny.gguf.seal")
        try #require(chmod(seal, 0) == 0)
        let rejection = try refusal()
        #expect(rejection.code == .sealInvalid && rejection.isTransient)
    }

    @Test func randomlyDamagedSealsAreRefusedOrRead() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("HostileSealTests"))
        for _ in 0..<3000 {
            var bytes = Array(Self.sound.utf8)
            for _ in 0..<1 + random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes = Array(bytes.prefix(random.below(4) == 0 ? random.below(bytes.count) : .max))
            do throws(AssayRejection) {
                let seal = try Seal(bytes, path: "/s")
                #expect(try Seal(Array(seal.text.utf8), path: "/s") == seal)
            } catch {
                #expect(error.code == .sealInvalid)
            }
        }
    }
}
