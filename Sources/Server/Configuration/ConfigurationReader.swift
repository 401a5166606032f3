// Reads a configuration: flags over environment over file over defaults.
//
// Guarantees:
// - An unknown key in the file or on the command line is an error that names the nearest known key.
// - An unknown variable is a warning, because the environment is shared with further programs.
// - Every value is checked against its type and range, and relations between fields hold.
// - The source of every value is known.
//
// Environment and file are read through the providers of swift-configuration. Nothing but the file
// is opened.

import Compute
import Configuration
import EventLoop
import Foundation
import PlainText
import Service

/// The settings in force and their sources.
package struct EffectiveConfiguration: Sendable {
    /// Validated values.
    package let values: ServerConfiguration
    /// By field name: `flag`, an environment variable, or a file's path. Absent for a default.
    let sources: [String: String]
    /// Sentences for the log of the start.
    package let warnings: [String]

    /// The defaults on this machine.
    let defaults: ServerConfiguration

    /// The settings that differ from their defaults, as `name = value (source)`, for the log.
    package var differences: String {
        let shown = ConfigurationField.all.compactMap { field -> String? in
            let value = field.shown(in: values)
            guard value != field.shown(in: defaults) else { return nil }
            return "\(field.name) = \(value) (\(sources[field.name] ?? "default"))"
        }
        return shown.isEmpty ? "all settings are defaults" : shown.joined(separator: "; ")
    }

    /// One line per field: `name = value  (source)`, in the table's order.
    package var lines: [String] {
        ConfigurationField.all.map { field in
            "\(field.name) = \(field.shown(in: values))  (\(sources[field.name] ?? "default"))"
        }
    }
}

