// The targets of Package.swift, read from its text: names, folders and declared dependencies.
//
// Guarantees: a target that the text declares in another form than today's is a failed test, not a
// target less (`HouseTests` looks for every module's folder).
// Does not: evaluate Swift. The package manager would, but cannot run beside its own tests.

import Foundation
import Testing

struct ManifestTarget: Sendable {
    let name: String
    /// Folder relative to the checkout, without a slash at the end.
    let folder: String
    /// Modules of this package, and products of others.
    let dependencies: Set<String>
    let isTest: Bool
    /// An executable. Tests declare programs that they run.
    let isProgram: Bool
}

enum Manifest {
    static let targets: [ManifestTarget] = {
        guard let text = try? SourceTree.text("Package.swift") else { return [] }
        let declaration = /\.(systemLibrary|target|executableTarget|testTarget)\(\s*name: "([^"]+)"/
        let starts = text.matches(of: declaration)
        return starts.enumerated().map { index, start in
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
            let body = text[start.range.upperBound..<end]
            let isTest = start.output.1 == "testTarget"
            let name = String(start.output.2)
            let folder = body.firstMatch(of: /path: "([^"]+)"/).map { String($0.output.1) }
            return ManifestTarget(
                name: name, folder: folder ?? (isTest ? "Tests/" : "Sources/") + name,
                dependencies: dependencies(body), isTest: isTest,
                isProgram: start.output.1 == "executableTarget")
        }
    }()

    /// The target that a file belongs to.
    static func target(of path: String) -> ManifestTarget? {
        targets.filter { path.hasPrefix($0.folder + "/") }.max { $0.folder.count < $1.folder.count }
    }

    private static func dependencies(_ body: Substring) -> Set<String> {
        guard let list = body.firstRange(of: "dependencies: [") else { return [] }
        var depth = 1
        let inside = body[list.upperBound...].prefix { character in
            depth += character == "[" ? 1 : character == "]" ? -1 : 0
            return depth > 0
        }
        let names = inside.replacing(/, package: "[^"]+"/, with: "").matches(of: /"([^"]+)"/)
        return Set(names.map { String($0.output.1) })
    }
}
