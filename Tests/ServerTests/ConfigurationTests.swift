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
            return try ConfigurationReader.read(
                flags: flags, environment: environment, file: nil, memory: .max)
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.utf8, as: fileName)
        return try withExtendedLifetime(directory) {
            try ConfigurationReader.read(
                flags: flags, environment: environment, file: path, memory: .max)
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
        #expect(effective.differences == "all settings are defaults")
    }

    @Test func totalsFollowTheMemoryUnlessTheOperatorSaysOtherwise() throws {
        func values(_ flags: [String: [String]]) throws -> ServerConfiguration {
            try ConfigurationReader.read(
                flags: flags, environment: [:], file: nil, memory: 1 << 30
            ).values
        }
        #expect(try values([:]).limits.outstandingSizeMax == 16 << 20)
        let given = try values(["outstanding-bytes-max": ["67108864"]])
        #expect(given.limits.outstandingSizeMax == 64 << 20)
        #expect(given.limits.inputTotalMax == 64 << 20)
    }

    @Test func placesOnAConnectionHaveTwoSpellings() throws {
        for name in ["in-flight-max", "requests-per-connection-max"] {
            #expect(try read(flags: [name: ["5"]]).values.limits.inFlightMax == 5)
        }
    }

    @Test func overridesNameAModelAndAKey() throws {
        let model = ["a=/a.gguf"]
        let given = try read(flags: ["model": model, "override": ["a:llama.x=ignore", "a:y=2"]])
        #expect(given.values.overrides == ["a:llama.x=ignore", "a:y=2"])
        for wrong in [
            ["a"], ["a:"], ["a:x"], ["a:x="], ["a:=ignore"], ["b:x=ignore"], ["x=ignore"],
            ["a:x=1", "a:x=2"],
        ] {
            let error = refusal { try read(flags: ["model": model, "override": wrong]) }
            #expect(error?.code.name == "out_of_range", "\(wrong)")
            #expect(error?.location == "override")
        }
        #expect(refusal { try read(flags: ["override": ["a:x=ignore"]]) } != nil)
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
        #expect(effective.differences.contains("threads = 4 (flag)"))
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
        #expect(fromJSON.limits.loadingRight == .nobody)
        #expect(try read(file: yaml, fileName: "assayd.yaml").values == fromJSON)
    }

    @Test func anUnknownKeyNamesTheNearestValidOne() throws {
        let error = refusal { try read(file: #"{"lisen": ["tcp://127.0.0.1:1"]}"#) }
        #expect(error?.code.name == "unknown_key")
        #expect(
            error?.message
                == "reading the configuration: \"lisen\" is no setting; nearest is \"listen\"")
    }

    @Test func anUnknownVariableIsOneWarningThatNamesTheNearestSetting() throws {
        let effective = try read(environment: ["ASSAY_TREADS": "2", "ASSAY_LISTN": "x"])
        #expect(effective.values == ServerConfiguration())
        #expect(
            effective.warnings == [
                "reading the environment: no setting, and left alone: "
                    + "ASSAY_LISTN (nearest is ASSAY_LISTEN), "
                    + "ASSAY_TREADS (nearest is ASSAY_THREADS)"
            ])
    }

    @Test func aServiceOfKubernetesCalledAssayIsOneWarning() throws {
        let effective = try read(environment: [
            "ASSAY_SERVICE_HOST": "10.96.0.12", "ASSAY_SERVICE_PORT": "7411",
            "ASSAY_SERVICE_PORT_RPC": "7411", "ASSAY_PORT": "tcp://10.96.0.12:7411",
            "ASSAY_PORT_7411_TCP": "tcp://10.96.0.12:7411", "ASSAY_PORT_7411_TCP_PROTO": "tcp",
            "ASSAY_PORT_7411_TCP_PORT": "7411", "ASSAY_PORT_7411_TCP_ADDR": "10.96.0.12",
            "ASSAY_THREADS": "2",
        ])
        #expect(effective.values.threads == 2)
        #expect(effective.warnings.count == 1)
        #expect(effective.warnings[0].contains("8 that describe a Kubernetes Service"))
        #expect(!effective.warnings[0].contains("10.96"), "a value may be a secret")
    }

    @Test func aVariableWithAWildNameNeitherBreaksALineNorFillsTheLog() throws {
        var environment = ["ASSAY_A\nfatal": "x"]
        for number in 0..<1000 {
            environment["ASSAY_X\(number)" + String(repeating: "y", count: 5000)] = ""
        }
        let warning = try #require(try read(environment: environment).warnings.first)
        #expect(warning.utf8.allSatisfy { $0 >= 32 })
        #expect(warning.utf8.count < 2048)
        #expect(warning.contains("ASSAY_A?fatal") && warning.contains("993 more"))
    }

    @Test func aMalformedValueOfASettingIsStillRefused() {
        let error = refusal { try read(environment: ["ASSAY_THREADS": "tcp://10.0.0.1:1"]) }
        #expect(error?.code.name == "wrong_type")
        #expect(error?.location == "ASSAY_THREADS")
    }

    @Test func variablesOfOtherProgramsAreLeftAlone() throws {
        let effective = try read(environment: [
            "ASSAY_SERVER": "tcp://127.0.0.1:1", "ASSAY_DEMO_MODEL": "/x", "PATH": "/bin",
        ])
        #expect(effective.warnings == [])
    }

    @Test(arguments: [
        ("threads", "1025", "out_of_range"), ("threads", "-1", "out_of_range"),
        ("threads", "two", "wrong_type"), ("strategy", "lenient", "out_of_range"),
        ("drain-seconds", "nan", "out_of_range"), ("allow-loading", "maybe", "out_of_range"),
        ("output-low-bytes", "4194304", "conflict"), ("step-tokens-max", "8", "conflict"),
        ("model", "no-path", "out_of_range"), ("model", "=path", "out_of_range"),
        ("listen", "tcp://127.0.0.1:99999", "out_of_range"), ("device", "gpu", "out_of_range"),
    ])
    func aValueOutsideItsRangeIsRefusedNotClamped(name: String, value: String, code: String) {
        #expect(refusal { try read(flags: [name: [value]]) }?.code.name == code)
    }

    @Test(arguments: [
        ("listen", "tcp://0.0.0.0:7411"), ("listen", "tcp://[::]:7411"),
        ("listen", "tcp://192.0.2.7:1"), ("listen", "tcp://[::ffff:10.0.0.1]:1"),
        ("admin", "0.0.0.0:7412"), ("admin", "[2001:db8::1]:1"),
    ])
    func anAddressThatOthersReachNeedsInsecure(name: String, address: String) throws {
        let error = refusal { try read(flags: [name: [address]]) }
        #expect(error?.code.name == "insecure_address" && error?.location == name)
        #expect(error?.message.contains("\"\(address)\"") == true)
        #expect(error?.message.contains("--insecure") == true)
        #expect(try read(flags: [name: [address], "insecure": ["true"]]).values.isInsecure)
        let environment = ["ASSAY_INSECURE": "true"]
        #expect(try read(flags: [name: [address]], environment: environment).values.isInsecure)
        #expect(try read(flags: [name: [address]], file: #"{"insecure": true}"#).values.isInsecure)
    }

    @Test(arguments: [
        ("listen", "tcp://127.8.9.1:1"), ("listen", "tcp://[::1]:1"),
        ("listen", "tcp://[0:0:0:0:0:0:0:1]:1"), ("listen", "tcp://localhost:1"),
        ("listen", "tcp://[::ffff:127.0.0.1]:1"), ("listen", "unix:///run/a.sock"),
        ("admin", "localhost:1"), ("admin", "none"),
    ])
    func loopbackNeedsNothing(name: String, address: String) throws {
        #expect(try !read(flags: [name: [address]]).values.isInsecure)
    }

    @Test(arguments: ["a\nb=/x", "\u{202E}a=/x", "a\u{200B}b=/x", "a\u{1B}[2J=/x"])
    func aModelsNameShowsAsWhatItIs(entry: String) {
        let error = refusal { try read(flags: ["model": [entry]]) }
        #expect(error?.code.name == "out_of_range")
        #expect(error?.message.unicodeScalars.allSatisfy { $0.value >= 32 } == true)
        #expect(refusal { try read(flags: ["model": ["straße 7b=/x"]]) } == nil)
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
