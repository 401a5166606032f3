// Where the reference models and goldens are.
//
// They lie beside the checkout and are not part of it, so a test that needs them is enabled by
// `Fixtures.directory != nil` (or `.exists("…")`) and the absence is printed once per process.
// Does not: download or create anything.

import Foundation

/// The folder of reference models and goldens.
package enum Fixtures {
    /// `ASSAY_FIXTURES` if set, else `../shared/fixtures` beside the checkout; nil if not there.
    package static let directory: String? = {
        let candidate =
            ProcessInfo.processInfo.environment["ASSAY_FIXTURES"]
            ?? checkout.deletingLastPathComponent().appendingPathComponent("shared/fixtures").path
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
            isDirectory.boolValue
        {
            return candidate
        }
        print("fixtures not found at \(candidate): the tests that need them are skipped")
        return nil
    }()

    /// The path of a fixture such as `stories/stories260K-f32.gguf`; meaningless without fixtures.
    package static func path(_ name: String) -> String {
        (directory ?? "/fixtures-not-found") + "/" + name
    }

    /// True if the fixture is there: for `.enabled(if:)`.
    package static func exists(_ name: String) -> Bool {
        directory != nil && FileManager.default.fileExists(atPath: path(name))
    }

    /// The folder of the checkout. Links are resolved first: a development package may link to
    /// the sources from elsewhere.
    package static let checkout: URL = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
