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

    /// A run that is refused before any load.
    struct WrongRun: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let sentence: String

        init(_ arguments: [String], _ status: Int32, _ sentence: String) {
            self.arguments = arguments
            self.status = status
            self.sentence = sentence
        }

        var testDescription: String { arguments.joined(separator: " ") }
    }

    /// What was found, what is allowed, and what to do next. Nothing here needs a server.
    static let wrongRuns: [WrongRun] = [
        WrongRun(["--rate", "fast"], 2, #"--rate: found "fast", \#(rates)"#),
        WrongRun(["--rate", "-5"], 2, #"--rate: found "-5", \#(rates)"#),
        WrongRun(
            ["--ramp", "100"], 2,
            #"--ramp: found "100", allowed: FROM:TO requests per second, such as 100:1000"#),
        WrongRun(["--step", "100"], 2, #"--step: found "100", \#(steps)"#),
        WrongRun(["--mix", "fly"], 2, #"--mix: found "fly", \#(kinds)"#),
        WrongRun(
            ["--mix", "ping=0"], 2,
            #"--mix: found "0", allowed: a number from 0.000001 to 1000000"#),
        WrongRun(["--fail-if", "p99>20"], 2, #"--fail-if: found "20", \#(times)"#),
        WrongRun(
            ["--fail-if", "errors>200%"], 2,
            #"--fail-if: found "200%", allowed: a share: 0% to 100%, or 0 to 1"#),
        WrongRun(
            ["--trace", "/nowhere/t"], 2,
            "reading --trace /nowhere/t: found no such file, allowed: a file that this user may "
                + "read"
        ),
        WrongRun(
            ["--save-html", "/nowhere/a.html"], 74,
            "writing --save-html /nowhere/a.html: found no folder /nowhere, \(files)"),
        WrongRun(["--save-json", "/"], 74, "writing --save-json /: found a folder, \(files)"),
        WrongRun([], 69, "connecting to unix:///nowhere/s: No such file or directory\(advice)"),
    ]

    private static let rates = "allowed: 0.0001 to 1000000 requests per second, such as 100"
    private static let steps = "allowed: RATE:TIME[,RATE:TIME]..., such as 100:10s,500:10s"
    private static let kinds = """
        allowed: KIND=WEIGHT,... of ping, health, models, tokenize, detokenize, generate, score, \
        logits, embed, stats, chat
        """
    private static let times = "allowed: a time such as 250ms, 10s, 5m (ns us ms s m h)"
    private static let files = """
        allowed: a file that this user may write, in a folder that is there; make the folder, or \
        name another file
        """
    private static let advice = """
        ; start assayd there, name another address with --server or ASSAY_SERVER, or wait for it \
        with --wait TIME
        """

    @Test(arguments: wrongRuns)
    func aWrongRunSaysWhatToDo(_ run: WrongRun) throws {
        let outcome = try Program.run(
            "assay-load", ["rpc", "--server", "/nowhere/s"] + run.arguments)
        #expect(outcome.status == run.status && outcome.output.isEmpty)
        let expected: String = "assay-load: " + run.sentence + "\n"
        #expect(outcome.errors == expected)
    }

    @Test func aWrongThresholdShowsARightOne() throws {
        let outcome = try Program.run(
            "assay-load", ["rpc", "--server", "/nowhere/s", "--fail-if", "p98>1ms"])
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.hasPrefix(
                "assay-load: --fail-if: found \"p98>1ms\", allowed: a condition such as "
                    + "p99>20ms or errors>1%: "))
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
