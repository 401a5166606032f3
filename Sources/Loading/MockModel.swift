// A mock model, which knows nothing and says so.
//
// Developers use a mock to see the service's behaviour without a model file. The logits are seeded
// random numbers, and the text names the mock. The mock warns on creation and on every use, and
// logs an error at an age of five minutes, because a mock that nobody removed is how silent
// fallbacks happen.
// Guarantees: never made in production. Equal seeds and tokens give equal logits.
// Does not: become real. There is no conversion.

import Inference
import Logging
import Synchronization
import Tokenizers

/// A stand-in for a model. Any thread.
public final class MockModel: TokenModel {
    /// Age at which the mock logs an error.
    public static let ageMax: Duration = .seconds(300)
    /// Tokens in the mock's vocabulary.
    public static let vocabularySizeFixed = 32_000
    /// Width the mock claims.
    public static let embeddingLengthFixed = 4_096
    /// Blocks the mock claims.
    public static let blockCountFixed = 32

    /// Seed of the random logits.
    public let seed: UInt64
    /// Converts text to tokens and back, a token per byte.
    public let tokenizer: any Tokenizer = MockTokenizer()
    /// Sizes the mock claims. The architecture is `mock`.
    public let facts: ModelFacts
    /// Report of the failed load before the mock stood in. Nil when the mock was made directly.
    public let report: LoadReport?
    private let time: TimeSource
    private let created: Duration
    private let logger: Logger
    private let hasAlarmed = Atomic<Bool>(false)

    /// Tokens in the vocabulary.
    public var vocabularySize: Int { Self.vocabularySizeFixed }
    /// Values of a hidden state.
    public var embeddingLength: Int { Self.embeddingLengthFixed }
    /// Positions in the context.
    public var contextLength: Int { 4_096 }
    /// Time since the mock was made.
    public var age: Duration { time.now() - created }

    /// Makes a mock and warns about it. Throws `mock_forbidden` in production.
    public convenience init(
        seed: UInt64 = 0, environment: DeploymentEnvironment, time: TimeSource = .system,
        logger: Logger = Logger(label: "assay.loading")
    ) throws(ProvenanceError) {
        try self.init(
            seed: seed, environment: environment, time: time, logger: logger, report: nil)
    }

    init(
        seed: UInt64, environment: DeploymentEnvironment, time: TimeSource, logger: Logger,
        report: LoadReport?
    ) throws(ProvenanceError) {
        guard environment != .production else {
            throw ProvenanceError(
                .mockForbidden,
                "making a mock: found environment production; allowed: a mock "
                    + "never starts in production")
        }
        self.seed = seed
        self.time = time
        self.logger = logger
        self.report = report
        created = time.now()
        facts = ModelFacts(
            architecture: "mock", name: "mock", vocabularySize: Self.vocabularySizeFixed,
            embeddingLength: Self.embeddingLengthFixed, blockCount: Self.blockCountFixed,
            contextLength: 4_096, parameterCount: 0, weightBytes: 0, container: "mock",
            fileCount: 0, fileSize: 0, formats: [:], tokenizer: MockTokenizer().summary)
        logger.warning(
            "MOCK MODEL created: its answers are random numbers, not a model's",
            metadata: ["path": "\(report?.path ?? "none")", "seed": "\(seed)"])
        time.schedule(Self.ageMax) { [weak self] in self?.checkAge() }
    }

    /// Warns about the use of the mock. Called for each opened sequence.
    func noteUse() {
        logger.warning("MOCK MODEL in use: this answer is random numbers")
        checkAge()
    }

    /// Logs an error, once, if the mock is at least five minutes old. Runs at the age of five
    /// minutes and on every use.
    public func checkAge() {
        guard age >= Self.ageMax, !hasAlarmed.exchange(true, ordering: .relaxed) else { return }
        logger.error(
            "MOCK MODEL is older than five minutes: load a real model or stop the process",
            metadata: ["age": "\(age)"])
    }

    /// Makes a runner of the mock. See `ModelRunner`. Never throws.
    public func makeRunner(
        maxSequences sequenceCountMax: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner {
        MockRunner(self, sequenceCountMax: sequenceCountMax, tokenBudget: tokenBudget)
    }
}
