// Output that nobody takes, and descriptors that are not there: one line and status 74, never a
// crash and never a lost answer with status 0.

import Foundation
import Testing

@Suite struct OutputTests {
    /// Runs a program of the build in a shell, so that its descriptors can be anything.
    private func shell(_ script: String) throws -> Program.Outcome {
        try Program.run("/bin/sh", ["-c", script])
    }

    private static let assay = Program.path("assay")
    private static let assayd = Program.path("assayd")
    private static let load = Program.path("assay-load")

    /// Commands that write and need no server.
    private static let commands = [
        "\(assay) --help", "\(assay) inspect /nowhere.gguf",
        "\(assay) inspect --json /nowhere.gguf",
        "\(assayd) --help", "\(assayd) --check-config", "\(load) --help", "\(load) rpc --help",
    ]

    @Test(arguments: commands)
    func aFullDiskIsASentenceAndStatus74(_ command: String) throws {
        let outcome = try shell("exec \(command) > /dev/full")
        #expect(outcome.status == 74)
        #expect(
            outcome.errors.hasSuffix(
                ": standard output cannot be written: No space left on device\n"))
    }

    @Test(arguments: commands)
    func aClosedDescriptorIsASentenceAndStatus74(_ command: String) throws {
        let outcome = try shell("exec \(command) >&-")
        #expect(outcome.status == 74)
        #expect(
            outcome.errors.hasSuffix(": standard output cannot be written: Bad file descriptor\n"))
    }

    /// SIGPIPE is not ignored from the start here, as in any shell.
    @Test(arguments: commands)
    func aReaderThatHasGoneIsStatus74WithoutAWord(_ command: String) throws {
        let outcome = try Program.run(
            "/bin/bash",
            ["-c", "set -o pipefail; { sleep 0.2; exec \(command); } | true"])
        #expect(outcome.status == 74 && outcome.errors.isEmpty)
    }

    @Test func aClosedStandardInputIsASentence() throws {
        let outcome = try shell("exec \(Self.assay) tokenize --json-lines --file x.gguf <&-")
        #expect(outcome.status != 0 && outcome.status < 128)
    }

    /// All descriptors closed: no socket gets number 1 or 2, and the server serves.
    @Test(arguments: ["2> /dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
    func theServerServesWhateverItsDescriptorsAre(_ descriptors: String) throws {
        let outcome = try shell(
            """
            d=$(mktemp -d); \(Self.assayd) --listen unix://$d/s --admin none \(descriptors) & p=$!
            for i in $(seq 200); do
                \(Self.assay) health --server unix://$d/s > /dev/null 2>&1 && break; sleep 0.1
            done
            \(Self.assay) health --server unix://$d/s; kill $p; wait $p; echo "ended with $?"
            rm -r $d
            """)
        #expect(outcome.output.hasPrefix("ready ("))
        #expect(outcome.output.hasSuffix("ended with 0\n"))
    }

    /// A crash is the system's to report: no backtrace of ours holds the restart up.
    @Test func aCrashEndsAtOnce() throws {
        let server = try ServerProcess(model: nil)
        server.signal(SIGSEGV)
        #expect(server.waitUntilExit() == 128 + SIGSEGV)
        #expect(!server.errors.contains("Backtrac") && !server.errors.contains("Crash"))
    }

    @Test(arguments: [SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ])
    func signalsThatMeanNothingHereDoNotEndTheServer(_ number: Int32) throws {
        let server = try ServerProcess(model: nil)
        server.signal(number)
        _ = try server.client()
        server.signal(SIGTERM)
        #expect(server.waitUntilExit() == 0)
    }
}
