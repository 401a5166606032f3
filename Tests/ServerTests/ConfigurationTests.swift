// Where settings come from and how wrong ones are refused: precedence, ranges, unknown names with
// the nearest valid one, and the table's own consistency.

import Foundation
import Server
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    private func read(
        flags: [String: [String]] = [:], environment: [String: String] = [:], file: String? = nil,
        fileName: String = "assayd.json"
    ) throws -> EffectiveConfiguration {
        guard let file else {
            return try ConfigurationReader.read(flags: flags, environment: environment, file: nil)
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.utf8, as: fileName)
        return try withExtendedLifetime(directory) {
            try ConfigurationReader.read(flags: flags, environment: environment, file: path)
        }
    }

    private func refusal(_ body: () throws -> EffectiveConfiguration) -> ConfigurationError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? ConfigurationError
        }
    }

    @Test func withoutSourcesTheDocumentedDefaultsHold() throws {
        let effective = try read()
        #expect(effective.values == ServerConfiguration())
        #expect(effective.values.listen == ["tcp://127.0.0.1:7411"])
        #expect(effective.lines.allSatisfy { $0.hasSuffix("(default)") })
    }

    @Test func flagsBeatEnvironmentBeatsFile() throws {
        let file = #"{"threads": 1, "sequences-max": 3, "drain-seconds": 7}"#
        let effective = try read(
            flags: ["threads": ["4"]],
            environment: ["ASSAY_THREADS": "2", "ASSAY_SEQUENCES_MAX": "5"], file: file)
        #expect(effective.values.threads == 4)
        #expect(effective.values.limits.sequencesMax == 5)
        #expect(effective.values.limits.drainMicroseconds == 7_000_000)
        #expect(effective.lines.contains("threads = 4  (flag)"))
        #expect(effective.lines.contains("sequences-max = 5  (ASSAY_SEQUENCES_MAX)"))
    }

    @Test func jsonAndYAMLSayTheSame() throws {
        let json = #"""
            {"model": ["a=/m/a.gguf", "b=/m/b.gguf"], "strategy": "graceful",
             "allow-loading": false, "hello-timeout-seconds": 1.5}
            """#
        let yaml = """
            model:
              - a=/m/a.gguf
              - b=/m/b.gguf
            strategy: graceful
            allow-loading: false
            hello-timeout-seconds: 1.5
            """
        let fromJSON = try read(file: json).values
        #expect(fromJSON.models == ["a=/m/a.gguf", "b=/m/b.gguf"])
        #expect(fromJSON.limits.helloTimeoutMicroseconds == 1_500_000)
        #expect(try read(file: yaml, fileName: "assayd.yaml").values == fromJSON)
    }

    @Test func anUnknownKeyNamesTheNearestValidOne() throws {
        let error = refusal { try read(file: #"{"lisen": ["tcp://127.0.0.1:1"]}"#) }
        #expect(error?.code.name == "unknown_key")
        #expect(
            error?.message
                == "reading the configuration: \"lisen\" is no setting; nearest is \"listen\"")
    }

    @Test func anUnknownVariableNamesTheNearestValidOne() throws {
        let error = refusal { try read(environment: ["ASSAY_TREADS": "2"]) }
        #expect(
            error?.message
                == "reading the environment: ASSAY_TREADS is no setting; nearest is ASSAY_THREADS")
    }

    @Test func variablesOfOtherProgramsAreLeftAlone() throws {
        _ = try read(environment: ["ASSAY_SERVER": "tcp://127.0.0.1:1", "PATH": "/bin"])
    }

    @Test(arguments: [
        ("threads", "1025", "out_of_range"), ("threads", "-1", "out_of_range"),
        ("threads", "two", "wrong_type"), ("strategy", "lenient", "out_of_range"),
        ("drain-seconds", "nan", "out_of_range"), ("allow-loading", "maybe", "wrong_type"),
        ("output-low-bytes", "4194304", "conflict"), ("step-tokens-max", "8", "conflict"),
        ("model", "no-path", "out_of_range"), ("model", "=path", "out_of_range"),
        ("listen", "tcp://127.0.0.1:99999", "out_of_range"), ("device", "gpu", "out_of_range"),
    ])
    func aValueOutsideItsRangeIsRefusedNotClamped(name: String, value: String, code: String) {
        #expect(refusal { try read(flags: [name: [value]]) }?.code.name == code)
    }

    @Test func aNumberWrittenAsTextInAFileIsRefusedWithItsName() {
        let error = refusal { try read(file: #"{"threads": "many"}"#) }
        #expect(error?.code.name == "wrong_type")
        #expect(error?.message.contains("threads") == true)
    }

    @Test func aMissingOrBrokenFileIsRefused() {
        let missing = refusal {
            try ConfigurationReader.read(flags: [:], environment: [:], file: "/nowhere/x.json")
        }
        #expect(missing?.code.name == "file_unreadable")
        #expect(refusal { try read(file: "{") }?.code.name == "file_malformed")
        #expect(
            refusal { try read(file: "- a", fileName: "x.yaml") }?.code.name == "file_malformed")
    }

    @Test func mocksNeedTheDevelopmentStrategyAndNeverProduction() {
        #expect(
            refusal { try read(flags: ["allow-mock-fallback": ["true"]]) }?.code.name == "conflict")
        let production = refusal {
            try read(flags: [
                "allow-mock-fallback": ["true"], "strategy": ["development"],
                "environment": ["production"],
            ])
        }
        #expect(production?.code.name == "conflict")
    }
}
