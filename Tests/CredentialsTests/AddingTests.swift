// What `assay token new --file` does to a token file.

import Credentials
import Foundation
import TestSupport
import Testing

@Suite struct AddingTests {
    private func entry(_ name: String) -> TokenEntry {
        TokenEntry(name: name, hash: AccessToken.hash(name), scopes: [.infer])
    }

    @Test func aFileIsMadeAndGrows() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("t.json")
        try TokenFile.add(entry("a"), to: path)
        try TokenFile.add(entry("b"), to: path)
        #expect(try TokenFile.read(path).table.entries == [entry("a"), entry("b")])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["t.json"])
    }

    @Test func aRefusedEntryLeavesTheFileAsItWas() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("t.json")
        try TokenFile.add(entry("a"), to: path)
        let before = TokenFile.identity(of: path)
        #expect(throws: TokenFileError.self) { try TokenFile.add(entry("a"), to: path) }
        #expect(TokenFile.identity(of: path) == before)
        try folder.write("{".utf8, as: "broken.json")
        #expect(throws: TokenFileError.self) {
            try TokenFile.add(entry("a"), to: folder.path("broken.json"))
        }
        #expect(throws: TokenFileError.self) {
            try TokenFile.add(entry("a"), to: folder.path("none/t.json"))
        }
    }

    @Test func permissionsAndLinksStay() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("t.json")
        try TokenFile.add(entry("a"), to: path)
        chmod(path, 0o600)
        let link = folder.path("link.json")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        try TokenFile.add(entry("b"), to: link)
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try TokenFile.read(path).table.entries.count == 2)
    }

    @Test func writersAtOnceLoseNothing() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("t.json")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask { try TokenFile.add(entry("n\(index)"), to: path) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try TokenFile.read(path).table.entries.map(\.name)).count == 20)
    }
}
