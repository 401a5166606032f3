// Sealing from the command line: written, compared, refused on drift, verified on a running server.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct SealTests {
    private let directory: TemporaryDirectory
    private let model: String
    private let seal: String

    init() throws {
        directory = try TemporaryDirectory()
        model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        seal = model + ".seal"
    }

    private func inspect(_ arguments: String...) throws -> Program.Outcome {
        try Program.run("assay", ["inspect", model] + arguments)
    }

    @Test func aSealedModelMatchesAndADriftedOneIsRejected() throws {
        let sealed = try inspect("--seal", "--json")
        #expect(sealed.status == 0, "\(sealed.errors)")
        #expect(sealed.output.contains(#""seal":{"state":"written","path":"\#(seal)"}"#))
        let matched = try inspect("--json")
        #expect(matched.status == 0)
        #expect(
            matched.output.contains(#""seal":{"state":"matched","largest_difference":0.0}"#))

        var bytes = GGUFBuilder.tinyLlama().build()
        bytes[bytes.count - 4] ^= 1
        try directory.write(bytes, as: "tiny.gguf")
        for arguments in [["--json"], ["--json", "--seal"]] {
            let drifted = try Program.run("assay", ["inspect", model] + arguments)
            #expect(drifted.status == 65)
            #expect(drifted.output.contains(#""code":"seal_fingerprint_mismatch""#))
        }
        let error = #expect(throws: ServerProcessError.self) { try ServerProcess(model: model) }
        #expect(error?.errors.contains("seal_fingerprint_mismatch") == true)
        #expect(try inspect("--seal", "--force").status == 0)
        #expect(try inspect().status == 0)
    }

    @Test func aSealThatMatchesIsNotReplacedUnasked() throws {
        #expect(try inspect("--seal", "--prompt", "the and").status == 0)
        let before = try String(contentsOfFile: seal, encoding: .utf8)
        #expect(before.contains("\"prompt\": \"the and\""))
        let again = try inspect("--seal")
        #expect(again.status == 2 && again.errors.contains("--force"), "\(again.errors)")
        #expect(try String(contentsOfFile: seal, encoding: .utf8) == before)
    }

    @Test func whatCannotBeSealedIsAUsageError() throws {
        #expect(try inspect("--force").status == 2)
        #expect(try inspect("--prompt", "x").status == 2)
        let long = String(repeating: "word ", count: 200)
        #expect(try inspect("--seal", "--prompt", long).status == 2)
        try FileManager.default.createDirectory(atPath: seal, withIntermediateDirectories: false)
        #expect(try inspect("--seal", "--force").status == 2)
        #expect(try inspect().status == 65)
    }

    @Test func aRunningServerVerifiesItsModel() throws {
        let server = try ServerProcess(model: model)
        func verify() throws -> Program.Outcome {
            try Program.run(
                "assay", ["health", "--model", "m", "--verify", "--json"],
                environment: ["ASSAY_SERVER": server.addresses[0]])
        }
        #expect(try verify().output.contains(#""seal":"absent""#))
        #expect(try inspect("--seal").status == 0)
        let matched = try verify()
        #expect(matched.status == 0 && matched.output.contains(#""seal":"matched""#))
        // Another file on disk is no drift: the weights that serve match their seal.
        try directory.write(GGUFBuilder.tinyLlama(seed: 2).build(), as: "tiny.gguf")
        let changed = try verify()
        #expect(changed.status == 0, "\(changed.errors)")
        #expect(changed.output.contains(#""seal":"matched""#))
        #expect(changed.output.contains(#""file":"changed""#))
        let models = try Program.run(
            "assay", ["models", "--json"], environment: ["ASSAY_SERVER": server.addresses[0]])
        #expect(models.output.contains(#""file":"changed""#))
        // A seal of these weights with other logits is.
        let text = try String(contentsOfFile: seal, encoding: .utf8)
        let place = try #require(text.range(of: #""logit": "#))
        try directory.write(
            text.replacingCharacters(in: place, with: #""logit": 9"#).utf8, as: "tiny.gguf.seal")
        let drifted = try verify()
        #expect(drifted.status == 65, "\(drifted.errors)")
        #expect(drifted.output.contains(#""state":"failed""#))
        #expect(drifted.output.contains(#""seal":"drifted""#))
    }
}
