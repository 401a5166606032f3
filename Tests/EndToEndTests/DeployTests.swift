// What is in deploy/: the example configuration names every setting with its default, and what
// scripts/install.sh puts in place serves the demo model and goes away again. Units are hardened
// alike, and the documents name the packages of the container files.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DeployTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Name to value and source, as `--check-config` prints them.
    private func settings(_ arguments: [String]) throws -> [String: (value: String, source: String)]
    {
        let outcome = try Program.run("assayd", ["--check-config"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        var found: [String: (value: String, source: String)] = [:]
        for line in outcome.output.split(separator: "\n") {
            guard let equals = line.firstRange(of: " = "), line.hasSuffix(")"),
                let source = line.ranges(of: "  (").last
            else { continue }
            found[String(line[..<equals.lowerBound])] = (
                String(line[equals.upperBound..<source.lowerBound]),
                String(line[source.upperBound...].dropLast())
            )
        }
        return found
    }

    @Test func theExampleConfigurationHasEverySettingAtItsDefault() throws {
        let example = Self.root + "/deploy/assayd.yaml"
        // The tests switch the admin pages and the grace off for every server.
        let file = try settings(["--config", example])
        let defaults = try settings([])
        #expect(defaults.count > 20)
        // The older name of a setting is not advertised.
        for (name, setting) in defaults.sorted(by: { $0.key < $1.key })
        where !["admin", "in-flight-max", "drain-grace-seconds"].contains(name) {
            #expect(file[name]?.source == example, "\(name) is not in the example")
            // Said so in the file.
            guard name != "environment" else { continue }
            #expect(file[name]?.value == setting.value, "\(name)")
        }
        let text = try String(contentsOfFile: example, encoding: .utf8)
        #expect(text.contains("\nadmin: \"127.0.0.1:7412\"\n"))
        #expect(file["environment"]?.value == "production")
    }

    @Test func whatIsInstalledServesTheDemoModelAndIsRemovedAgain() throws {
        let directory = try TemporaryDirectory()
        let bin = URL(fileURLWithPath: Program.path("assayd")).deletingLastPathComponent().path
        let arguments = [
            "prefix=/opt/assay", "DESTDIR=" + directory.path("stage"), "bin=" + bin,
            "bridge=none",
        ]
        let script = Self.root + "/scripts/install.sh"
        let installed = try Program.run(script, ["install"] + arguments)
        #expect(installed.status == 0, "\(installed.errors)")
        let prefix = directory.path("stage/opt/assay")
        let outcome = try Program.run(
            prefix + "/bin/assayd",
            ["--check-config", "--config", prefix + "/etc/assay/assayd.yaml"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("from \(prefix)/share/assay/assay-demo.gguf"))
        let unit = try String(
            contentsOfFile: prefix + "/lib/systemd/system/assayd.service", encoding: .utf8)
        #expect(
            unit.contains(
                "ExecStart=/opt/assay/bin/assayd --config /opt/assay/etc/assay/assayd.yaml\n"))
        #expect(!unit.contains("@bindir") && !unit.contains("@docdir"))
        let placed = try files(prefix)
        for program in ["assayd", "assay", "assay-load"] {
            for file in [
                "man/man1/\(program).1", "bash-completion/completions/\(program)",
                "zsh/site-functions/_\(program)", "fish/vendor_completions.d/\(program).fish",
            ] {
                #expect(placed.contains("share/" + file), "\(file)")
            }
        }
        let pages = try FileManager.default.contentsOfDirectory(atPath: Self.root + "/docs")
            .filter { $0.hasSuffix(".md") }
        #expect(pages.count > 5)
        #expect(pages.allSatisfy { placed.contains("share/doc/assay/" + $0) })

        // A configuration that somebody changed outlives both.
        let own = prefix + "/etc/assay/assayd.yaml"
        try Data("threads: 1\n".utf8).write(to: URL(fileURLWithPath: own))
        #expect(try Program.run(script, ["install"] + arguments).output.contains("kept"))
        #expect(try Program.run(script, ["uninstall"] + arguments).status == 0)
        #expect(try files(prefix) == ["etc/assay/assayd.yaml"])
        #expect(try String(contentsOfFile: own, encoding: .utf8) == "threads: 1\n")
    }

    @Test func theBridgeIsInstalledAsAFolderAndRemovedWithAllThatIsInIt() throws {
        let directory = try TemporaryDirectory()
        let bin = URL(fileURLWithPath: Program.path("assayd")).deletingLastPathComponent().path
        let bundle = directory.path("bundle")
        let files = FileManager.default
        for folder in ["/bin", "/lib/assay-bridge/assay_bridge"] {
            try files.createDirectory(atPath: bundle + folder, withIntermediateDirectories: true)
        }
        try Data("#!/bin/sh\n".utf8).write(
            to: URL(fileURLWithPath: bundle + "/bin/assay-bridge"))
        try files.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: bundle + "/bin/assay-bridge")
        try Data("import assay\n".utf8).write(
            to: URL(fileURLWithPath: bundle + "/lib/assay-bridge/assay_bridge/__main__.py"))
        let arguments = [
            "prefix=/opt/assay", "DESTDIR=" + directory.path("stage"), "bin=" + bin,
            "bridge=" + bundle, "strip=no",
        ]
        let script = Self.root + "/scripts/install.sh"
        let prefix = directory.path("stage/opt/assay")
        // A module of an older bridge.
        try files.createDirectory(
            atPath: prefix + "/lib/assay-bridge", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: prefix + "/lib/assay-bridge/old.py"))

        #expect(try Program.run(script, ["install"] + arguments).status == 0)
        #expect(files.isExecutableFile(atPath: prefix + "/bin/assay-bridge"))
        #expect(try self.files(prefix + "/lib/assay-bridge") == ["assay_bridge/__main__.py"])
        let unit = try String(
            contentsOfFile: prefix + "/lib/systemd/system/assay-bridge.service", encoding: .utf8)
        #expect(unit.contains("\nExecStart=/opt/assay/bin/assay-bridge --listen 127.0.0.1:8411 "))
        #expect(unit.contains("file:/opt/assay/share/doc/assay/bridge.md\n"))
        #expect(try Program.run(script, ["uninstall"] + arguments).status == 0)
        #expect(try self.files(prefix) == [])

        // Without one it is said, and everything else is installed.
        let without = arguments + ["bridge=" + directory.path("none")]
        let outcome = try Program.run(script, ["install"] + without)
        #expect(outcome.status == 0 && outcome.errors.contains("clients/bridge/bundle.sh"))
        #expect(!files.fileExists(atPath: prefix + "/bin/assay-bridge"))
    }

    @Test func unitsTakeAwayTheSameRights() throws {
        let taken = try ["assayd", "assay-bridge"].map { name in
            Set(
                try text("deploy/\(name).service").split(separator: "\n").filter { line in
                    ["Protect", "Private", "Restrict", "SystemCall", "IPAddress", "Capability"]
                        .contains { line.hasPrefix($0) }
                        || ["NoNewPrivileges=yes", "MemoryDenyWriteExecute=yes", "DynamicUser=yes"]
                            .contains(String(line))
                })
        }
        #expect(taken[0].count > 20 && taken[0] == taken[1])
    }

    @Test(arguments: ["Containerfile", "Containerfile.bridge"])
    func aContainerFileHasWhatItCopiesAndTheDocumentItsPackages(name: String) throws {
        let steps = try text("deploy/\(name)").replacing("\\\n", with: " ")
            .split(separator: "\n")
        for step in steps where step.hasPrefix("COPY ") && !step.contains("--from=") {
            for source in step.split(separator: " ").dropFirst().dropLast() {
                #expect(
                    FileManager.default.fileExists(atPath: Self.root + "/" + source), "\(source)")
            }
        }
        let user = try #require(steps.last { $0.hasPrefix("USER ") })
        #expect(Int(user.dropFirst(5)) ?? 0 > 1000)
        #expect(steps.contains { $0.hasPrefix("HEALTHCHECK") })
        let install = try #require(steps.last { $0.contains("apt-get install") })
        let words = install.split(separator: "&&").first { $0.contains("apt-get install") } ?? ""
        let packages = words.split(separator: " ").dropFirst(2).filter { !$0.hasPrefix("-") }
        let document = try text("deploy/README.md")
        #expect(packages.count >= 2)
        for package in packages {
            #expect(document.contains("`\(package)`"), "\(package) is not in deploy/README.md")
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: Self.root + "/" + path, encoding: .utf8)
    }

    @Test(arguments: [[], ["remove"], ["install", "prefix=relative"], ["install", "colour=red"]])
    func aWrongInstallationIsRefused(arguments: [String]) throws {
        let outcome = try Program.run(Self.root + "/scripts/install.sh", arguments)
        #expect(outcome.status == 2 && !outcome.errors.isEmpty)
    }

    /// Files below `folder`, relative to it.
    private func files(_ folder: String) throws -> [String] {
        let all = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return all.filter { name in
            var isFolder: ObjCBool = false
            let path = folder + "/" + name
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }
}
