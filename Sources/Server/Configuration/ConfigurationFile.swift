// A file of settings: opened, its form judged, and each key with its line.
//
// The values come from the providers of swift-configuration. They know no lines, so the lines come
// from the JSON reader of ModelFiles and from `YAMLKeys`.
// Guarantees: a file of bounded size. An empty file, or one of comments alone, has no settings. A
// key that comes twice is refused with both lines. A line is told only where it is certain.

import Configuration
import Foundation
import Glibc
import ModelFiles
import PlainText
import Synchronization

/// See the head of the file.
struct ConfigurationFile {
    /// A key of the outermost level.
    struct Entry {
        let name: String
        let line: Int
        /// The value as a person sees it in the file.
        let shown: String
        /// The value of a JSON file.
        var json: JSONValue?
    }

    /// Largest file, in bytes.
    private static let sizeMax = 1 << 20

    let path: String
    private(set) var entries: [Entry] = []
    private(set) var snapshot: (any ConfigSnapshot)?
    /// Keys in the words of the providers, where a point separates levels.
    private(set) var keys: [String] = []

    /// Reads the file.
    init(path: String) throws(ConfigurationError) {
        self.path = path
        let ending = path.split(separator: "/").last?.split(separator: ".").dropFirst().last ?? ""
        let isJSON = ending.lowercased() == "json"
        guard isJSON || ["yaml", "yml"].contains(ending.lowercased()) else {
            throw ConfigurationError(
                code: .fileMalformed,
                message: "reading the configuration file: found "
                    + (ending.isEmpty ? "no ending" : "the ending \".\(escaped(String(ending)))\"")
                    + ", allowed: .json, .yaml and .yml", location: path)
        }
        let bytes = try Self.contents(path)
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() where String(validating: line, as: UTF8.self) == nil {
            throw malformed("bytes that are not UTF-8", "UTF-8", line: index + 1)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if isJSON { try readJSON(bytes, text) } else { try readYAML(bytes, text) }
    }

    /// The file, with the line of a key where it is known.
    func location(_ key: String) -> String {
        let entry = entries.first { key == $0.name || key.hasPrefix($0.name + ".") }
        return entry.map { "\(path):\($0.line)" } ?? path
    }

    func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    // MARK: Bytes

    private static func contents(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: sizeMax + 1) ?? Data()
        } catch {
            // A folder opens, and only its bytes cannot be read.
            let reason =
                access(path, R_OK) == 0 ? "it is no file" : String(cString: strerror(errno))
            throw ConfigurationError(
                code: .fileUnreadable,
                message: "reading the configuration file: cannot be read: \(reason)",
                location: path)
        }
        guard data.count <= sizeMax else {
            throw ConfigurationError(
                code: .fileUnreadable,
                message: "reading the configuration file: found more than \(sizeMax) bytes, "
                    + "allowed: up to \(sizeMax)", location: path)
        }
        return Array(data)
    }

    private func malformed(
        _ found: String, _ allowed: String, line: Int?
    ) -> ConfigurationError {
        ConfigurationError(
            code: .fileMalformed,
            message: "reading the configuration file: found \(found), allowed: \(allowed)",
            location: line.map { "\(path):\($0)" } ?? path)
    }

    private func duplicate(_ name: String, _ first: Int, _ second: Int) -> ConfigurationError {
        malformed(
            "\"\(escaped(name))\" twice, in line \(first) and in line \(second)", "each key once",
            line: second)
    }

    // MARK: JSON

    private mutating func readJSON(_ bytes: [UInt8], _ text: String) throws(ConfigurationError) {
        guard !text.allSatisfy(\.isWhitespace) else { return }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            let line = Self.line(of: error.offset, in: bytes)
            guard error.code == .keyDuplicate else {
                throw malformed(error.found, error.allowed, line: line)
            }
            let rest = bytes[error.offset...].prefix { $0 != UInt8(ascii: "\"") }
            let first = bytes[..<error.offset].firstRange(of: Array(rest))?.lowerBound ?? 0
            throw duplicate(
                String(decoding: rest, as: UTF8.self), Self.line(of: first, in: bytes), line)
        }
        guard document.root.isObject else {
            throw malformed(
                document.root.typeName, "an object of settings, such as {\"threads\": 4}", line: 1)
        }
        for (key, value) in document.root.members {
            entries.append(
                Entry(
                    name: String(decoding: key, as: UTF8.self),
                    line: Self.line(of: value.byteOffset, in: bytes), shown: Self.shown(value),
                    json: value))
        }
        // The provider knows neither null nor lists of several kinds.
        if let odd = entries.first(where: { Self.isOdd($0.json) }) {
            throw ConfigurationError(
                code: .wrongType,
                message: "reading \(escaped(odd.name)): found \(odd.shown), allowed: a text, a "
                    + "number, true or false, or a list of texts", location: location(odd.name))
        }
        try take { [path] specifier throws in
            try JSONSnapshot(
                data: bytes.span.bytes, providerName: path,
                parsingOptions: .init(secretsSpecifier: .dynamic { key, _ in specifier(key) }))
        }
    }

    /// True for a value that no setting has.
    private static func isOdd(_ value: JSONValue?) -> Bool {
        guard let value else { return false }
        return value.isNull || value.isObject
            || value.elements.contains { $0.asString == nil }
    }

    private static func shown(_ value: JSONValue) -> String {
        if let text = value.asString { return FlagValue.shown(escaped(text)) }
        if let flag = value.asBool { return "\(flag)" }
        return value.numberText ?? (value.isArray ? "a list" : value.typeName)
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
    }

    // MARK: YAML

    private mutating func readYAML(_ bytes: [UInt8], _ text: String) throws(ConfigurationError) {
        guard !YAMLKeys.isEmpty(text) else { return }
        let found = YAMLKeys.entries(text) ?? []
        for (index, entry) in found.enumerated() {
            if let first = found[..<index].first(where: { $0.name == entry.name }) {
                throw duplicate(entry.name, first.line, entry.line)
            }
        }
        try take { [path] specifier throws in
            try YAMLSnapshot(
                data: bytes.span.bytes, providerName: path,
                parsingOptions: .init(secretsSpecifier: .dynamic { key, _ in specifier(key) }))
        }
        // Lines are certain when both readings of the file found the same keys.
        let isCertain = keys.allSatisfy { key in
            found.contains { key == $0.name || key.hasPrefix($0.name + ".") }
        }
        if isCertain { entries = found }
    }

    /// Takes the values of a provider, and the keys that it shows to its secrets specifier.
    private mutating func take(
        _ make: (_ specifier: @escaping @Sendable (String) -> Bool) throws -> any ConfigSnapshot
    ) throws(ConfigurationError) {
        let seen = SeenKeys()
        do {
            snapshot = try make { seen.insert($0) }
        } catch {
            throw refusal("\(error)")
        }
        keys = seen.all
    }

    /// The refusal of a parser, whose words may begin with `LINE:COLUMN: error: KIND:` and end
    /// with the lines in question.
    private func refusal(_ words: String) -> ConfigurationError {
        var sentence: [Substring] = []
        for line in words.split(separator: "\n") {
            sentence.append(line)
            if line.hasSuffix(":") { break }
        }
        let whole = sentence.joined(separator: ", ").drop { $0 == " " }
        let line = Int(whole.prefix { $0.isNumber })
        let parts = whole.split(separator: ": ", maxSplits: 3)
        let reason = line != nil && parts.count == 4 ? parts[3] : whole
        let clean = reason.last == ":" || reason.last == "." ? reason.dropLast() : reason
        return malformed(
            "no settings in YAML (\(escaped(String(clean.prefix(300)))))",
            "lines such as \"threads: 4\"", line: line)
    }
}

/// Lists the keys of a file. The parsers of swift-configuration show every key to their secrets
/// specifier, which has no further use here.
private final class SeenKeys: Sendable {
    private let keys = Mutex<Set<String>>([])
    var all: [String] { keys.withLock { $0.sorted() } }

    /// Remembers `key`. Returns false: the key is no secret.
    func insert(_ key: String) -> Bool {
        keys.withLock { _ = $0.insert(key) }
        return false
    }
}
