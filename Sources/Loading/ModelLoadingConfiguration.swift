// Everything a caller can decide about loading, with the defaults.
//
// Guarantees: the defaults are the safe ones: strict, validated, no mock; `check` refuses
// combinations that could bring a mock into production before any file is touched.
// Does not: read flags, environment variables or files; the server's configuration does.

import Compute
import ModelFiles

/// Where this process runs. A mock never starts in `production`.
public enum DeploymentEnvironment: String, Sendable, CaseIterable {
    case production
    case staging
    case development
    case test
}

/// How models are loaded. A value; change the fields before handing it to `ModelLoader`.
public struct ModelLoadingConfiguration: Sendable {
    /// What to do after a refusal. Default: fail.
    public var strategy: LoadStrategy = .strict
    /// Retries after the first attempt under `graceful`; 0 to 30. Default 3.
    public var maxRetries = 3
    /// Bound on everything together: attempts, pauses, hung file systems. Default 300 s.
    public var timeout: Duration = .seconds(300)
    /// Whether `development` may stand a mock in for a refused file. Default false.
    public var allowMockFallback = false
    /// Whether the validation layer runs. Default true; skipping is a degradation in the report.
    public var requireValidation = true
    /// Where this process runs. Default `development`; servers set it from their configuration.
    public var environment: DeploymentEnvironment = .development
    /// Device to place the model on. Default: a GPU if one can be used, else the CPU.
    public var device: DeviceRequest = .auto
    /// Hyper-parameters that replace the file's, by key; recorded in the report.
    public var overrides: [String: String] = [:]
    /// Bytes the model may take, or nil for what the system has free. Default nil.
    public var memoryBudget: Int?
    /// Positions of key-value cache counted into the budget. Default 4096, or the model's context
    /// if that is shorter.
    public var contextTokens = 4096
    /// If set, the file must have this SHA-256; it is compared before anything is parsed.
    public var requiredFingerprint: Fingerprint?
    /// Whether a seal beside the model is left unread. For sealing anew, and nothing else.
    package var ignoresSeal = false
    /// Seed of the mock's random numbers.
    public var mockSeed: UInt64 = 0
    /// Bounds of the file layer.
    public var fileLimits = FileLimits.default
    /// Bounds of the parse layer.
    public var parseLimits = ParseLimits.default

    /// Starts from the defaults.
    public init() {}

    /// Refuses settings that contradict each other or the environment. Reads nothing.
    public func check() throws(LoadingConfigurationError) {
        if allowMockFallback && environment == .production {
            throw LoadingConfigurationError(
                field: "allowMockFallback", found: "true with environment production",
                allowed: "false: a mock never starts in production")
        }
        if allowMockFallback && strategy != .development {
            throw LoadingConfigurationError(
                field: "allowMockFallback", found: "true with strategy \(strategy)",
                allowed: "true only with strategy development")
        }
        guard (0...30).contains(maxRetries) else {
            throw LoadingConfigurationError(
                field: "maxRetries", found: "\(maxRetries)", allowed: "0 to 30")
        }
        guard timeout > .zero else {
            throw LoadingConfigurationError(
                field: "timeout", found: "\(timeout)", allowed: "more than 0 seconds")
        }
        guard contextTokens >= 1 else {
            throw LoadingConfigurationError(
                field: "contextTokens", found: "\(contextTokens)", allowed: "1 or more")
        }
        if let memoryBudget, memoryBudget < 1 {
            throw LoadingConfigurationError(
                field: "memoryBudget", found: "\(memoryBudget)", allowed: "1 byte or more")
        }
    }
}

/// A loading configuration that contradicts itself. Stops a start; never caused by a file.
public struct LoadingConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The field at fault.
    public let field: String
    /// Its value.
    public let found: String
    /// What it may be.
    public let allowed: String

    /// One sentence: field, found, allowed.
    public var description: String {
        "loading setting \(field): found \(found); allowed: \(allowed)"
    }
}
