// The text of a token file, as JSON:
//
//   {"tokens": [
//     {"name": "web", "sha256": "…", "scopes": ["infer"], "tenant": "shop", "priority_max": 5,
//      "share": 2}
//   ]}
//
// Guarantees: name, sha256 and scopes are there, every key is known, every name and every hash
// comes once, and the tokens of a tenant agree on its share. A refusal names the line, the key and,
// for an unknown key, the nearest. Nothing of an unreadable text is shown, because the text may be
// a token itself.

import ModelFiles
import PlainText

extension TokenFile {
    /// Parses the content of the file at `path`.
    package static func parse(
        _ bytes: [UInt8], path: String
    ) throws(TokenFileError) -> TokenTable {
        if bytes.drop(while: { $0 <= 0x20 }).starts(with: AccessToken.prefix.utf8) {
            throw refusal(
                "a token itself",
                "the table of hashed tokens that assayd reads, as assay token "
                    + "new --file writes it. The file with the token itself is for clients", path)
        }
        var limits = JSONLimits()
        limits.sizeMax = sizeMax
        limits.depthMax = 8
        limits.valueCountMax = 64 * countMax
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes, limits: limits)
        } catch {
            let place = "\(path):\(line(of: error.offset, in: bytes))"
            let found = error.code == .keyDuplicate ? "a key twice in an object" : "no valid JSON"
            throw refusal(found, "{\"tokens\": […]}", place)
        }
        return try TokenFileReading(bytes: bytes, path: path).table(document.root)
    }

    static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
    }

    /// Checks a name of a token or a tenant. Returns nil for a good one, else what was found.
    package static func fault(ofName name: String) -> String? {
        if name.isEmpty { return "no characters" }
        if name.utf8.count > nameSizeMax { return "\(name.utf8.count) bytes" }
        if name.hasPrefix(AccessToken.prefix) { return "a token itself" }
        return isPlain(name) ? nil : "a control, format or bidirectional character"
    }

    /// What a name may be.
    package static let allowedName = "1 to \(nameSizeMax) bytes of visible characters and spaces"
}

/// The values of a checked document.
private struct TokenFileReading {
    private static let keys = ["name", "sha256", "scopes", "tenant", "priority_max", "share"]

    let bytes: [UInt8]
    let path: String

    private func place(_ value: JSONValue) -> String {
        "\(path):\(TokenFile.line(of: value.byteOffset, in: bytes))"
    }

    private func refusal(
        _ key: String, _ found: String, _ allowed: String, _ value: JSONValue
    ) -> TokenFileError {
        TokenFileError(
            "reading \(key) of the token file: found \(found), allowed: \(allowed)", place(value))
    }

    /// A foreign word, unless it may be a token.
    private func shown(_ word: String) -> String {
        word.hasPrefix(AccessToken.prefix) ? "a token itself" : FlagValue.shown(escaped(word))
    }

    private func nearest(to word: String, among names: [String]) -> String {
        nearestName(to: String(word.prefix(60)), among: names) ?? ""
    }

    /// Refuses a key that is none of `names`.
    private func check(
        _ value: JSONValue, _ prefix: String, _ names: [String]
    ) throws(TokenFileError) {
        for (bytes, member) in value.members {
            let key = String(decoding: bytes, as: UTF8.self)
            guard !names.contains(key) else { continue }
            throw TokenFileError(
                "reading the token file: \(prefix)\(shown(key)) is no key; nearest is "
                    + "\"\(nearest(to: key, among: names))\"", place(member))
        }
    }

    func table(_ root: JSONValue) throws(TokenFileError) -> TokenTable {
        guard root.isObject else {
            throw TokenFile.refusal(root.typeName, "{\"tokens\": […]}", place(root))
        }
        try check(root, "", ["tokens"])
        guard let list = root["tokens"] else {
            throw TokenFile.refusal("no key \"tokens\"", "{\"tokens\": […]}", place(root))
        }
        guard list.isArray else { throw refusal("tokens", list.typeName, "a list", list) }
        guard list.count <= TokenFile.countMax else {
            throw refusal("tokens", "\(list.count) tokens", "up to \(TokenFile.countMax)", list)
        }
        var entries: [TokenEntry] = []
        var names: Set<String> = []
        var hashes: Set<[UInt8]> = []
        var shares: [String: Double] = [:]
        for (index, value) in list.elements.enumerated() {
            let entry = try entry(value, "tokens[\(index)]")
            guard names.insert(entry.name).inserted else {
                throw refusal(
                    "tokens[\(index)].name", "\"\(escaped(entry.name))\" a second time",
                    "each name once", value)
            }
            guard hashes.insert(entry.hash).inserted else {
                throw refusal(
                    "tokens[\(index)].sha256", "a hash a second time", "each token once", value)
            }
            let share = shares[entry.tenantName] ?? entry.share
            guard share == entry.share else {
                throw refusal(
                    "tokens[\(index)].share", FlagValue.short(entry.share),
                    "\(FlagValue.short(share)), the share of tenant "
                        + "\"\(escaped(entry.tenantName))\" in an entry before", value)
            }
            shares[entry.tenantName] = share
            entries.append(entry)
        }
        return TokenTable(entries)
    }

