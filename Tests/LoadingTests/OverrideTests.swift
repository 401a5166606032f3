// Overrides: their form, what a load makes of them, and what the report then says.

import Loading
import TestSupport
import Testing

@Suite struct OverrideTests {
    private func report(_ texts: [String], hasUnknownKey: Bool = true) throws -> LoadReport {
        let directory = try TemporaryDirectory()
        var builder = GGUFBuilder.tinyLlama()
        if hasUnknownKey { builder.set("llama.tomorrow", .float32(1.5)) }
        let path = try directory.write(builder.build(), as: "tiny.gguf")
        return try withExtendedLifetime(directory) {
            var parsed = ModelLoadingConfiguration()
            for text in texts { try parsed.addOverride(text) }
            let overrides = parsed.overrides
            return try ModelLoader.test { $0.overrides = overrides }.run(path: path).report
        }
    }

    @Test func aRefusedKeyNamesTheOverrideThatVouchesForIt() throws {
        let refused = try report([])
        #expect(refused.rejection?.code.name == "unknown_key")
        #expect(refused.table.contains("llama.tomorrow=ignore"))
    }

    @Test(arguments: ["llama.tomorrow=ignore", "tomorrow=ignore"])
    func aVouchedKeyIsSaidInTheReportAndInEveryAnswer(_ text: String) throws {
        let accepted = try report([text])
        #expect(accepted.accepted)
        #expect(accepted.degradations == ["key_vouched: llama.tomorrow"])
        #expect(accepted.table.contains("llama.tomorrow = ignore (file: 1.5)"))
        #expect(accepted.json.contains(#""degradations":["key_vouched: llama.tomorrow"]"#))
    }

    @Test func aReplacedValueIsSaid() throws {
        let accepted = try report(["context_length=32"], hasUnknownKey: false)
        #expect(accepted.degradations == ["key_overridden: llama.context_length=32"])
        #expect(accepted.model?.contextLength == 32)
    }

    @Test(arguments: [
        ("llama.nobody=ignore", "unknown_override"), ("general.name=ignore", "unknown_override"),
        ("llama.nobody=1", "unknown_override"), ("context_length=ignore", "bad_override"),
        ("context_length=-1", "key_out_of_range"),
    ])
    func anOverrideOfNothingIsRefusedByName(_ text: String, _ code: String) throws {
        let rejection = try report([text], hasUnknownKey: false).rejection
        #expect(rejection?.code.name == code)
        #expect(rejection?.description.contains(text.split(separator: "=")[0]) == true)
    }

    @Test(arguments: [
        "", "=", "key", "key=", "=ignore", "k\u{202e}=ignore", "k=\u{7}",
        String(repeating: "k", count: 257) + "=1", "k=" + String(repeating: "1", count: 257),
    ])
    func anotherFormIsRefused(_ text: String) {
        var configuration = ModelLoadingConfiguration()
        let error = #expect(throws: LoadingConfigurationError.self) {
            try configuration.addOverride(text)
        }
        #expect(error?.field == "override")
        #expect(error?.description.contains("KEY=VALUE") == true)
        #expect(configuration.overrides.isEmpty)
    }

    @Test func aKeyComesOnceAndThereIsABound() throws {
        var configuration = ModelLoadingConfiguration()
        try configuration.addOverride("a=b=c")
        #expect(configuration.overrides == ["a": "b=c"])
        #expect(throws: LoadingConfigurationError.self) { try configuration.addOverride("a=d") }
        for index in 1..<256 { try configuration.addOverride("k\(index)=1") }
        #expect(throws: LoadingConfigurationError.self) { try configuration.addOverride("k=1") }
    }
}
