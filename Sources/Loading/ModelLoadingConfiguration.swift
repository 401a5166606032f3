// All settings for loading, with the defaults.
//
// Guarantees: the defaults are safe: strict, validated, no mock. Before any file is touched,
// `check` refuses combinations that could bring a mock into production.
// Does not: read flags, environment variables or files. The server's configuration does.

import Compute
import ModelFiles
import PlainText

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
    /// Values by key of a model's files: one that replaces a hyper-parameter, or `ignore`, by which
    /// the caller vouches that a refused key changes nothing. Recorded in the report, and a
    /// degradation of every answer.
    public var overrides: [String: String] = [:]
    /// Bytes the model may take, or nil for the system's free memory. Default nil.
    public var memoryBudget: Int?
    /// Positions of key-value cache counted into the budget, at most the model's context. Default
    /// 4096.
    public var contextTokens = 4096
    /// Positions of a cache that the sequences of the model share, however long its context is.
    /// Nil reserves memory for `contextTokens`.
    public var cacheTokens: Int?
    /// Longest context served, in positions. Nil means the model's own.
    public var contextMax: Int?
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

    /// Adds an override as people write it.
    ///
    /// - Parameter text: `KEY=VALUE`. The key has 1 to 256 bytes, the value 1 to 256.
    /// - Throws: for another form, for a key that has an override, and for more than 256.
    public mutating func addOverride(_ text: String) throws(LoadingConfigurationError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...256).contains(parts[0].utf8.count),
            (1...256).contains(parts[1].utf8.count), isPlain(text)
        else {
            throw LoadingConfigurationError(
                field: "override", found: "\"\(escaped(String(text.prefix(300))))\"",
                allowed: "KEY=VALUE, or KEY=ignore to vouch for a key")
        }
        guard overrides[String(parts[0])] == nil else {
            throw LoadingConfigurationError(
                field: "override", found: "\"\(parts[0])\" twice", allowed: "each key once")
        }
        guard overrides.count < 256 else {
            throw LoadingConfigurationError(
                field: "override", found: "more than 256", allowed: "at most 256")
        }
        overrides[String(parts[0])] = String(parts[1])
    }

    /// Positions of cache in the estimate of a model's memory.
    ///
    /// - Parameter isWhole: true for the whole cache of a server's runner, false for the part that
    ///   must be free at the least.
    func positions(contextLength: Int, isWhole: Bool) -> Int {
        guard isWhole else { return cacheTokens ?? min(contextTokens, contextLength) }
        let context = [contextMax, cacheTokens, contextLength].compactMap(\.self).min()
        return CacheReservation.positions(
            context: context ?? contextLength, cacheTokensMax: cacheTokens)
    }

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
