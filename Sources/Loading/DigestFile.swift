// Reads and writes the small file of remembered digests.
//
// Guarantees: only a regular file of this user, which nobody else may write, is read, never through
// a link. A file appears whole or not at all, for this user alone.
// Does not: interpret the text. `DigestMemory` does.

import Glibc
import ModelFiles

enum DigestFile {
    /// Reason the file is not read or not written.
    struct Failure: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
        init(call: String) { reason = "\(call): \(systemErrorText(errno))" }
    }

    /// Returns the text of the file, or nil without a file.
    static func read(at path: String, sizeMax: Int) throws(Failure) -> String? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Failure(call: "open")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(call: "fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure("no regular file") }
        guard status.st_uid == geteuid(), status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw Failure("a file that other users may write")
        }
        guard status.st_size <= sizeMax else { throw Failure("more than \(sizeMax) bytes") }
        var bytes = [UInt8](repeating: 0, count: sizeMax + 1)
        var size = 0
        while size < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress.map { $0 + size }, $0.count - size)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(call: "read") }
            if count == 0 { break }
            size += count
        }
        guard size <= sizeMax, let text = String(validating: bytes[..<size], as: UTF8.self) else {
            throw Failure("no text of at most \(sizeMax) bytes")
        }
        return text
    }

    /// Replaces the file. Makes its folder and the folder above when they are missing.
    static func write(_ text: String, to path: String) throws(Failure) {
        let folder = folder(of: path)
        try make(folder)
        let temporary = "\(folder)/.digests-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let descriptor = open(
            temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(call: "open") }
        var isInPlace = false
        defer { if !isInPlace { unlink(temporary) } }
        defer { close(descriptor) }
        try write(Array(text.utf8), to: descriptor)
        // A power cut can lose the file or leave one without its end, which the reader refuses.
        guard rename(temporary, path) == 0 else { throw Failure(call: "rename") }
        isInPlace = true
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(call: "write") }
            offset += count
        }
    }

    private static func make(_ folder: String) throws(Failure) {
        var status = stat()
        if stat(folder, &status) == 0 { return }
        let above = self.folder(of: folder)
        if stat(above, &status) != 0, mkdir(above, 0o700) != 0, errno != EEXIST {
            throw Failure(call: "mkdir")
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Failure(call: "mkdir") }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
