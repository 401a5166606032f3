// What lies in the fixtures and is read by no check: said, and counted as a miss.
//
// Does not: look into files; it compares names.

import Foundation

enum KnownFixtures {
    /// Folders, and how the names of fixtures in them end; SafeTensors models are folders.
    private static let places = [
        ("models", ".gguf"), ("stories", ".gguf"), ("quant", ".gguf"), ("tokenizers", ".gguf"),
        ("tokenizers", ".strings.json"), ("safetensors", ""),
    ]

    /// One row that misses for every fixture without a check.
    static func unknown(root: String) -> [FidelityRow] {
        let models = ModelSubject.all.map(\.path)
        let vocabularies = VocabularySubject.all.flatMap(\.paths)
        let known = Set(models + vocabularies + ["tokenizers/tiny.strings.json"])
        return places.flatMap { folder, suffix -> [FidelityRow] in
            let names =
                (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
            return names.sorted().filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }
                .filter { !known.contains($0) }
                .map { FidelityRow($0, "", failure: "no check reads this fixture") }
        }
    }
}

extension VocabularySubject {
    /// The fixtures it reads.
    fileprivate var paths: [String] {
        let source =
            switch source {
            case .metadata(let path), .folder(let path): path
            }
        return cases.reduce(into: [source]) { paths, cases in
            if case .strings(let name) = cases { paths.append("tokenizers/\(name).strings.json") }
        }
    }
}
