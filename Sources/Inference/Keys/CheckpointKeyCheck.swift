// Sorts the keys of config.json and of the texts beside it.

import ModelFiles

extension KeyCheck {
    /// Sorts every key of config.json.
    mutating func sort(
        configuration root: JSONValue, _ family: CheckpointFamily
    ) throws(InferenceError) {
        for (bytes, stored) in root.members {
            let key = String(decoding: bytes, as: UTF8.self)
            if key == "auto_map" {
                try sortRemoteCode(key, stored, family)
            } else if let rule = CheckpointKeyTable.rule(key, of: family) {
                try sort(key, KeyValue(stored), rule)
            } else {
                listUnknown(key)
            }
        }
    }

    /// Sorts every key of another object, whose keys are in `rules`.
    ///
    /// - Parameters:
    ///   - file: name of the file, put before the keys in the report.
    ///   - isClosed: true to refuse keys without a rule.
    mutating func sort(
        _ file: String, _ root: JSONValue, _ rules: [String: KeyRule], isClosed: Bool = false
    ) throws(InferenceError) {
        for (bytes, stored) in root.members {
            let key = String(decoding: bytes, as: UTF8.self)
            let shown = file + key
            if let rule = rules[key] {
                try sort(shown, KeyValue(stored), rule)
            } else if isClosed {
                try refuseUnknown(shown, KeyValue(stored))
            } else {
                listUnknown(shown)
            }
        }
    }

    /// Sorts `auto_map`. The code that it names comes with the model and may compute anything, so
    /// only names that published models of the class give to the class itself are let through.
    private mutating func sortRemoteCode(
        _ key: String, _ stored: JSONValue, _ family: CheckpointFamily
    ) throws(InferenceError) {
        let stranger = stored.members.lazy.compactMap { _, value -> KeyValue? in
            guard let text = value.asString else { return KeyValue(value) }
            // The name of a repository may stand before the module: `owner/name--module.Class`.
            let name = text.split(separator: "--").last.map(String.init) ?? text
            return family.remoteCode.contains(name) ? nil : .word(text)
        }.first { _ in true }
        let isKnown = stored.isObject && stranger == nil
        let value = stored.isObject ? stranger ?? .null : KeyValue(stored)
        try sort(key, isKnown ? .null : value, .only(.nothing))
    }
}
