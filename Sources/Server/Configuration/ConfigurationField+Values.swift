// Moves a setting between its texts, the providers of swift-configuration and
// `ServerConfiguration`.
//
// Every refusal names the setting, the finding and the allowed values. Nothing is clamped.

import Configuration
import ModelFiles
import PlainText
import Service

extension ConfigurationField {
    /// Allowed values, for people.
    var allowed: String {
        switch storage {
        case .text(_, let words): words.isEmpty ? unit : words.joined(separator: ", ")
        case .texts: "\(unit); repeatable"
        case .flag: "true or false"
        case .right: LoadingRight.allCases.map(\.rawValue).joined(separator: ", ")
        case .integer: "\(range) \(unit)"
        case .seconds, .duration: "\(range) seconds, or a time such as 50ms, 5s, 2m"
        }
    }

    /// The kind of the value and its allowed values, for people.
    private var kind: String {
        switch storage {
        case .text(_, let words): words.isEmpty ? "a text: \(allowed)" : allowed
        case .texts: "a list of texts: \(allowed)"
        case .flag, .right: allowed
        case .integer: "a whole number, \(allowed)"
        case .seconds, .duration: "a number of seconds or a time like 5s, \(range) seconds"
        }
    }

    /// The value of the field, as `--check-config` prints it.
    func shown(in values: ServerConfiguration) -> String {
        switch storage {
        case .text(let path, _): values[keyPath: path]
        case .texts(let path): "[" + values[keyPath: path].joined(separator: ", ") + "]"
        case .flag(let path): "\(values[keyPath: path])"
        case .right(let path): values[keyPath: path].rawValue
        case .integer(let path, _): "\(values[keyPath: path])"
        case .seconds(let path, _): "\(values[keyPath: path])"
        case .duration(let path, _): "\(Double(values[keyPath: path]) / 1_000_000)"
        }
    }

    /// Sets the field from texts of the command line.
    func set(
        _ texts: [String], in values: inout ServerConfiguration, location: String
    ) throws(ConfigurationError) {
        if case .texts(let path) = storage {
            values[keyPath: path] = texts
            return
        }
        guard texts.count == 1 else {
            throw ConfigurationError(
                code: .conflict,
                message: "reading \(name): given \(texts.count) times, once allowed",
                location: location)
        }
        let content: ConfigContent? =
            switch storage {
            case .text, .right: .string(texts[0])
            case .flag: Bool(texts[0]).map { .bool($0) }
            case .integer: Int(texts[0]).map { .int($0) }
            case .seconds, .duration:
                (Self.seconds(texts[0]) ?? Double(texts[0])).map { .double($0) }
            case .texts: nil
            }
        guard let content else {
            throw wrongType(FlagValue.shown(escaped(texts[0])), location: location)
        }
        try set(content, in: &values, location: location, found: FlagValue.shown(escaped(texts[0])))
    }

    /// Sets the field when the environment has a value. Returns true when it had.
    func read(
        from snapshot: any ConfigSnapshot, into values: inout ServerConfiguration
    ) throws(ConfigurationError) -> Bool {
        let key = AbsoluteConfigKey(["assay", name])
        guard let text = text(key, in: snapshot) else { return false }
        guard let content = content(key, in: snapshot) else {
            throw wrongType(FlagValue.shown(escaped(text)), location: environmentName)
        }
        try set(
            content, in: &values, location: environmentName, found: FlagValue.shown(escaped(text)))
        return true
    }

    /// Sets the field when the file has a value. Returns true when it had.
    func read(
        from file: ConfigurationFile, into values: inout ServerConfiguration
    ) throws(ConfigurationError) -> Bool {
        guard let snapshot = file.snapshot, file.keys.contains(name) else { return false }
        let key = AbsoluteConfigKey([name])
        let entry = file.entry(name)
        let location = file.location(name)
        guard fits(entry?.json), let content = content(key, in: snapshot) else {
            let found = text(key, in: snapshot).map { FlagValue.shown(escaped($0)) }
            throw wrongType(entry?.shown ?? found ?? "a list", location: location)
        }
        try set(content, in: &values, location: location, found: entry?.shown)
        return true
    }

