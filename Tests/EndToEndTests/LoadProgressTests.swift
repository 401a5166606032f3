// What a person sees while a model is loaded.

import TestSupport
import Testing

@Suite struct LoadProgressTests {
    @Test func theRunningLayerShowsItsShareOfTheBytes() throws {
        let directory = try TemporaryDirectory()
        let model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        // Other weights, because a file with the bytes of a served one is not packed again.
        let two = try directory.write(GGUFBuilder.tinyLlama(seed: 2).build(), as: "two.gguf")
        let server = try ServerProcess(model: model)
        let load = try TerminalProcess(
            "assay", ["load", "two=" + two], ["ASSAY_SERVER": server.addresses[0]])
        #expect(load.shows("loading two: "))
        #expect(load.shows(" layer, 100 % of "), "\(load.screen)")
        #expect(load.waitUntilExit() == 0)
        let inspect = try TerminalProcess("assay", ["inspect", model], [:])
        #expect(inspect.shows(" layer, 100 % of "), "\(inspect.screen)")
        #expect(inspect.waitUntilExit() == 0)
        withExtendedLifetime(server) {}
    }
}
