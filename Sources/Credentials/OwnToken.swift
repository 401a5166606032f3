// The file with the token of a client, which `--token-file` and ASSAY_TOKEN_FILE of the programs
// that ask a server name.
//
// Guarantees: one line, at most as long as a token may be. As with the keys of ssh, a file of the
// user's own that others may read is refused. A file of another user, such as a mounted secret of
// root, is that user's matter. No refusal shows what the file holds.
// Does not: read the table of hashed tokens. assayd reads the table under the same variable, so a
// table is refused with a sentence that says which file belongs here.

import Glibc
import ModelFiles

/// See the head of the file.
package enum OwnToken {
    /// Name of the variable with the file's path.
    package static let variable = "ASSAY_TOKEN_FILE"

    /// Reads the token in the file that the option names, else the variable. Returns nil when
    /// neither names a file. An error begins with the name of the source. Blocking.
    package static func read(
        option: String?, environment: [String: String]
    ) throws(TokenFileError) -> String? {
        let named = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = option ?? named else { return nil }
        do throws(TokenFileError) {
            return try read(path)
        } catch {
            let source = option == nil ? variable : "--token-file"
            throw TokenFileError("\(source): \(error.message)", error.location)
        }
    }

    /// Reads the token in the file at `path`. Blocking.
    package static func read(_ path: String) throws(TokenFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw refusal(
                systemErrorText(errno), "a file with a token that this user can read", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw refusal("a folder", "a file with a token", path)
        }
        let token = try parse(try content(descriptor, path), path: path)
        let isOpen = status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o077 != 0
        guard status.st_uid != geteuid() || !isOpen else {
            throw refusal(
                "a file that others may read or write (mode "
                    + "\(TokenFile.modeText(status.st_mode)))",
                "a file for its owner alone: chmod 600 it", path)
        }
        return token
    }

    /// Takes the token of a file's content.
    package static func parse(_ bytes: [UInt8], path: String) throws(TokenFileError) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var word = bytes[...].drop(while: isSpace)
        while let last = word.last, isSpace(last) { word.removeLast() }
        guard let first = word.first else { throw refusal("an empty file", allowed, path) }
        guard first != UInt8(ascii: "{") else {
            throw refusal(
                "a table of hashed tokens, which is assayd's",
                "a file with the token itself, on "
                    + "one line, as assay token new prints it", path)
        }
        guard !word.contains(where: isSpace) else {
            throw refusal("several words or lines", allowed, path)
        }
        guard word.count <= AccessToken.sizeMax else {
            throw refusal("more than \(AccessToken.sizeMax) bytes", allowed, path)
        }
        guard word.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refusal("bytes that are no visible ASCII", allowed, path)
        }
        return String(decoding: word, as: UTF8.self)
    }

    private static let allowed =
        "one line of up to \(AccessToken.sizeMax) visible ASCII characters, the token"

    private static func content(
        _ descriptor: Int32, _ path: String
    ) throws(TokenFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        // A table is told from a token by its first byte, so a longer file needs no reading.
        while bytes.count < piece.count {
            let got = Glibc.read(descriptor, &piece, piece.count)
            if got == 0 { break }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw refusal(systemErrorText(errno), "a file that this user can read", path)
            }
            bytes += piece[..<got]
        }
        return bytes
    }

    private static func refusal(
        _ found: String, _ allowed: String, _ path: String
    ) -> TokenFileError {
        TokenFileError("reading the token: found \(found), allowed: \(allowed)", path)
    }
}
