// README.md does what it shows: scripts/readme runs its commands with the programs of this build.
// The block of Python needs the client's packages and runs in scripts/clients.sh.

import Foundation
import TestSupport
import Testing

struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private func play(_ arguments: [String]) throws -> Program.Outcome {
        let bin = URL(fileURLWithPath: Program.path("assayd")).deletingLastPathComponent().path
        return try Program.run(Self.root + "/scripts/readme", ["--bin", bin] + arguments)
    }

    private func play(text: String) throws -> Program.Outcome {
        let directory = try TemporaryDirectory()
        return try play([directory.write(text.utf8, as: "README.md")])
    }

    @Test func everyCommandOfTheReadmePrintsWhatIsShown() throws {
        let outcome = try play([])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("left out: make demo ("))
    }

    @Test(arguments: [
        ("```sh\n$ echo a\nb\n```", "line 2: echo a"),
        ("```sh\n$ printf 'a\\nb\\n'\na\n```", "line 2: printf"),
        ("```sh\n$ true\na\n```", "line 2: true"),
        ("```sh\nfalse\n```", "exit status 1"),
        ("```sh\nexit 0\n```", "ended the shell"),
        ("```ruby\nputs 1\n```", "a block of \"ruby\""),
        ("```sh\ntrue\n", "does not end"),
    ])
    func aReadmeThatShowsSomethingElseFails(text: String, said: String) throws {
        let outcome = try play(text: text)
        #expect(outcome.status == 1 && outcome.output.contains(said), "\(outcome.output)")
    }

    @Test func timesRatesAndDigestsMayDiffer() throws {
        let outcome = try play(
            text: """
                ```sh
                $ echo "at 12/s in 3.5 ms by 0123456789abcdef… of    demo"
                at 9544/s in 2.172 ms by d06ee2bd4e5b… of demo
                $ printf 'first\\nmiddle\\nlast\\n'
                …
                last
                ```
                """)
        #expect(outcome.status == 0, "\(outcome.output)")
    }
}
