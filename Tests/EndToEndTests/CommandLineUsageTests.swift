// What the program says to arguments it cannot use: the flag, what was found, what is allowed. No
// server runs; none may be asked before the arguments are right.

import Testing

@Suite struct CommandLineUsageTests {
    /// Arguments and what standard error must hold.
    static let refused: [([String], String)] = [
        (
            ["score", "--prompt", "a"],
            "--continuation and --continuation-tokens: found 0 in all, allowed: 1 to 256"
        ),
        (
            ["score", "--continuation", "a"],
            "no prompt: standard input is empty, allowed: TEXT, --prompt, --prompt-file, "
                + "--tokens, --message or --conversation, or a pipe with text"
        ),
        (
            ["score", "--prompt", "a", "--continuation", "b", "--top-logprobs", "65"],
            "--top-logprobs: found 65, allowed: 0 to 64"
        ),
        (
            ["score", "--prompt", "a", "--continuation-tokens", "1,,2"],
            "--continuation-tokens: found \"\", allowed: token ids"
        ),
        (
            ["score", "--message", "bob:x", "--continuation", "b"],
            "--message: found the role \"bob\", allowed: ROLE:TEXT, ROLE one of system, user, "
                + "assistant"
        ),
        (
            ["generate", "--message", "hello"],
            "--message: found no colon, allowed: ROLE:TEXT"
        ),
        (
            ["generate", "--message", "user:a", "--prompt", "b"],
            "--message and --prompt exclude each other"
        ),
        (
            ["logits", "--message", "user:a", "--no-add-special"],
            "--message and --no-add-special exclude each other"
        ),
        (
            ["generate", "--prompt", "a", "--logprobs", "65"],
            "--logprobs: found 65, allowed: 0 to 64"
        ),
        (
            ["generate", "--prompt", "a", "--prompt-logprobs", "999"],
            "--prompt-logprobs: found 999, allowed: 0 to 64"
        ),
        (["generate", "a", "-p", "b"], "TEXT and --prompt exclude each other"),
        (["generate", "a", "--tokens", "1"], "TEXT and --tokens exclude each other"),
        (
            ["generate", "-p", "a", "--prompt-file", "b"],
            "--prompt and --prompt-file exclude each other"
        ),
        (["generate", "a", "--message", "user:b"], "--message and TEXT exclude each other"),
        (
            ["generate", "--prompt-file", "/nowhere/text"],
            "--prompt-file: reading /nowhere/text"
        ),
        (["genrate", "a"], "no command genrate; nearest: generate"),
        (["lod", "x=y"], "no command lod; nearest: load"),
        (["render"], "one of --message and --conversation is needed"),
        (["render", "--message", "judge:a"], "--message: found the role \"judge\""),
        (["render", "--message", "user:a", "--var", "=1"], "--var: found \"=1\""),
        (
            ["render", "--message", "user:a", "--no-generation-prompt", "--continue-final"],
            "--no-generation-prompt and --continue-final exclude each other"
        ),
        (
            ["render", "--conversation", "/nowhere/talk.json"],
            "--conversation: reading /nowhere/talk.json"
        ),
        (
            ["generate", "--prompt", "a", "--tools", "/nowhere/tools.json"],
            "--tools needs --message or --conversation"
        ),
        (["ping", "--interval", "9999"], "--interval: found \"9999\", allowed: 0 to 3600 seconds"),
        (["embed"], "--text and --tokens: found 0 in all, allowed: 1 to 256"),
        (["embed", "--tokens", "1,x"], "--tokens: found \"x\", allowed: token ids"),
        (
            ["embed", "--text", "a", "--pooling", "max"],
            "--pooling: found \"max\", allowed: mean, last, cls"
        ),
        (["embed", "--file", "/nowhere/texts"], "--file: reading /nowhere/texts"),
        (["help", "genrate"], "no command genrate; nearest: generate"),
        (["generate", "--modle", "x"], "no option --modle; nearest: --model"),
        (["generate", "-x"], "no option -x for generate"),
        (["--json", "models"], "--json comes behind the command"),
        (["generate", "--json=3"], "--json: found \"3\", allowed: no value"),
        (["generate", "a", "-n"], "-n: found no value, allowed: -n MAX-TOKENS"),
        (
            ["generate", "--model", "--json"],
            "--model: found no value before \"--json\", allowed: --model MODEL"
        ),
        (["generate", "a", "b"], "found the argument \"b\" too many, allowed: one TEXT"),
        (["load"], "TARGET: found none, needed: NAME=PATH"),
        (["stats", "a"], "found the argument \"a\" too many, allowed: options alone"),
    ]

