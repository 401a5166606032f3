// Ranges of sampling parameters, stop strings and token limits: refused by name, never clamped.

import Inference
import Testing

@Suite struct SamplingParameterTests {
    static let wrong: [(String, @Sendable (inout SamplingParameters) -> Void)] = [
        ("temperature", { $0.temperature = -0.1 }),
        ("temperature", { $0.temperature = 100.1 }),
        ("temperature", { $0.temperature = .nan }),
        ("temperature", { $0.temperature = .infinity }),
        ("top_k", { $0.topK = -1 }),
        (
            "top_p",
            {
                $0.temperature = 1
                $0.topP = 0
            }
        ),
        ("top_p", { $0.topP = -0.1 }),
        ("top_p", { $0.topP = 1.1 }),
        ("top_p", { $0.topP = .nan }),
        ("min_p", { $0.minP = -0.1 }),
        ("min_p", { $0.minP = 1.1 }),
        ("min_p", { $0.minP = .nan }),
    ]

    @Test(arguments: wrong.indices)
    func refusesAParameterOutsideItsRangeByName(_ index: Int) {
        let (name, change) = Self.wrong[index]
        var parameters = SamplingParameters()
        change(&parameters)
        let error = #expect(throws: InferenceError.self) { try Sampler(parameters) }
        #expect(error?.code == .parameterRange)
        #expect(error?.location == name)
    }

    @Test func acceptsTheEndsOfEveryRange() throws {
        var parameters = SamplingParameters()
        parameters.temperature = 100
        parameters.topK = .max
        parameters.topP = .leastNonzeroMagnitude
        parameters.minP = 1
        try parameters.validate()
        parameters.temperature = .leastNonzeroMagnitude
        parameters.topP = 1
        parameters.minP = 0
        try parameters.validate()
        // Without a temperature, nothing reads top_p.
        parameters.temperature = 0
        parameters.topP = 0
        try parameters.validate()
    }

    static let wrongStops: [[[UInt8]]] = [
        [[]], [[0x61], []], [[UInt8](repeating: 0x61, count: 257)],
        [[UInt8]](repeating: [0x61], count: 17),
    ]

    @Test(arguments: wrongStops)
    func refusesStopStringsOutsideTheirLimits(_ stops: [[UInt8]]) {
        let error = #expect(throws: InferenceError.self) { try StopMatcher(stops) }
        #expect(error?.code == .parameterRange)
        #expect(error?.location == "stop")
    }

    @Test func acceptsStopStringsAtTheirLimits() throws {
        let stop = [UInt8](repeating: 0x61, count: StopMatcher.sizeMax)
        _ = try StopMatcher([[UInt8]](repeating: stop, count: StopMatcher.countMax))
    }
}
