// The circuit breaker from the command line: a file that is refused again and again, and is mended.

import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct BreakerTests {
    @Test func aFileThatIsRefusedAgainAndAgainIsPausedAndLoadsOnceItIsMended() throws {
        let server = try ServerProcess(
            model: nil, ["--admin", "none", "--breaker-failures", "2"],
            environment: ["ASSAY_BREAKER_PAUSE_SECONDS": "1.5"])
        let path = try server.directory.write("not a model".utf8, as: "other.gguf")
        func load() throws -> Program.Outcome {
            try Program.run(
                "assay", ["load", "other=" + path, "--json", "--server", server.addresses[0]])
        }
        for _ in 0..<2 { #expect(try load().status == 65) }
        let refused = try load()
        #expect(refused.status == 75)
        #expect((refused.output + refused.errors).contains("circuit breaker open"))
        let list = try server.client().call(ModelsRequest()).decoded(ModelsResponse.self)
        let row = try #require(list.models.first { $0.name == "other" })
        #expect(row.breaker == .open && row.breakerSeconds != nil)
        #expect(row.breakerReason?.hasPrefix("load_failures: ") == true)
        // The server goes on, and the mended file is the probe that closes the breaker.
        #expect(try server.client().call(GenerateRequest.stream("demo", tokens: 2)).status == .ok)
        try server.directory.write(GGUFBuilder.tinyLlama().build(), as: "other.gguf")
        #expect(try ProcessFacts.eventually { try load().status == 0 })
        let later = try server.client().call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(later.models.first { $0.name == "other" }?.breaker == .closed)
    }
}
