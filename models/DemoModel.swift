// Where the model in the box is: the one this project trained itself, served when none is named.
//
//   PREFIX/bin/assayd, PREFIX/share/assay/assay-demo.gguf      installed
//   FOLDER/assayd, FOLDER/assay_DemoModel.resources/...        as the package manager builds it
//
// Guarantees: only these two places, both beside the running program, are looked at, in this order;
// nothing is opened. A model that is in neither is an error that names both.
// Does not: use the bundle accessor of the package manager, which ends the process when a bundle is
// missing; judge the file: the assay does.

import Glibc

/// The packaged demo model. Any thread.
package enum DemoModel {
    /// What it is called on the wire unless somebody says otherwise.
    package static let name = "demo"
    /// Its file; the seal lies beside it under this name and `.seal`.
    package static let fileName = "assay-demo.gguf"

    /// The absolute path of the file, beside the program that is running.
    package static func path() throws(DemoModelError) -> String {
        try path(besideProgram: programPath())
    }

    /// The same for a program at `program`, an absolute path.
    package static func path(besideProgram program: String) throws(DemoModelError) -> String {
        let folder = parent(of: program)
        let places = [
            join(parent(of: folder), "share/assay/\(fileName)"),
            join(folder, "assay_DemoModel.resources/\(fileName)"),
        ]
        guard let found = places.first(where: isRegularFile) else {
            throw DemoModelError(places: places)
        }
        return found
    }

    /// The running program with every link followed; empty where the system does not say.
    private static func programPath() -> String {
        guard let resolved = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func join(_ folder: String, _ rest: String) -> String {
        folder.hasSuffix("/") ? folder + rest : folder + "/" + rest
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

/// The demo model is not where it belongs. The installation's fault, not a caller's.
package struct DemoModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The paths that were looked at, in order.
    package let places: [String]

    /// One sentence: tried, found, allowed.
    package var description: String {
        "finding the packaged demo model: found no file at \(places.joined(separator: " or "))"
    }
}
