// Sorts the keys of a GGUF file.

import ModelFiles

extension KeyCheck {
    /// Sorts every key of `metadata`.
    mutating func sort(
        _ metadata: Metadata, _ description: ArchitectureDescription
    ) throws(InferenceError) {
        let namespace = description.name + "."
        for key in metadata.keys {
            guard let stored = metadata[key] else { continue }
            let value = KeyValue(stored)
            if key.hasPrefix(namespace) {
                let name = String(key.dropFirst(namespace.count))
                if let rule = MetadataKeyTable.rule(name, of: description) {
                    try sort(key, value, rule)
                } else {
                    try refuseUnknown(key, value)
                }
            } else if let rule = MetadataKeyTable.rule(key) {
                try sort(key, value, rule)
            } else if MetadataKeyTable.carriesMeaning(key) {
                try refuseUnknown(key, value)
            } else {
                listUnknown(key)
            }
        }
    }
}
