// The folders below which peers may name models.
//
// Guarantees: links are followed before paths are compared, so that no link leads out of a root.
// Does not: open anything. A peer that may write below a root can put a link there later.

import Glibc

/// See the head of the file. A value.
struct ModelRoots {
    /// Paths of folders. None allows every path.
    let paths: [String]

    /// True when `path` lies below a root. Reads links and may block, so only loaders ask.
    func allow(_ path: String) -> Bool {
        guard !paths.isEmpty else { return true }
        guard path.hasPrefix("/"), !path.utf8.contains(0) else { return false }
        let place = Self.resolved(path)
        return paths.contains { root in
            let root = Self.resolved(root)
            return place == root || place.hasPrefix(root == "/" ? root : root + "/")
        }
    }

    /// The path without links and dots. Where a part does not exist, the parts before are resolved.
    private static func resolved(_ path: String) -> String {
        if let found = realpath(path, nil) {
            defer { free(found) }
            return String(cString: found)
        }
        var parts = path.split(separator: "/")
        // A part that does not exist leads nowhere, so ".." behind it is no way back.
        guard let last = parts.popLast(), last != ".." else { return "/dev/null/" }
        let parent = resolved("/" + parts.joined(separator: "/"))
        return last == "." ? parent : (parent == "/" ? "" : parent) + "/" + last
    }
}
