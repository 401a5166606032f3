// A folder that a test may fill and that goes when the test ends.
//
// Guarantees: the folder is new and private to this object; it is removed with its contents when
// the object is released, so keep the object alive as long as its paths are used.
// Does not: throw away quietly what it cannot create; that ends the test with the reason.

import Foundation

/// A private folder, removed with the object.
package final class TemporaryDirectory: Sendable {
    /// Absolute path, without a slash at the end.
    package let path: String

    /// Creates the folder under the system's temporary folder.
    package init() throws {
        let base = FileManager.default.temporaryDirectory.path
        path = base + "/assay-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` in the folder; nothing is created.
    package func path(_ name: String) -> String { path + "/" + name }

    /// Writes a file, in place of one of that name, and returns its path. Folders in the name are
    /// created.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, as name: String) throws -> String {
        let target = path(name)
        // ext4 flushes a file that is cut and written again; a new one stays in memory.
        unlink(target)
        if let slash = name.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: self.path(String(name[..<slash])), withIntermediateDirectories: true)
        }
        try Data(Array(bytes)).write(to: URL(fileURLWithPath: target))
        return target
    }
}
