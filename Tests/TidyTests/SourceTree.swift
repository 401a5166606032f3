// The checkout as the tidy tests see it: every hand-written source file, read once.
//
// Only hand-written files that would be committed count; build folders and generated tables, which
// say so in their first lines, are left out. Nothing is changed on disk.

import Foundation

struct SourceFile: Sendable {
    /// Path relative to the checkout, e.g. `Sources/Wire/Limits.swift`.
    let path: String
    let text: String
    let lines: [Substring]

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The target that the file belongs to, nil for a file of another package.
    var target: ManifestTarget? { Manifest.target(of: path) }

    /// The module of a file that ships, nil for tests, benchmarks and other files.
    var module: String? {
        let ships = ["Sources/", "clients/swift/Sources/AssayClient/", "models/"]
        return ships.contains(where: path.hasPrefix) ? target?.name : nil
    }

    /// Names of the types at the top level of a file.
    var types: [String] {
        let words: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        return lines.compactMap { line in
            guard let first = line.first, first != " " else { return nil }
            let parts = line.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "@") }
            guard let index = parts.firstIndex(where: words.contains), index + 1 < parts.count,
                parts[..<index].allSatisfy({ $0.first?.isLowercase == true || $0.first == "@" })
            else { return nil }
            return String(parts[index + 1])
        }
    }

    /// Names after `import`, attributes and access modifiers skipped.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ").drop { word in
                word.hasPrefix("@") || word == "public" || word == "package" || word == "internal"
            }
            guard words.first == "import", let name = words.dropFirst().first else { return nil }
            return String(name)
        }
    }
}

enum SourceTree {
    static let root: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let files: [SourceFile] = {
        ["Sources", "Tests", "Fidelity", "Benchmarks", "clients", "models"].flatMap { folder in
            read(folder)
        }
        .sorted { $0.path < $1.path }
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private static func read(_ folder: String) -> [SourceFile] {
        let base = root.appendingPathComponent(folder)
        guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return walker.compactMap { entry -> SourceFile? in
            guard let name = entry as? String, isSource(name), !isExempt(name) else { return nil }
            let url = base.appendingPathComponent(name)
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if lines.prefix(3).contains(where: { $0.contains("Generated from ") }) { return nil }
            return SourceFile(path: "\(folder)/\(name)", text: text, lines: lines)
        }
    }

    private static func isSource(_ name: String) -> Bool {
        [".swift", ".c", ".h", ".inc"].contains { name.hasSuffix($0) }
    }

    private static func isExempt(_ name: String) -> Bool {
        name.split(separator: "/").contains { part in
            part.hasPrefix(".build") || ["Generated", "build", "target"].contains(part)
        }
    }
}
