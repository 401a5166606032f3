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
        (["genrate", "a"], "no command \"genrate\"; nearest: generate"),
        (["lod", "x=y"], "no command \"lod\"; nearest: load"),
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
        (["ping", "--interval", "9999"], "--interval: found 9999.0, allowed: 0 to 3600"),
        (["embed"], "--text and --tokens: found 0 in all, allowed: 1 to 256"),
        (["embed", "--tokens", "1,x"], "--tokens: found \"x\", allowed: token ids"),
        (["embed", "--text", "a", "--pooling", "max"], "'mean', 'last' or 'cls'"),
        (["embed", "--file", "/nowhere/texts"], "--file: reading /nowhere/texts"),
    ]

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
            ["render", "--message", "tool:a", "--var", "enable_thinking=false", "--now", "0"],
        ] {
            let outcome = try Program.run(
                "assay", arguments + ["--server", "unix:///nowhere/assay.sock"])
            #expect(outcome.status == 69, "\(arguments) \(outcome.errors)")
        }
    }
}
