// Everything that can be set about a running server, in one value.
//
// Guarantees: plain data with the documented defaults; `ConfigurationField.all` is the table of
// names, units, ranges and explanations that flags, environment and file are read by, and
// `ConfigurationReader` is the only code that fills it. Nothing is opened or started here.

import Service

/// The settings of one server. Build one in code for tests, or read one with
/// `ConfigurationReader`, which also validates it.
public struct ServerConfiguration: Sendable, Equatable {
    /// Models to assay at the start, as `NAME=PATH`, in this order. With none assayd serves the
    /// demo model.
    public var models: [String] = []
    /// Addresses to listen on, as `tcp://HOST:PORT` or `unix:///PATH`.
    public var listen: [String] = ["tcp://127.0.0.1:7411"]
    /// `HOST:PORT` of the pages for monitors, or `none`.
    public var admin = "127.0.0.1:7412"
    /// Names of models without which `/readyz` is red; `*` alone stands for all.
    public var requiredModels: [String] = ["*"]
    /// Whether a mock in the place of a required model leaves `/readyz` green.
    public var isReadyWithMock = false
    /// `strict`, `graceful` or `development`.
    public var strategy = "strict"
    /// Whether the development strategy may stand in a mock, loudly.
    public var allowsMockFallback = false
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    public var device = "auto"
    /// Threads that compute; 0 means one per core.
    public var threads = 0
    /// `development` or `production`; a mock never starts in production.
    public var environment = "development"
    /// Least severe level that is logged.
    public var logLevel = "info"
    /// Seconds the assay of one model may take, retries included.
    public var loadTimeoutSeconds = 300.0
    /// Retries of the graceful strategy.
    public var loadRetriesMax = 3
    /// Seconds from one look at the files of served models to the next.
    public var fileCheckSeconds = 10.0
    /// Longest context served, in tokens; 0 means what each model was made for.
    public var contextMax = 0
    /// Cache positions reserved per model, in tokens, shared by its sequences; 0 means
    /// four full contexts.
    public var cacheTokensMax = 0
    /// Bounds of connections, queues and steps.
    public var limits = ServiceLimits()

    /// The documented defaults.
    public init() {}

    /// Where the admin pages are; nil for nowhere.
    var adminAddress: String? { admin == "none" ? nil : admin }

    /// `models`, taken apart. Throws at an entry without a name or a path, and at a name that is
    /// there twice.
    func namedModels() throws(ConfigurationError) -> [(name: String, path: String)] {
        var named: [(name: String, path: String)] = []
        for entry in models {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 128, !parts[1].isEmpty
            else {
                throw ConfigurationError(
                    code: .outOfRange, message: "reading model \"\(entry)\": allowed: NAME=PATH",
                    location: "model")
            }
            guard !named.contains(where: { $0.name == parts[0] }) else {
                throw ConfigurationError(
                    code: .conflict, message: "reading model \"\(entry)\": the name is taken",
                    location: "model")
            }
            named.append((String(parts[0]), String(parts[1])))
        }
        return named
    }
}

/// Why a configuration was refused. Exit code 78 of assayd.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// Stable name of a reason.
    public struct Code: Sendable, Equatable {
        private enum Value: String {
            case unknown_key, wrong_type, out_of_range, file_unreadable, file_malformed, conflict
        }
        private let value: Value
        /// The name in snake_case.
        public var name: String { value.rawValue }

        static let unknownKey = Code(value: .unknown_key)
        static let wrongType = Code(value: .wrong_type)
        static let outOfRange = Code(value: .out_of_range)
        static let fileUnreadable = Code(value: .file_unreadable)
        static let fileMalformed = Code(value: .file_malformed)
        static let conflict = Code(value: .conflict)
    }

    /// The stable reason.
    public let code: Code
    /// What was read, found and allowed.
    public let message: String
    /// Which flag, variable or file the value came from.
    public let location: String

    /// Code, message and location.
    public var description: String { "\(code.name): \(message) (\(location))" }
}
