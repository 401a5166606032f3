// What is in deploy/: the example configuration names every setting with its default, and what
// scripts/install.sh puts in place serves the demo model and goes away again.

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
        // The tests switch the admin pages off for every server; here it is the file that counts.
        let file = try settings(["--config", example])
        let defaults = try settings([])
        #expect(defaults.count > 20)
        // The older name of a setting is not advertised.
        for (name, setting) in defaults.sorted(by: { $0.key < $1.key })
        where name != "admin" && name != "in-flight-max" {
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
