// assay-load as people and programs meet it: figures in JSON under the names of the contract, exit
// statuses, and help.

import DemoModel
import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct AssayLoadTests {
    private func object(_ outcome: Program.Outcome) throws -> [String: Any] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    @Test func engineGivesTheTwoFiguresOfTheContract() throws {
        let figures = try object(
            try Program.run(
                "assay-load",
                [
                    "engine", try DemoModel.path(), "--threads", "1", "--prompt", "16",
                    "--generate", "8", "--repetitions", "1", "--json",
                ]))
        for name in ["prefill_tps", "decode_tps"] {
            #expect((figures[name] as? Double ?? 0) > 0, "\(name)")
        }
        #expect(figures["prompt"] as? Int == 16 && figures["generate"] as? Int == 8)
    }

    @Test func loadingMeasuresTheModelInTheBox() throws {
        let path = try DemoModel.path()
        let all = try object(
            try Program.run(
                "assay-load", ["loading", path, "--rounds", "1", "--faults", "0", "--json"]))
        let files = try #require(all["files"] as? [[String: Any]])
        #expect(files.count == 1 && files[0]["path"] as? String == path)
        #expect(files[0]["seal"] as? String == "matched")
        #expect((files[0]["layers"] as? [Any])?.count == 5)
        #expect((files[0]["strategies"] as? [Any])?.count == 3)
    }

    @Test func aRefusedFileIsStatus65AndNamesItsLayer() throws {
        let directory = try TemporaryDirectory()
        let broken = try directory.write("GGUF????".utf8, as: "broken.gguf")
        for command in ["loading", "engine"] {
            let outcome = try Program.run("assay-load", [command, broken])
            #expect(outcome.status == 65, "\(command): \(outcome.errors)")
        }
        let outcome = try Program.run(
            "assay-load",
            ["loading", broken, try DemoModel.path(), "--rounds", "1", "--faults", "0"])
        #expect(outcome.status == 65)
        #expect(outcome.output.contains("refused at the parse layer"))
        #expect(outcome.output.contains("validation"), "the file after it is measured too")
        #expect(outcome.errors.contains("refused at the parse layer"))
    }

    @Test(arguments: [
        ["loading"], ["loading", "x", "--rounds", "0"], ["loading", "x", "--faults", "6"],
        ["loading", "x", "--threads", "many"], ["engine"], ["engine", "x", "--prompt", "0"],
        ["engine", "x", "--nonsense"], ["nonsense"],
    ])
    func wrongUsageIsStatus2(arguments: [String]) throws {
        let outcome = try Program.run("assay-load", arguments)
        #expect(outcome.status == 2)
        #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
    }

    @Test func countsThatDoNotFitTheModelAreWrongUsage() throws {
        let outcome = try Program.run(
            "assay-load", ["engine", try DemoModel.path(), "--prompt", "1000000"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("1000000 tokens do not fit the model's context"))
    }

    @Test(arguments: [["--help"], ["engine", "--help"], ["loading", "--help"]])
    func helpIsStatus0(arguments: [String]) throws {
        let outcome = try Program.run("assay-load", arguments)
        #expect(outcome.status == 0 && outcome.output.contains("USAGE: assay-load"))
    }
}
