// All settings of a server, in one value.
//
// Guarantees: plain data with the documented defaults. `ConfigurationField.all` is the table of
// names, units, ranges and explanations for flags, environment and file. Only `ConfigurationReader`
// fills the value from these sources.
// Does not: open or start anything.

import Credentials
import Loading
import PlainText
import Service

/// The settings of a server. Tests build a value in code. `ConfigurationReader` reads and validates
/// a value.
package struct ServerConfiguration: Sendable, Equatable {
    /// Models to assay at the start, as `NAME=PATH`, in this order. With none assayd serves the
    /// demo model.
    package var models: [String] = []
    /// Overrides of keys of models' files, as `NAME:KEY=VALUE`. They hold for each load of NAME.
    package var overrides: [String] = []
    /// Addresses to listen on, as `tcp://HOST:PORT` or `unix:///PATH`.
    package var listen: [String] = ["tcp://127.0.0.1:7411"]
    /// `HOST:PORT` of the pages for monitors, or `none`.
    package var admin = "127.0.0.1:7412"
    /// True when `listen` and `admin` may name addresses that other machines reach.
    package var isInsecure = false
    /// File of hashed tokens without one of which nobody is answered, or `none`.
    package var tokenFile = "none"
    /// Names of models without which `/readyz` is red. `*` alone stands for all.
    package var requiredModels: [String] = ["*"]
    /// True when a mock in the place of a required model leaves `/readyz` green.
    package var isReadyWithMock = false
    /// Strategy of a load: `strict`, `graceful` or `development`.
    package var strategy = "strict"
    /// True when the development strategy may stand in a mock, loudly.
    package var allowsMockFallback = false
    /// Device of the models: `auto`, `cpu`, `cuda` or `cuda:N`.
    package var device = "auto"
    /// Threads that compute. 0 means one per core.
    package var threads = 0
    /// `development` or `production`. A mock never starts in production.
    package var environment = "development"
    /// Least severe level that is logged.
    package var logLevel = "info"
    /// Seconds the assay of a model may take, including retries.
    package var loadTimeoutSeconds = 300.0
    /// Retries of the graceful strategy.
    package var loadRetriesMax = 3
    /// Seconds between two looks at the files of served models.
    package var fileCheckSeconds = 10.0
    /// Longest context served, in tokens. 0 means the model's own.
    package var contextMax = 0
    /// Cache positions reserved per model, in tokens, shared by its sequences. 0 means four full
    /// contexts.
    package var cacheTokensMax = 0
    /// File of requests that warm the new model of a swap, or `none`.
    package var warmUpRequests = "none"
    /// Latest live requests of a model that warm the new model of its swap, 0 for none.
    package var warmUpLive = 0
    /// Longest time in which a swap compares live requests.
    package var shadowSeconds = 60.0
    /// Bytes that all models together may take. 0 means no bound but the system's free memory.
    package var memoryMax = 0
    /// Names of configured models to load at the start. `*` alone stands for all.
    package var preload: [String] = ["*"]
    /// Path of the file of remembered digests, `auto` for a file in the user's cache folder, or
    /// `none`.
    package var digestFile = "auto"
    /// Folders below which a Load finds models. None leaves any path to who may load.
    package var modelRoots: [String] = []
    /// Bounds of connections, queues and steps.
    package var limits = ServiceLimits()

    /// The documented defaults.
    package init() {}

    /// True for a configured model that is loaded at the start.
    func isPreloaded(_ name: String) -> Bool { preload == ["*"] || preload.contains(name) }

    /// Checks that `preload` names models.
    func checkPreload() throws(ConfigurationError) {
        let names = try namedModels().map(\.name)
        guard preload != ["*"], let other = preload.first(where: { !names.contains($0) }) else {
            return
        }
        throw ConfigurationError(
            code: .outOfRange,
            message: "reading preload: found \"\(escaped(other))\", which is no configured model, "
                + "allowed: names of models, or * alone", location: "preload")
    }

    /// Address of the admin pages, or nil for none.
    var adminAddress: String? { admin == "none" ? nil : admin }

    /// Path of the token file, or nil for none.
    var tokenPath: String? { tokenFile == "none" ? nil : tokenFile }

    /// Reads the token file, if there is one, and throws when it is refused. Blocking.
    package func checkTokenFile() throws(ConfigurationError) {
        guard let tokenPath else { return }
        do throws(TokenFileError) {
            _ = try TokenFile.read(tokenPath)
        } catch {
            throw ConfigurationError(
                code: .fileMalformed, message: error.message, location: error.location)
        }
    }

    /// Adds the overrides of the model `name` to the options of its load.
    ///
    /// - Throws: at an entry that is no `NAME:KEY=VALUE`, and at a key that comes twice.
    func addOverrides(
        of name: String, to options: inout ModelLoadingConfiguration
    ) throws(ConfigurationError) {
        for entry in overrides where entry.hasPrefix(name + ":") {
            do throws(LoadingConfigurationError) {
                try options.addOverride(String(entry.dropFirst(name.count + 1)))
            } catch {
                throw ConfigurationError(
                    code: .outOfRange,
                    message: "reading override \"\(escaped(entry))\": found \(error.found), "
                        + "allowed: \(error.allowed)", location: "override")
            }
        }
    }

    /// Checks that every override has its form and names one of `models`.
    func checkOverrides() throws(ConfigurationError) {
        let names = try namedModels().map(\.name)
        for entry in overrides where !names.contains(where: { entry.hasPrefix($0 + ":") }) {
            throw ConfigurationError(
                code: .outOfRange,
                message: "reading override \"\(escaped(entry))\": found no model of that name, "
                    + "allowed: NAME:KEY=VALUE with the name of a model", location: "override")
        }
        for name in names {
            var options = ModelLoadingConfiguration()
            try addOverrides(of: name, to: &options)
        }
    }

    /// `models` as names and paths. Throws at an entry without a name or a path, at a name with a
    /// character that hides or reorders text, at a name with the mark of labels, and at a duplicate
    /// name.
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
            guard isPlain(String(parts[0])) else {
                throw ConfigurationError(
                    code: .outOfRange,
                    message: "reading model \"\(escaped(entry))\": found a control, format or "
                        + "bidirectional character in the name, allowed: visible characters and "
                        + "spaces", location: "model")
            }
            guard !parts[0].contains(ModelRegistry.labelMark) else {
                throw ConfigurationError(
                    code: .outOfRange,
                    message: "reading model \"\(entry)\": found \":\" in the name, which stands "
                        + "between a name and a label, allowed: a name without it",
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

/// Reason a configuration was refused. Exit code 78 of assayd.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// Stable name of a reason.
    package struct Code: Sendable, Equatable {
        private enum Value: String {
            case unknown_key, wrong_type, out_of_range, file_unreadable, file_malformed, conflict
            case insecure_address
        }
        private let value: Value
        /// The name in snake_case.
        package var name: String { value.rawValue }

        static let unknownKey = Code(value: .unknown_key)
        static let wrongType = Code(value: .wrong_type)
        static let outOfRange = Code(value: .out_of_range)
        static let fileUnreadable = Code(value: .file_unreadable)
        static let fileMalformed = Code(value: .file_malformed)
        static let conflict = Code(value: .conflict)
        static let insecureAddress = Code(value: .insecure_address)
    }

    /// The stable reason.
    package let code: Code
    /// The reading, the finding and the allowed values, as a sentence.
    package let message: String
    /// The flag, variable or file of the value.
    package let location: String

    /// Code, message and location.
    package var description: String { "\(code.name): \(message) (\(location))" }
}
