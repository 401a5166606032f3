// The tables of families and keys as text for docs/formats.md. A test compares the two.

/// Writes Markdown from the tables that decide.
package enum KeyDocumentation {
    /// The families of GGUF files with their classes of transformers, and the keys of each list.
    package static var markdown: String {
        (families + [""] + ownKeys + [""] + configurationKeys).joined(separator: "\n")
    }

    private static var families: [String] {
        let rows = ArchitectureDescription.all.keys.sorted().map { name in
            let classes = Set(
                CheckpointFamily.all.filter { $0.description.name == name }.map(\.className))
            return "| `\(name)` | \(list(classes)) |"
        }
        return ["| architecture in GGUF | class in config.json |", "|---|---|"] + rows
    }

    private static var ownKeys: [String] {
        let applied = HyperParameter.shared.map(\.name)
        let checked = MetadataKeyTable.everyFamily.keys
        return [
            "Keys `<architecture>.NAME` that are applied: \(list(applied)).", "",
            "Keys that must hold the value that changes nothing: \(list(Set(checked))).",
        ]
    }

    private static var configurationKeys: [String] {
        [
            "Keys of config.json that must hold the value that changes nothing: "
                + "\(list(Set(CheckpointKeyTable.meaning.keys))). So must keys in no list whose "
                + "name contains one of \(list(CheckpointKeyTable.words))."
        ]
    }

    private static func list(_ names: some Sequence<String>) -> String {
        let sorted = names.sorted()
        return sorted.isEmpty ? "none" : sorted.map { "`\($0)`" }.joined(separator: ", ")
    }
}
