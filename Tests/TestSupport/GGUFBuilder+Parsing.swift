// From a builder straight to a parsed file, for tests of the modules above the parser.
//
// The file is written to a temporary folder, opened and parsed. The folder goes at once: the open
// file keeps the bytes. Use `TemporaryDirectory` and `ModelFile` where the path itself matters.

import ModelFiles

extension GGUFBuilder {
    /// Writes, opens and parses the file. The path inside is gone when this returns.
    package func parsed() throws -> GGUFFile {
        let directory = try TemporaryDirectory()
        let path = try directory.write(build(), as: "model.gguf")
        return try withExtendedLifetime(directory) { try GGUFFile(ModelFile(path: path)) }
    }
}
