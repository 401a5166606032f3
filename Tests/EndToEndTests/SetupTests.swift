// scripts/setup.sh on machines that lack something: all of it is named at once, with the command that
// installs it. PATH leads to stubs, so nothing of this machine changes.

import Foundation
import TestSupport
import Testing

struct SetupTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    /// Programs that the script itself calls.
    private static let tools = [
        "awk", "bash", "dirname", "grep", "head", "ldd", "mktemp", "readlink", "rm", "sed", "sort",
        "tail",
    ]

    private let directory: TemporaryDirectory
    private let bin: String

    init() throws {
        directory = try TemporaryDirectory()
        bin = directory.path("bin")
        try FileManager.default.createDirectory(
            atPath: bin, withIntermediateDirectories: false)
        for tool in Self.tools {
            let path = try #require(
                ["/usr/bin/", "/bin/"].map { $0 + tool }.first {
                    FileManager.default.isExecutableFile(atPath: $0)
                })
            try FileManager.default.createSymbolicLink(
                atPath: bin + "/" + tool, withDestinationPath: path)
        }
    }

    private func stub(_ name: String, _ script: String) throws {
        let path = bin + "/" + name
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func setup(_ arguments: String..., path: String = "") throws -> Program.Outcome {
        try Program.run(
            Self.root + "/scripts/setup.sh", arguments, environment: ["PATH": bin + path])
    }

    @Test func everythingThatIsMissingIsNamedAtOnceWithItsCommand() throws {
        try stub("id", "echo 1000")
        try stub("apt-get", "exit 9")
        let outcome = try setup()
        #expect(outcome.status == 1)
        let packages = "make git pkg-config libuv1-dev liblz4-dev libssl-dev"
        #expect(outcome.errors.contains("Debian packages: \(packages)"), "\(outcome.errors)")
        #expect(
            outcome.errors.contains(
                "    sudo apt-get install -y --no-install-recommends \(packages)"))
        #expect(outcome.errors.contains("6.2 or newer: found no \"swift\" on PATH"))
        #expect(outcome.errors.contains("./swiftly init\n"))
    }

    @Test(arguments: ["", "--check"])
    func aMachineWithEverythingIsToldNothing(argument: String) throws {
        try stub("swift", "echo 'Swift version 6.2 (swift-6.2-RELEASE)'")
        // The libraries of this machine, on which everything has just been built.
        let arguments = argument.isEmpty ? [] : [argument]
        let outcome = try Program.run(
            Self.root + "/scripts/setup.sh", arguments,
            environment: ["PATH": bin + ":/usr/bin:/bin"])
        #expect(outcome.status == 0 && (outcome.output + outcome.errors).isEmpty)
    }

    @Test(arguments: [
        (
            "echo 'Apple Swift version 5.9.2 (swift-5.9.2-RELEASE)'",
            "6.2 or newer: found Swift 5.9.2, "
        ),
        ("echo quick", "does not say its version: quick"),
        ("echo broken; exit 3", "does not run (exit status 3): broken"),
        ("kill -SEGV $$", "does not run (exit status 139): "),
    ])
    func aToolChainThatCannotBeUsedIsNamed(script: String, said: String) throws {
        try stub("swift", script)
        let outcome = try setup("--check", path: ":/usr/bin:/bin")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(said), "\(outcome.errors)")
        #expect(outcome.errors.contains("./swiftly init\n") && outcome.output.isEmpty)
    }

    @Test func librariesThatAToolChainCannotLoadAreNamedByTheirPackages() throws {
        let said = "error while loading shared libraries: libncurses.so.6: cannot open"
        try stub("swift", "echo 'swift: \(said) shared object file' >&2; exit 127")
        let outcome = try setup("--check", path: ":/usr/bin:/bin")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Debian packages: libncurses6\n"), "\(outcome.errors)")
        #expect(outcome.errors.contains("--no-install-recommends libncurses6\n"))
        // The packages may be all that is wrong.
        #expect(outcome.errors.contains(said) && !outcome.errors.contains("swiftly"))
    }

    @Test func packagesAreInstalledInOneCommandWhereThatIsAllowed() throws {
        let asked = directory.path("asked")
        try stub("swift", "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'")
        try stub("id", "echo 0")
        try stub("apt-get", "echo \"$@\" >>\(asked)")
        let outcome = try setup()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try String(contentsOfFile: asked, encoding: .utf8)
                == "install -y --no-install-recommends make git pkg-config libuv1-dev liblz4-dev "
                + "libssl-dev\n")
    }

    @Test func aWrongOptionIsRefused() throws {
        #expect(try setup("--force").status == 2)
    }
}
