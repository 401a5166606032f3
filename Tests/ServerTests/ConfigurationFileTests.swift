// Files of settings: what a refusal says of the file, the line, the key and the value, and times
// with units.

import Foundation
import Server
import TestSupport
import Testing

@Suite struct ConfigurationFileTests {
    private func read(_ text: String, _ name: String) throws -> EffectiveConfiguration {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text.utf8, as: name)
        return try withExtendedLifetime(directory) {
            try ConfigurationReader.read(flags: [:], environment: [:], file: path, memory: .max)
        }
    }

    /// The refusal without the folder of the file.
    private func refusal(_ text: String, _ name: String) -> String? {
        do {
            _ = try read(text, name)
            return nil
        } catch {
            guard let error = error as? ConfigurationError else { return "\(error)" }
            let place = error.location.split(separator: "/").last.map(String.init) ?? ""
            return "\(error.message) (\(place))"
        }
    }

    @Test(arguments: [
        ("drain-seconds", "5s", 5_000_000), ("drain-seconds", "1.5m", 90_000_000),
        ("drain-seconds", "2m", 120_000_000), ("drain-seconds", "1h", 3_600_000_000),
        ("drain-seconds", "250us", 250), ("drain-seconds", "0.29", 290_000),
        ("drain-seconds", "7", 7_000_000), ("drain-seconds", "1e1", 10_000_000),
    ])
    func timesMeanTheSameInEverySource(name: String, text: String, microseconds: UInt64) throws {
        let flags = try ConfigurationReader.read(
            flags: [name: [text]], environment: [:], file: nil)
        #expect(flags.values.limits.drainMicroseconds == microseconds)
        let variables = try ConfigurationReader.read(
            flags: [:], environment: ["ASSAY_DRAIN_SECONDS": text], file: nil)
        #expect(variables.values.limits.drainMicroseconds == microseconds)
        let yaml = try read("\(name): \(text)\n", "a.yaml")
        #expect(yaml.values.limits.drainMicroseconds == microseconds)
        let isBare = text.allSatisfy { $0.isNumber || $0 == "." || $0 == "e" }
        let json = try read("{\"\(name)\": \(isBare ? text : "\"\(text)\"")}", "a.json")
        #expect(json.values.limits.drainMicroseconds == microseconds)
    }

    @Test(arguments: [
        ("", "a.json"), (" \n\t\n", "a.json"), ("", "a.yaml"), ("# only\n\n  # this\n", "a.yml"),
        ("---\n# only\n", "a.YAML"), ("{}", "a.JSON"), ("{}", "a.yaml"),
    ])
    func aFileWithoutSettingsIsEmpty(text: String, name: String) throws {
        #expect(try read(text, name).lines.allSatisfy { $0.hasSuffix("(default)") })
    }

    /// Text and name of a file, and the refusal.
    static let refused: [(String, String, String)] = [
        (
            "# c\n\nthreads: many # four\n", "a.yaml",
            "reading threads: found \"many\", allowed: a whole number, 0 to 1024 threads, 0 for "
                + "one per core (a.yaml:3)"
        ),
        (
            "{\"listen\": [],\n \"threads\": 1.5}", "a.json",
            "reading threads: found 1.5, allowed: a whole number, 0 to 1024 threads, 0 for one "
                + "per core (a.json:2)"
        ),
        (
            "{\"threads\": true}", "a.json",
            "reading threads: found true, allowed: a whole number, 0 to 1024 threads, 0 for one "
                + "per core (a.json:1)"
        ),
        (
            "\ninsecure: 1", "a.yaml",
            "reading insecure: found \"1\", allowed: true or false (a.yaml:2)"
        ),
        (
            "drain-seconds: soon", "a.yaml",
            "reading drain-seconds: found \"soon\", allowed: a number of seconds or a time like "
                + "5s, 0 to 3600 seconds (a.yaml:1)"
        ),
        (
            "{\"drain-seconds\": \"2h\"}", "a.json",
            "reading drain-seconds: found \"2h\", allowed: 0 to 3600 seconds, or a time such as "
                + "50ms, 5s, 2m (a.json:1)"
        ),
        (
            "model: a=/x", "a.yaml",
            "reading model: found \"a=/x\", allowed: a list of texts: NAME=PATH; repeatable "
                + "(a.yaml:1)"
        ),
        (
            "threads: 1\nlisen:\n  - x\n", "a.yaml",
            "reading the configuration: \"lisen\" is no setting; nearest is \"listen\" (a.yaml:2)"
        ),
        (
            "threads: 1\n\n'threads': 2\n", "a.yaml",
            "reading the configuration file: found \"threads\" twice, in line 1 and in line 3, "
                + "allowed: each key once (a.yaml:3)"
        ),
        (
            "{\"threads\": 1,\n\"insecure\": true,\n\"threads\": 2}", "a.json",
            "reading the configuration file: found \"threads\" twice, in line 1 and in line 3, "
                + "allowed: each key once (a.json:3)"
        ),
        (
            "{\"threads\": 1,\n\n\"listen\": null}", "a.json",
            "reading listen: found null, allowed: a text, a number, true or false, or a list of "
                + "texts (a.json:3)"
        ),
        (
            "threads = 4", "a.toml",
            "reading the configuration file: found the ending \".toml\", allowed: .json, .yaml "
                + "and .yml (a.toml)"
        ),
        (
            "threads: 4", "settings",
            "reading the configuration file: found no ending, allowed: .json, .yaml and .yml "
                + "(settings)"
        ),
        (
            "threads: 4\nlisten: [a\nadmin: b", "a.yaml",
            "reading the configuration file: found no settings in YAML (while parsing a flow "
                + "sequence in line 2, column 9, did not find expected ',' or ']'), allowed: lines "
                + "such as \"threads: 4\" (a.yaml:3)"
        ),
        (
            "{\"threads\": 4,\n\"listen\" []}", "a.json",
            "reading the configuration file: found \"[]}\", allowed: \":\" (a.json:2)"
        ),
        (
            "[1]", "a.json",
            "reading the configuration file: found an array, allowed: an object of settings, such "
                + "as {\"threads\": 4} (a.json:1)"
        ),
    ]

    @Test(arguments: refused.indices)
    func aRefusalNamesFileLineKeyAndValue(_ index: Int) {
        let (text, name, words) = Self.refused[index]
        #expect(refusal(text, name) == words)
    }

    @Test(arguments: [
        // Quoted keys, texts over several lines, comments, lists at the margin, literal blocks.
        "\"threads\": 4\nadmin: \"none\n  x\" # c\nlisten:\n- a\n- \"b\n  c\"\nbad: 1\n",
        "model: [\"a=/b\", # [\n  'c=it''s']\nstrategy: >\n  strict\n  bad: 2\nadmin: x\n\n\n"
            + "bad: 1",
        "---\r\n# x\r\nthreads: 4\r\n\r\nlisten:\r\n  - 'a: b'\r\n  - d\r\nbad: 1\r\n",
    ])
    func theLineOfAKeyIsFoundAmongWhatItIsNot(text: String) {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let line = (lines.lastIndex { $0.hasPrefix("bad:") } ?? 0) + 1
        let words = refusal(text, "a.yaml") ?? ""
        #expect(words.hasPrefix("reading the configuration: \"bad\" is no setting"), "\(words)")
        #expect(words.hasSuffix("(a.yaml:\(line))"), "\(words)")
    }

    @Test(arguments: ["{bad: 1}", "&a bad: 1", "!!str bad: 1", "? bad\n: 1", "\"b\\x61d\": 1"])
    func aTextThatIsNotFollowedHasNoLine(text: String) {
        #expect(refusal(text, "a.yaml")?.hasSuffix("(a.yaml)") == true)
    }

    @Test func anUnreadableFileIsNamedWithTheSystemsReason() throws {
        let directory = try TemporaryDirectory()
        for (path, reason) in [
            (directory.path("none.yaml"), "No such file or directory"),
            (directory.path("folder.yaml"), "it is no file"),
        ] {
            if reason == "it is no file" {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
            }
            let error = #expect(throws: ConfigurationError.self) {
                try ConfigurationReader.read(flags: [:], environment: [:], file: path)
            }
            #expect(error?.message == "reading the configuration file: cannot be read: \(reason)")
        }
    }

    @Test func wildFilesAreRefusedInBoundedWords() throws {
        let long = String(repeating: "x", count: 100_000)
        for (text, name) in [
            ("\(long): 1", "a.yaml"), ("threads: \(long)", "a.yaml"),
            ("{\"threads\": \"\(long)\"}", "a.json"), ("{\"\(long)\": 1}", "a.json"),
            (String(repeating: "[", count: 100_000), "a.json"), ("threads: \u{1B}[2J", "a.json"),
            (String(repeating: "#", count: 2 << 20), "a.yaml"), ("a: \"\u{202E}\"", "a.yaml"),
        ] {
            let words = try #require(refusal(text, name))
            #expect(words.utf8.count < 1000)
            #expect(words.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x202E })
        }
    }
}
