// Reads a JSON file beside a model: config.json, tokenizer.json or a shard index.
//
// Guarantees: the size is compared with the limit before a byte is read. Later changes of the file
// do not change a parsed value.
// Does not: open files. Callers pass an open `ModelFile`.

import Glibc

/// Functions that read whole JSON files.
package enum JSONFile {
    /// Parses the text of an open file. Allocates the file's size twice and about 16 bytes a value.
    ///
    /// - Throws: `json_…` of the `parse` layer.
    package static func parse(
        _ file: ModelFile, limits: JSONLimits = .default
    ) throws(ModelFileError) -> JSONValue {
        guard file.size <= limits.sizeMax else {
            throw ModelFileError(
                .jsonTooLarge, tried: "reading JSON", found: "\(file.size) bytes",
                allowed: "at most \(limits.sizeMax) bytes", location: .init(path: file.path))
        }
        let text = Array(try file.head(file.size))
        do throws(JSONError) {
            return try JSONDocument(text, limits: limits).root
        } catch {
            throw ModelFileError(json: error, path: file.path)
        }
    }

    static func isFolder(_ path: String) -> Bool {
        mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false
    }

    static func exists(_ path: String) -> Bool { mode(path) != nil }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : nil
    }
}

extension ModelFileError {
    /// Creates the error for a JSON text that starts at byte `base` of the file at `path`.
    package init(json error: JSONError, path: String, base: Int = 0) {
        let code: Code =
            switch error.code {
            case .syntax, .notUTF8: .jsonInvalid
            case .tooDeep: .jsonTooDeep
            case .tooLarge: .jsonTooLarge
            case .keyDuplicate: .jsonKeyDuplicate
            }
        self.init(
            code, tried: "reading JSON", found: error.found, allowed: error.allowed,
            location: .init(path: path, offset: base + error.offset))
    }
}
