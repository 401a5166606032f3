// The identity of a model: SHA-256 of its file, or of the list of its files.
//
// For several files, the fingerprint is the SHA-256 of the output of `sha256sum FILES` in the
// model's folder, with names in byte order. `LC_ALL=C` and `sha256sum A B C | sha256sum` reproduce
// it:
//
//     HEX  config.json
//     HEX  model-00001-of-00002.safetensors
//     …
//
// Guarantees: files are read through their descriptors in fixed pieces, so the digest of a file of
// any size takes 1 MiB of memory. A file that changes meanwhile gives an error, not a digest.
// Does not: identify the bytes that serve. `FingerprintDigest` does, from the packed bytes.

import ModelFiles
import PlainText

/// SHA-256 of a model. A value.
public struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// Takes a digest. Nil unless there are exactly 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits of either case. Nil for anything else.
    public init?(hex: String) {
        guard let bytes = hexBytes(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { hexText(bytes) }

    /// The hexadecimal form.
    public var description: String { hex }

    /// Digests every file of a model. Blocking. Any thread. Returns nil once `isCancelled` returns
    /// true. Throws a `file` layer error if reading fails or a file changed meanwhile.
    public static func compute(
        of files: ModelFileSet, isCancelled: () -> Bool = { false }
    ) throws(ModelFileError) -> Fingerprint? {
        try digests(of: files, isCancelled: isCancelled).map { Fingerprint(of: $0) }
    }

    /// Returns the digest of every file, in byte order of the names. See `compute`.
    static func digests(
        of files: ModelFileSet, isCancelled: () -> Bool
    ) throws(ModelFileError) -> [(name: String, digest: Fingerprint)]? {
        var digests: [(name: String, digest: Fingerprint)] = []
        for (name, file) in files.named {
            guard let digest = try compute(of: file, isCancelled: isCancelled) else { return nil }
            digests.append((name, digest))
        }
        return digests
    }

    /// Makes a fingerprint from the digests of files, given in byte order of the names. A single
    /// digest is the fingerprint. Several digests are hashed as a list.
    init(of digests: [(name: String, digest: Fingerprint)]) {
        if digests.count == 1 {
            self = digests[0].digest
            return
        }
        let hash = SHA256()
        for (name, digest) in digests {
            Self.line(digest, name).withUnsafeBytes { hash.update($0) }
        }
        self.init(hash)
    }

    init(_ hash: SHA256) { bytes = hash.finalize() }

    /// Returns a line in the form of `sha256sum`, with a backslash in front where the name needs
    /// escapes.
    private static func line(_ digest: Fingerprint, _ name: String) -> [UInt8] {
        let escapes: [UInt8: String] = [0x0A: "\\n", 0x0D: "\\r", 0x5C: "\\\\"]
        let escaped = name.utf8.flatMap { byte in escapes[byte].map { Array($0.utf8) } ?? [byte] }
        let mark = escaped.count == name.utf8.count ? "" : "\\"
        return Array("\(mark)\(digest.hex)  ".utf8) + escaped + [0x0A]
    }

    /// Reads a whole file and digests it. Blocking. Any thread. Returns nil once `isCancelled`
    /// returns true. Throws a `file` layer error if reading fails or the file changed meanwhile.
    public static func compute(
        of file: ModelFile, isCancelled: () -> Bool = { false }
    ) throws(ModelFileError) -> Fingerprint? {
        let hash = SHA256()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { chunk.deallocate() }
        var offset = 0
        while !isCancelled() {
            let count = try file.read(at: offset, into: chunk)
            if count == 0 {
                try file.checkUnchanged()
                return Fingerprint(hash)
            }
            hash.update(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            offset += count
        }
        return nil
    }
}