    private func text(_ key: AbsoluteConfigKey, in snapshot: any ConfigSnapshot) -> String? {
        guard case .string(let text)? = value(key, .string, in: snapshot) else { return nil }
        return text
    }

    private func value(
        _ key: AbsoluteConfigKey, _ type: ConfigType, in snapshot: any ConfigSnapshot
    ) -> ConfigContent? {
        guard let result = try? snapshot.value(forKey: key, type: type) else { return nil }
        return result.value?.content
    }

    /// The value of a key in the kind of the field, or nil for another kind.
    private func content(
        _ key: AbsoluteConfigKey, in snapshot: any ConfigSnapshot
    ) -> ConfigContent? {
        switch storage {
        case .text: return value(key, .string, in: snapshot)
        case .texts: return value(key, .stringArray, in: snapshot)
        case .flag: return value(key, .bool, in: snapshot)
        case .integer: return value(key, .int, in: snapshot)
        case .right:
            // A file may say true or false without quotation marks.
            return value(key, .string, in: snapshot) ?? value(key, .bool, in: snapshot)
        case .seconds, .duration:
            if let text = text(key, in: snapshot), let seconds = Self.seconds(text) {
                return .double(seconds)
            }
            return value(key, .double, in: snapshot)
        }
    }

    /// True unless the provider would read a boolean as a number, or a number as a boolean.
    private func fits(_ value: JSONValue?) -> Bool {
        guard let value else { return true }
        return switch storage {
        case .integer, .seconds, .duration: value.asBool == nil
        case .flag: value.asBool != nil
        case .text, .texts, .right: true
        }
    }

    /// Seconds of a number or a time.
    private static func seconds(_ text: String) -> Double? {
        TimeText.nanoseconds(text, bare: .seconds).map { Double($0) / 1e9 }
    }

    private func set(
        _ content: ConfigContent, in values: inout ServerConfiguration, location: String,
        found: String? = nil
    ) throws(ConfigurationError) {
        switch (storage, content) {
        case (.text(let path, let words), .string(let text)):
            guard !text.isEmpty, words.isEmpty || words.contains(text) else {
                throw outOfRange(FlagValue.shown(escaped(text)), location: location)
            }
            values[keyPath: path] = text
        case (.texts(let path), .stringArray(let texts)):
            values[keyPath: path] = texts
        case (.right(let path), .string(let text)):
            // The words of the setting before it knew users.
            let words = ["true": LoadingRight.anyone, "false": .nobody]
            guard let right = LoadingRight(rawValue: text) ?? words[text] else {
                throw outOfRange(FlagValue.shown(escaped(text)), location: location)
            }
            values[keyPath: path] = right
        case (.right(let path), .bool(let flag)):
            values[keyPath: path] = flag ? .anyone : .nobody
        case (.flag(let path), .bool(let flag)):
            values[keyPath: path] = flag
        case (.integer(let path, let range), .int(let number)):
            guard range.contains(number) else {
                throw outOfRange(found ?? FlagValue.short(Double(number)), location: location)
            }
            values[keyPath: path] = number
        case (.seconds(let path, let range), .double(let number)):
            guard range.contains(number) else {
                throw outOfRange(found ?? FlagValue.short(Double(number)), location: location)
            }
            values[keyPath: path] = number
        case (.duration(let path, let range), .double(let number)):
            guard range.contains(number) else {
                throw outOfRange(found ?? FlagValue.short(Double(number)), location: location)
            }
            values[keyPath: path] = UInt64((number * 1_000_000).rounded())
        default:
            throw wrongType("another kind", location: location)
        }
    }

    private func wrongType(_ found: String, location: String) -> ConfigurationError {
        ConfigurationError(
            code: .wrongType, message: "reading \(name): found \(found), allowed: \(kind)",
            location: location)
    }

    private func outOfRange(_ found: String, location: String) -> ConfigurationError {
        ConfigurationError(
            code: .outOfRange, message: "reading \(name): found \(found), allowed: \(allowed)",
            location: location)
    }
}
