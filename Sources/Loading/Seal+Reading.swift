// Parses the bytes of a seal file. A refusal names the key.
//
// Guarantees: each key appears once, unknown keys are refused, and each value has its type and
// range. A hostile text costs no more than its 64 KiB.
// Does not: know the model. SealCheck checks that tokens are in the vocabulary.

import ModelFiles

extension Seal {
    /// Reads the text of the seal at `path`. Throws `seal_invalid` of the file layer.
    package init(_ bytes: [UInt8], path: String) throws(AssayRejection) {
        let reader = SealReader(path: path)
        var limits = JSONLimits()
        limits.sizeMax = SealLimits.sizeMax
        limits.depthMax = 4
        limits.valueCountMax = 1024
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(bytes, limits: limits).root
        } catch {
            throw reader.invalid(
                nil, found: "\(error.found) at byte \(error.offset)", allowed: error.allowed)
        }
        self = try reader.seal(root)
    }
}

private struct SealReader {
    /// The keys of a seal. All keys except `prompt` are required.
    enum Key: String, CaseIterable {
        case version, fingerprint, prompt, tokens, top, tolerance
        case createdBy = "created_by"
    }

    let path: String

    func seal(_ root: JSONValue) throws(AssayRejection) -> Seal {
        guard root.isObject else {
            throw invalid(nil, found: root.typeName, allowed: "an object")
        }
        for (key, _) in root.members where Key(rawValue: text(key)) == nil {
            throw invalid(
                nil, found: "the key \"\(printable(key))\"",
                allowed: Key.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try checkVersion(required(.version, in: root))
        return Seal(
            fingerprint: try fingerprint(required(.fingerprint, in: root)),
            prompt: try prompt(root[Key.prompt.rawValue]),
            tokens: try tokens(required(.tokens, in: root)),
            top: try top(required(.top, in: root)),
            tolerance: try tolerance(required(.tolerance, in: root)),
            createdBy: try createdBy(required(.createdBy, in: root)))
    }

    private func required(
        _ key: Key, in root: JSONValue
    ) throws(AssayRejection) -> JSONValue {
        guard let value = root[key.rawValue] else {
            throw invalid(key, found: "no such key", allowed: "a seal with all its keys")
        }
        return value
    }

    private func checkVersion(_ value: JSONValue) throws(AssayRejection) {
        guard value.asInteger == SealLimits.version else {
            throw invalid(.version, value, allowed: "\(SealLimits.version)")
        }
    }

    private func fingerprint(_ value: JSONValue) throws(AssayRejection) -> Fingerprint {
        guard let text = value.asString, let fingerprint = Fingerprint(hex: text) else {
            throw invalid(.fingerprint, value, allowed: "64 hexadecimal digits")
        }
        return fingerprint
    }

    private func prompt(_ value: JSONValue?) throws(AssayRejection) -> String? {
        guard let value else { return nil }
        guard let text = value.asString, !text.isEmpty else {
            throw invalid(.prompt, value, allowed: "a text that is not empty, or no such key")
        }
        return text
    }

    private func tokens(_ value: JSONValue) throws(AssayRejection) -> [Int32] {
        guard value.isArray, (1...SealLimits.tokensMax).contains(value.count) else {
            throw invalid(.tokens, value, allowed: "1 to \(SealLimits.tokensMax) token ids")
        }
        var tokens: [Int32] = []
        for element in value.elements { tokens.append(try token(element, of: .tokens)) }
        return tokens
    }

    private func top(_ value: JSONValue) throws(AssayRejection) -> [Seal.TopLogit] {
        let allowed = "1 to \(SealLimits.topMax) objects of token and logit, best first"
        guard value.isArray, (1...SealLimits.topMax).contains(value.count) else {
            throw invalid(.top, value, allowed: allowed)
        }
        var top: [Seal.TopLogit] = []
        var seen: Set<Int32> = []
        for element in value.elements {
            guard element.isObject, element.count == 2, let token = element["token"],
                let logit = element["logit"]
            else { throw invalid(.top, element, allowed: allowed) }
            guard let number = logit.asFloat else {
                throw invalid(.top, logit, allowed: "a finite 32-bit number as logit")
            }
            let entry = Seal.TopLogit(token: try self.token(token, of: .top), logit: number)
            guard seen.insert(entry.token).inserted else {
                throw invalid(
                    .top, found: "token \(entry.token) twice", allowed: "each token once")
            }
            if let last = top.last, last.logit < entry.logit {
                throw invalid(
                    .top, found: "\(entry.logit) behind \(last.logit)",
                    allowed: "logits in falling order")
            }
            top.append(entry)
        }
        return top
    }

    private func token(_ value: JSONValue, of key: Key) throws(AssayRejection) -> Int32 {
        guard let number = value.asInteger, let token = Int32(exactly: number), token >= 0 else {
            throw invalid(key, value, allowed: "token ids from 0 to \(Int32.max)")
        }
        return token
    }

    private func tolerance(_ value: JSONValue) throws(AssayRejection) -> Double {
        guard let number = value.asDouble, (0...SealLimits.toleranceMax).contains(number) else {
            throw invalid(.tolerance, value, allowed: "0 to \(SealLimits.toleranceMax)")
        }
        return number
    }

    private func createdBy(_ value: JSONValue) throws(AssayRejection) -> String {
        guard let text = value.asString, text.utf8.count <= SealLimits.createdBySizeMax else {
            throw invalid(
                .createdBy, value,
                allowed: "a text of at most \(SealLimits.createdBySizeMax) bytes")
        }
        return text
    }

    // MARK: Refusals

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private func invalid(_ key: Key, _ value: JSONValue, allowed: String) -> AssayRejection {
        let found: String
        if value.isArray || value.isObject {
            found = "\(value.typeName) with \(value.count) entries"
        } else if let number = value.asDouble {
            found = "\(number)"
        } else if let text = value.asString {
            found = "\"\(printable(text, countMax: 80))\""
        } else {
            found = value.typeName
        }
        return invalid(key, found: found, allowed: allowed)
    }

    func invalid(_ key: Key?, found: String, allowed: String) -> AssayRejection {
        AssayRejection(
            .file, .sealInvalid, tried: "reading the seal", found: found, allowed: allowed,
            location: ModelFileError.Location(path: path, key: key?.rawValue).description)
    }
}
