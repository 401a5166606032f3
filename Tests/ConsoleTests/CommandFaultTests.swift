// The first word of a command line that does not fit, and the advice.

import Console
import Testing

@Suite struct CommandFaultTests {
    private static let json = """
        {"command": {"commandName": "x", "arguments": [
          {"kind": "flag", "names": [{"kind": "long", "name": "help"}], "isOptional": true,
           "isRepeating": false, "shouldDisplay": true}],
         "subcommands": [
          {"commandName": "make", "aliases": ["mk"], "arguments": [
           {"kind": "option", "names": [{"kind": "long", "name": "seed"},
             {"kind": "short", "name": "s"}], "isOptional": true, "isRepeating": false,
            "parsingStrategy": "unconditional", "shouldDisplay": true, "valueName": "seed"},
           {"kind": "option", "names": [{"kind": "long", "name": "model"}], "isOptional": false,
            "isRepeating": false, "shouldDisplay": true, "valueName": "name",
            "abstract": "The model."},
           {"kind": "flag", "names": [{"kind": "long", "name": "quiet"},
             {"kind": "short", "name": "q"}], "isOptional": true, "isRepeating": false,
            "shouldDisplay": true},
           {"kind": "flag", "names": [{"kind": "long", "name": "hidden"}], "isOptional": true,
            "isRepeating": false, "shouldDisplay": false},
           {"kind": "positional", "isOptional": false, "isRepeating": false,
            "shouldDisplay": true, "valueName": "text", "abstract": "What to make."}]},
          {"commandName": "list", "arguments": [
           {"kind": "flag", "names": [{"kind": "long", "name": "all"}], "isOptional": true,
            "isRepeating": false, "shouldDisplay": true}]},
          {"commandName": "key", "arguments": [], "subcommands": [
           {"commandName": "new", "arguments": [
            {"kind": "flag", "names": [{"kind": "long", "name": "all"}], "isOptional": true,
             "isRepeating": false, "shouldDisplay": true}]}]},
          {"commandName": "help"}]}}
        """

    private func sentence(_ arguments: [String]) throws -> String? {
        let table = try #require(CommandTable(Self.json, of: "x"))
        return CommandFault(arguments, table)?.sentence
    }

    @Test(arguments: [
        (["mkae"], "no command mkae; nearest: make"),
        (["help", "lst"], "no command lst; nearest: list"),
        (["make", "--modle", "a"], "no option --modle; nearest: --model"),
        (["make", "--hiden"], "no option --hiden for make"),
        (["list", "--quiet"], "no option --quiet for list"),
        (["list", "--al"], "no option --al; nearest: --all"),
        (["--all", "list"], "--all comes behind the command, such as x list --all"),
        (["--zzz", "list"], "no option --zzz"),
        (["make", "--quiet=yes"], "--quiet: found \"yes\", allowed: no value"),
        (["make", "-qx"], "no option -x for make"),
        (["make", "--model"], "--model: found no value, allowed: --model NAME"),
        (["make", "-s"], "-s: found no value, allowed: -s SEED"),
        (["make", "--seed", "--"], "--seed: found no value, allowed: --seed SEED"),
        (
            ["make", "--model", "-q"],
            "--model: found no value before \"-q\", allowed: --model NAME, or --model=-q if that "
                + "is the value"
        ),
        (
            ["make", "a", "b"],
            "found the argument \"b\" too many, allowed: one TEXT (texts with spaces need "
                + "quotation marks)"
        ),
        (
            ["list", "a"],
            "found the argument \"a\" too many, allowed: options alone (texts with spaces need "
                + "quotation marks)"
        ),
        (["make", "--model", "a"], "TEXT: found none, needed: What to make"),
        (["make", "a"], "--model: found none, needed: The model"),
        (["key", "nw"], "no command nw; nearest: new"),
        (["help", "key", "nw"], "no command nw; nearest: new"),
        (["key", "new", "--al"], "no option --al; nearest: --all"),
    ])
    func namesTheFirstWordThatDoesNotFit(arguments: [String], words: String) throws {
        #expect(try sentence(arguments) == words)
    }

    @Test(arguments: [
        (["key", "nw"], "x help key lists the commands"),
        (["key", "new", "--al"], "x help key new lists its options"),
        (["nw"], "x help lists the commands"), (["list", "a"], "x help list lists its options"),
    ])
    func theAdviceNamesTheWholeCommand(arguments: [String], advice: String) throws {
        let table = try #require(CommandTable(Self.json, of: "x"))
        #expect(CommandFault(arguments, table)?.advice == advice)
    }

    @Test(arguments: [
        ["key", "new", "--all"], ["help", "key", "new"],
        ["make", "a", "--model", "b"], ["mk", "--model=b", "-q", "a", "--seed", "-1"],
        ["make", "--model", "-", "--", "-q"], ["list"], ["help", "list"], [],
        [
            "make", "--hidden",
            "--model", "b", "a",
        ],
    ])
    func findsNothingWhereEachWordFits(arguments: [String]) throws {
        #expect(try sentence(arguments) == nil)
    }

    @Test func aWildWordMakesAShortSentence() throws {
        for word in ["--", "-", ""] {
            let long = word + String(repeating: "y", count: 100_000)
            #expect((try sentence(["make", long, long]) ?? "").utf8.count < 400)
        }
    }

    @Test func helpEndsWellUnlessItsCommandIsUnknown() {
        func fault(_ arguments: [String], _ endsWell: Bool, _ message: String) -> String? {
            CommandFault(
                "x", arguments, endsWell: endsWell, message: message, json: Self.json
            )?.sentence
        }
        #expect(fault(["help", "make"], true, "") == nil)
        #expect(fault(["make", "--help"], true, "") == nil)
        #expect(fault(["help", "mke"], true, "") == "no command mke; nearest: make")
        #expect(fault(["make", "a", "--model", "b"], false, "too late") == "too late")
        #expect(fault(["make"], false, "words \0--n: found") == "--n: found")
    }
}