    /// Values of flags that are refused, with the sentence about each.
    static let values: [([String], String)] = [
        (["--temperature", "hot"], "--temperature: found \"hot\", allowed: a number, 0 to 100"),
        (["--temperature", "-0.5"], "--temperature: found -0.5, allowed: 0 to 100"),
        (["--temperature", "nan"], "--temperature: found \"nan\", allowed: a number, 0 to 100"),
        (["--seed", "-1"], "--seed: found -1, allowed: 0 to 18446744073709551615"),
        (["-s", "x"], "--seed: found \"x\", allowed: a whole number, 0 to 18446744073709551615"),
        (["-n", "0"], "--max-tokens: found 0, allowed: 1 to 1048576"),
        (["--min-tokens", "300"], "--min-tokens: found 300, allowed: at most --max-tokens"),
        (["--top-k", "99999999"], "--top-k: found 99999999, allowed: 0 to 16777216"),
        (["--top-p", "1.5"], "--top-p: found 1.5, allowed: 0 to 1"),
        (["--top-p", "0", "--temperature", "1"], "--top-p: found 0, allowed: above 0 to 1"),
        (["--min-p", "-1"], "--min-p: found -1, allowed: 0 to 1"),
        (["--stop", String(repeating: "x", count: 257)], "--stop: found 257 bytes, allowed: 1"),
        (["--priority", "10"], "--priority: found 10, allowed: 0 to 9"),
        (["--trace-context", "x"], "--trace-context: found \"x\", allowed: a W3C traceparent"),
        (["--require-fingerprint", "x"], "--require-fingerprint: found \"x\", allowed: 64 hex"),
        (["--now", "-1"], "--now: found -1, allowed: 0 to 253402300799"),
        (
            ["--deadline", "5x"],
            "--deadline: found \"5x\", allowed: 0 to 4294967295 milliseconds, or a time such as "
                + "50ms, 5s, 2m, 1h"
        ),
        (["--deadline", "50us"], "--deadline: found \"50us\", allowed: 0 to 4294967295 millisec"),
        (["--wait", "-1"], "--wait: found \"-1\", allowed: 0 to 4294967295 seconds, or a time"),
    ]

    @Test(arguments: values.indices)
    func wrongValuesAreRefusedInTheirFlagsName(_ index: Int) throws {
        let (arguments, words) = Self.values[index]
        let outcome = try Program.run("assay", ["generate", "a"] + arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("assay: " + words), "\(outcome.errors)")
    }

    /// Flags that mean nothing for a command, or nothing beside another flag.
    static let meaningless: [([String], String)] = [
        (["ping", "--allow-mock"], "no option --allow-mock for ping"),
        (["ping", "-m", "x"], "no option -m for ping"),
        (["stats", "-m", "x"], "no option -m for stats"),
        (["models", "--allow-mock"], "no option --allow-mock for models"),
        (["load", "x=/a", "--model", "y"], "NAME=PATH and --model exclude each other"),
        (["unload", "a", "-m", "b"], "NAME and --model exclude each other"),
        (
            ["tokenize", "--file", "x", "--server", "y", "a"],
            "--file and --server exclude each other: --file asks no server"
        ),
        (["detokenize", "--file", "x", "--priority", "1"], "--file and --priority exclude each"),
        (["tokenize", "--json-lines", "a"], "--json-lines and TEXT exclude each other"),
        (["render", "--json-lines", "--file", "x"], "--json-lines and --file exclude each other"),
        (
            ["render", "--message", "user:a", "--file", "x", "--require-real"],
            "--file and --require-real exclude each other"
        ),
    ]

    @Test(arguments: meaningless.indices)
    func flagsWithoutMeaningAreRefused(_ index: Int) throws {
        let (arguments, words) = Self.meaningless[index]
        let outcome = try Program.run("assay", arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("assay: " + words), "\(outcome.errors)")
    }

    @Test(arguments: refused.indices)
    func wrongArgumentsAreRefusedByName(_ index: Int) throws {
        let (arguments, words) = Self.refused[index]
        let outcome = try Program.run(
            "assay", arguments, environment: ["ASSAY_SERVER": "unix:///nowhere/assay.sock"])
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func rightArgumentsGetAsFarAsTheServer() throws {
        for arguments in [
            ["score", "--prompt", "a", "--continuation", "b", "--continuation-tokens", "1, 2"],
            ["score", "--message", "user:a:b", "--message", "assistant:", "--continuation", ""],
            ["embed", "--text", "a", "--tokens", "1", "--pooling", "cls", "--no-normalize"],
            ["generate", "--message", "user:a", "--logprobs", "0", "--prompt-logprobs", "64"],
            ["generate", "a", "-m", "demo", "-n", "3", "-s", "7", "-q"],
            ["generate", "-p", "-a b", "--seed", "1"],
            ["generate", "a", "--deadline", "1.5s", "--wait", "0", "--temperature", "1e-3"],
            ["models", "--deadline", "2m"], ["unload", "a", "--deadline", "50"],
            ["render", "--message", "tool:a", "--var", "enable_thinking=false", "--now", "0"],
        ] {
            let outcome = try Program.run(
                "assay", arguments + ["--server", "unix:///nowhere/assay.sock"])
            #expect(outcome.status == 69, "\(arguments) \(outcome.errors)")
        }
    }
}
