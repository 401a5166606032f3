// A JSON file beside a model: config.json, tokenizer.json, a shard index.
//
// Guarantees: only regular files are opened, the size is compared with the limit before a byte is
// read, and the same kinds of file are refused with the same codes as model files.
// Does not: map: the text is copied, so a later change of the file changes nothing here.

import Glibc

/// Reading JSON files whole.
package enum JSONFile {
    /// Reads and checks a file. Blocking; allocates its size and about 16 bytes a value.
    ///
    /// - Throws: a `file` layer error, or `json_…` of the `parse` layer.
    package static func read(
        path: String, limits: JSONLimits = .default
    ) throws(ModelFileError) -> JSONValue {
        let bytes = try self.bytes(path: path, sizeMax: limits.sizeMax)
        do throws(JSONError) {
            return try JSONDocument(bytes, limits: limits).root
        } catch {
            throw ModelFileError(json: error, path: path)
        }
    }

    /// The whole content of a regular file of at most `sizeMax` bytes.
    package static func bytes(path: String, sizeMax: Int) throws(ModelFileError) -> [UInt8] {
        var fileLimits = FileLimits()
        fileLimits.fileSizeMax = sizeMax
        let opened = try FileOpening(path: path, limits: fileLimits).openRegularFile()
        defer { close(opened.descriptor) }
        var failure: SystemCallFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: opened.identity.size) { buffer, count in
            while count < buffer.count {
                let target = buffer.baseAddress.map { $0 + count }
                let got = Glibc.read(opened.descriptor, target, buffer.count - count)
                if got == 0 { break }
                if got > 0 { count += got }
                if got < 0, errno != EINTR {
                    failure = SystemCallFailure(call: "read", number: errno)
                    break
                }
            }
        }
        if let failure {
            throw .system(failure, tried: "reading the file", location: .init(path: path))
        }
        return bytes
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
    /// The refusal for a JSON text at `path`; `base` is where in the file the text starts.
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
