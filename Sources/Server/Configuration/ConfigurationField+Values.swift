// Moves a setting between its texts, the providers of swift-configuration and
// `ServerConfiguration`.
//
// Every refusal names the setting, the finding and the allowed values. Nothing is clamped.

import Configuration
import Service

extension ConfigurationField {
    /// Allowed values, for people.
    var allowed: String {
        switch storage {
        case .text(_, let words): words.isEmpty ? unit : words.joined(separator: ", ")
        case .texts: "\(unit); repeatable"
        case .flag: "true or false"
        case .right: LoadingRight.allCases.map(\.rawValue).joined(separator: ", ")
        case .integer(_, let range): "\(range.lowerBound) to \(range.upperBound) \(unit)"
        case .seconds(_, let range), .duration(_, let range):
            "\(range.lowerBound) to \(range.upperBound) \(unit)"
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
            case .seconds, .duration: Double(texts[0]).map { .double($0) }
            case .texts: nil
            }
        guard let content else { throw wrongType(texts[0], location: location) }
        try set(content, in: &values, location: location)
    }

    /// Sets the field when the provider has a value. Returns true when it had.
    func read(
        from snapshot: any ConfigSnapshot, into values: inout ServerConfiguration,
        prefix: [String] = [], location: String
    ) throws(ConfigurationError) -> Bool {
        let key = AbsoluteConfigKey(prefix + [name])
        let found: ConfigContent?
        do {
            found = try snapshot.value(forKey: key, type: contentType).value?.content
        } catch  where isRight {
            // A file may say true or false without quotation marks.
            found = try? snapshot.value(forKey: key, type: .bool).value?.content
        } catch {
            throw ConfigurationError(
                code: .wrongType,
                message: "reading \(name): not \(contentType.rawValue), allowed: \(allowed)",
                location: location)
        }
        guard let found else { return false }
        try set(found, in: &values, location: location)
        return true
    }

    private var isRight: Bool { if case .right = storage { true } else { false } }

    private var contentType: ConfigType {
        switch storage {
        case .text, .right: .string
        case .texts: .stringArray
        case .flag: .bool
        case .integer: .int
        case .seconds, .duration: .double
        }
    }

    private func set(
        _ content: ConfigContent, in values: inout ServerConfiguration, location: String
    ) throws(ConfigurationError) {
        switch (storage, content) {
        case (.text(let path, let words), .string(let text)):
            guard !text.isEmpty, words.isEmpty || words.contains(text) else {
                throw outOfRange("\"\(text)\"", location: location)
            }
            values[keyPath: path] = text
        case (.texts(let path), .stringArray(let texts)):
            values[keyPath: path] = texts
        case (.right(let path), .string(let text)):
            // The words of the setting before it knew users.
            let words = ["true": LoadingRight.anyone, "false": .nobody]
            guard let right = LoadingRight(rawValue: text) ?? words[text] else {
                throw outOfRange("\"\(text)\"", location: location)
            }
            values[keyPath: path] = right
        case (.right(let path), .bool(let flag)):
            values[keyPath: path] = flag ? .anyone : .nobody
        case (.flag(let path), .bool(let flag)):
            values[keyPath: path] = flag
        case (.integer(let path, let range), .int(let number)):
            guard range.contains(number) else { throw outOfRange("\(number)", location: location) }
            values[keyPath: path] = number
        case (.seconds(let path, let range), .double(let number)):
            guard range.contains(number) else { throw outOfRange("\(number)", location: location) }
            values[keyPath: path] = number
        case (.duration(let path, let range), .double(let number)):
            guard range.contains(number) else { throw outOfRange("\(number)", location: location) }
            values[keyPath: path] = UInt64(number * 1_000_000)
        default:
            throw wrongType("\(content)", location: location)
        }
    }

    private func wrongType(_ found: String, location: String) -> ConfigurationError {
        ConfigurationError(
            code: .wrongType, message: "reading \(name): found \"\(found)\", allowed: \(allowed)",
            location: location)
    }

    private func outOfRange(_ found: String, location: String) -> ConfigurationError {
        ConfigurationError(
            code: .outOfRange, message: "reading \(name): found \(found), allowed: \(allowed)",
            location: location)
    }
}