    private func entry(
        _ value: JSONValue, _ name: String
    ) throws(TokenFileError) -> TokenEntry {
        guard value.isObject else {
            throw refusal(
                name, value.typeName, "an object with name, sha256 and scopes", value)
        }
        try check(value, name + ".", Self.keys)
        let tokenName = try text(value, "name", name)
        guard let hash = try optionalText(value, "sha256", name, hashWords) else {
            throw missing("sha256", name, value)
        }
        let priority = try number(value, "priority_max", name, 0...Double(TokenFile.priorityMax))
        if let priority, priority != priority.rounded() {
            throw refusal("\(name).priority_max", "\(priority)", "a whole number", value)
        }
        return TokenEntry(
            name: tokenName, hash: hash, scopes: try scopes(value, name),
            tenant: try optionalText(value, "tenant", name, nameWords),
            priorityMax: priority.map { UInt64($0) } ?? TokenFile.priorityMax,
            share: try number(value, "share", name, TokenFile.shares) ?? 1)
    }

    private func missing(_ key: String, _ name: String, _ value: JSONValue) -> TokenFileError {
        refusal(name, "no \"\(key)\"", "an object with name, sha256 and scopes", value)
    }

    private func text(
        _ value: JSONValue, _ key: String, _ name: String
    ) throws(TokenFileError) -> String {
        guard let text = try optionalText(value, key, name, nameWords) else {
            throw missing(key, name, value)
        }
        return text
    }

    /// Judgement of a text: the value, or what was found and what is allowed.
    private typealias Judge<Value> = (String) -> (value: Value?, found: String, allowed: String)

    private func optionalText<Value>(
        _ value: JSONValue, _ key: String, _ name: String, _ judge: Judge<Value>
    ) throws(TokenFileError) -> Value? {
        guard let member = value[key] else { return nil }
        let text = member.asString
        let verdict = judge(text ?? "")
        guard text != nil else {
            throw refusal("\(name).\(key)", member.typeName, verdict.allowed, member)
        }
        guard let result = verdict.value else {
            throw refusal("\(name).\(key)", verdict.found, verdict.allowed, member)
        }
        return result
    }

    private func nameWords(_ text: String) -> (value: String?, found: String, allowed: String) {
        let fault = TokenFile.fault(ofName: text)
        return (fault == nil ? text : nil, fault ?? "", TokenFile.allowedName)
    }

    /// A text that is no hash is not shown: somebody may have written the token.
    private func hashWords(_ text: String) -> (value: [UInt8]?, found: String, allowed: String) {
        let bytes = hexBytes(text).flatMap { $0.count == AccessToken.hashSize ? $0 : nil }
        let found =
            text.hasPrefix(AccessToken.prefix)
            ? "a token itself" : "a text of \(text.utf8.count) bytes"
        return (bytes, found, "the SHA-256 of a token, 64 hexadecimal digits")
    }

    private func scopes(
        _ value: JSONValue, _ name: String
    ) throws(TokenFileError) -> Set<TokenScope> {
        guard let list = value["scopes"] else { throw missing("scopes", name, value) }
        let words = TokenScope.allCases.map(\.rawValue)
        let allowed = "a list of one or more of " + words.joined(separator: ", ")
        guard list.isArray, list.count > 0 else {
            throw refusal(
                "\(name).scopes", list.isArray ? "an empty list" : list.typeName, allowed, list)
        }
        guard list.count <= words.count else {
            throw refusal("\(name).scopes", "\(list.count) scopes", allowed, list)
        }
        var scopes: Set<TokenScope> = []
        for (index, element) in list.elements.enumerated() {
            guard let word = element.asString, let scope = TokenScope(rawValue: word) else {
                let near = element.asString.map {
                    "; nearest is \"\(nearest(to: $0, among: words))\""
                }
                throw refusal(
                    "\(name).scopes[\(index)]", element.asString.map(shown) ?? element.typeName,
                    words.joined(separator: ", ") + (near ?? ""), element)
            }
            scopes.insert(scope)
        }
        return scopes
    }

    private func number(
        _ value: JSONValue, _ key: String, _ name: String, _ range: ClosedRange<Double>
    ) throws(TokenFileError) -> Double? {
        guard let member = value[key] else { return nil }
        let allowed =
            "\(FlagValue.short(range.lowerBound)) to \(FlagValue.short(range.upperBound))"
        guard let number = member.asDouble, range.contains(number) else {
            throw refusal(
                "\(name).\(key)", member.numberText ?? member.typeName, allowed, member)
        }
        return number
    }
}