/// Merges the sources of a configuration.
package enum ConfigurationReader {
    /// Reads and validates.
    ///
    /// - Parameters:
    ///   - flags: field name to the texts given on the command line.
    ///   - environment: all variables. Only names that start with `ASSAY_` matter.
    ///   - file: path of a JSON (`.json`) or YAML (`.yaml`, `.yml`) file, if any.
    ///   - memory: bytes that the process may use. The defaults of totals are shares of it.
    /// - Throws: `ConfigurationError`, exit code 78.
    package static func read(
        flags: [String: [String]], environment: [String: String], file: String?,
        memory: Int? = nil
    ) throws(ConfigurationError) -> EffectiveConfiguration {
        var values = ServerConfiguration()
        values.limits = ServiceLimits(memory: memory ?? MemoryLimit.bytes)
        let defaults = values
        var sources: [String: String] = [:]
        if let file {
            let content = try ConfigurationFile(path: file)
            for key in content.keys where ConfigurationField.named(key) == nil {
                throw unknownKey(key, location: content.location(key))
            }
            for field in ConfigurationField.all where try field.read(from: content, into: &values) {
                sources[field.name] = file
            }
        }
        let variables = environment.filter { $0.key.hasPrefix("ASSAY_") }
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        for field in ConfigurationField.all
        where try field.read(from: provider.snapshot(), into: &values) {
            sources[field.name] = field.environmentName
        }
        for (name, texts) in flags.sorted(by: { $0.key < $1.key }) {
            guard let field = ConfigurationField.named(name) else {
                throw unknownKey(name, location: "flag")
            }
            try field.set(texts, in: &values, location: "--\(name)")
            sources[name] = "flag"
        }
        if sources["in-flight-max"] != nil, sources["requests-per-connection-max"] != nil {
            throw ConfigurationError(
                code: .conflict,
                message: "in-flight-max is the older name of requests-per-connection-max: give one",
                location: "configuration")
        }
        try validate(values)
        return EffectiveConfiguration(
            values: values, sources: sources,
            warnings: UnknownVariables.warning(environment).map { [$0] } ?? [],
            defaults: defaults)
    }

    private static func unknownKey(_ key: String, location: String) -> ConfigurationError {
        // A long key is nobody's typing error.
        let nearest = nearestName(
            to: String(key.prefix(60)), among: ConfigurationField.all.map(\.name))
        return ConfigurationError(
            code: .unknownKey,
            message: "reading the configuration: \(FlagValue.shown(escaped(key))) is no setting; "
                + "nearest is \"\(nearest ?? "")\"",
            location: location)
    }

    /// Checks relations that no single range can state.
    private static func validate(_ values: ServerConfiguration) throws(ConfigurationError) {
        func conflict(_ message: String) -> ConfigurationError {
            ConfigurationError(code: .conflict, message: message, location: "configuration")
        }
        let limits = values.limits
        if limits.outputLowSize >= limits.outputHighSize {
            throw conflict(
                "output-low-bytes is \(limits.outputLowSize), "
                    + "must be below output-high-bytes (\(limits.outputHighSize))")
        }
        if limits.stepTokensMax <= limits.sequencesMax {
            throw conflict(
                "step-tokens-max is \(limits.stepTokensMax), "
                    + "must be above sequences-max (\(limits.sequencesMax))")
        }
        if values.allowsMockFallback && values.environment == "production" {
            throw conflict("allow-mock-fallback cannot be combined with environment production")
        }
        if values.allowsMockFallback && values.strategy != "development" {
            throw conflict("allow-mock-fallback needs strategy development")
        }
        if values.listen.isEmpty { throw conflict("listen is empty: at least one address") }
        try validateNames(values)
        try validateAdmin(values)
        try validateReach(values)
    }

    /// Checks the admin address and the required models.
    private static func validateAdmin(_ values: ServerConfiguration) throws(ConfigurationError) {
        if let address = values.adminAddress {
            do {
                _ = try Address.parse("tcp://" + address)
            } catch {
                throw ConfigurationError(
                    code: .outOfRange,
                    message: "reading admin \"\(address)\": found \(error.found), allowed: "
                        + "HOST:PORT with a numeric host, or none", location: "admin")
            }
        }
        let names = values.requiredModels
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 128 }),
            names == ["*"] || !names.contains("*")
        else {
            throw ConfigurationError(
                code: .outOfRange,
                message: "reading required-model: found [\(names.joined(separator: ", "))], "
                    + "allowed: names of 1 to 128 bytes, or * alone", location: "required-model")
        }
    }

    /// Refuses addresses that other machines reach where no peer has to say who it is: any of
    /// `admin`, and any of `listen` without a token file.
    private static func validateReach(_ values: ServerConfiguration) throws(ConfigurationError) {
        guard !values.isInsecure else { return }
        let listen =
            values.tokenPath == nil
            ? values.listen.map { (setting: "listen", shown: $0, address: $0) } : []
        let admin = values.adminAddress.map { [("admin", $0, "tcp://" + $0)] } ?? []
        for (setting, shown, text) in listen + admin {
            guard let address = try? Address.parse(text), !address.isLocal else { continue }
            throw ConfigurationError(
                code: .insecureAddress,
                message: "reading \(setting): found \"\(escaped(shown))\", which other machines "
                    + "reach without authentication, allowed: loopback addresses"
                    + (setting == "listen" ? " and Unix sockets" : "")
                    + ", or any with "
                    + (setting == "listen" ? "--token-file or " : "")
                    + "--insecure (ASSAY_INSECURE=true, \"insecure: true\")",
                location: setting)
        }
    }

    /// Checks texts with a form of their own: models, addresses, the device.
    private static func validateNames(_ values: ServerConfiguration) throws(ConfigurationError) {
        try values.checkOverrides()
        try values.checkPreload()
        do {
            for text in values.listen { _ = try Address.parse(text) }
            _ = try DeviceRequest(values.device)
        } catch {
            throw ConfigurationError(
                code: .outOfRange, message: "\(error)", location: "configuration")
        }
    }
}
