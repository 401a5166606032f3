// All settings for loading, with the defaults.
//
// Guarantees: the defaults are safe: strict, validated, no mock. Before any file is touched,
// `check` refuses combinations that could bring a mock into production.
// Does not: read flags, environment variables or files. The server's configuration does.

import Compute
import ModelFiles

/// Environment of the process. A mock never starts in `production`.
public enum DeploymentEnvironment: String, Sendable, CaseIterable {
    case production
    case staging
    case development
    case test
}

/// Settings for loading. A value. Change the fields before passing the value to `ModelLoader`.
public struct ModelLoadingConfiguration: Sendable {
    /// Reaction to a refusal. Default: fail.
    public var strategy: Strategy = .strict
    /// Retries after the first attempt under `graceful`, 0 to 30. Default 3.
    public var maxRetries = 3
    /// Bound on the whole load: attempts, pauses, hung file systems. Default 300 s.
    public var timeout: Duration = .seconds(300)
    /// True if `development` may use a mock in place of a refused file. Default false.
    public var allowMockFallback = false
    /// True if the validation layer runs. Default true. The report lists a skipped validation as a
    /// degradation.
    public var requireValidation = true
    /// Environment of the process. Default `development`. Servers set the field from their
    /// configuration.
    public var environment: DeploymentEnvironment = .development
    /// Device for the model. Default `auto`, which chooses the CPU while no CUDA back end is built.
    public var device: DeviceRequest = .auto
    /// Hyper-parameters by key that replace the file's values. Recorded in the report.
    public var overrides: [String: String] = [:]
    /// Bytes the model may take, or nil for the system's free memory. Default nil.
    public var memoryBudget: Int?
    /// Positions of key-value cache counted into the budget, at most the model's context. Default
    /// 4096.
    public var contextTokens = 4096
    /// Required SHA-256 of the model, compared before parsing and again after reading. Nil accepts
    /// any model.
    public var requiredFingerprint: Fingerprint?
    /// True if seals beside the model stay unread. Only for writing a new seal.
    package var ignoresSeal = false
    /// Seed of the mock's random numbers.
    public var mockSeed: UInt64 = 0
    /// Bounds of the file layer.
    public var fileLimits = FileLimits.default
    /// Bounds of the parse layer.
    public var parseLimits = ParseLimits.default

    /// Makes a configuration with the defaults.
    public init() {}

    /// Refuses settings that contradict the environment or another setting, or are out of range.
    /// Reads nothing.
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

/// A loading configuration with invalid settings. Stops a start. Never caused by a file.
public struct LoadingConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The field at fault.
    public let field: String
    /// The value of the field.
    public let found: String
    /// Allowed values of the field.
    public let allowed: String

    /// A sentence with field, found and allowed.
    public var description: String {
        "loading setting \(field): found \(found); allowed: \(allowed)"
    }
}
