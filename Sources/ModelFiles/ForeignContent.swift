// Recognises common kinds of files that are not GGUF, by the first bytes.
//
// Typical mistakes are a download that saved an error page, a git checkout without LFS and a
// renamed archive. An error with the name of the mistake saves the search.
// Guarantees: looks at 512 bytes at most, allocates next to nothing.
// Does not: know every format. Errors about unknown content show its first bytes.

struct ForeignContent {
    let code: ModelFileError.Code
    /// Words that complete "found …".
    let found: String
    var isSafeTensors = false

    /// Recognises the content of a file by its head. Returns nil for unknown content.
    static func recognise(_ head: UnsafeRawBufferPointer) -> ForeignContent? {
        for row in signatures where head.starts(with: row.prefix) {
            return ForeignContent(code: row.code, found: row.found)
        }
        return htmlPage(head) ?? safetensors(head)
    }

    private struct Signature {
        let prefix: [UInt8]
        let code: ModelFileError.Code
        let found: String

        init(_ prefix: [UInt8], _ code: ModelFileError.Code, _ found: String) {
            self.prefix = prefix
            self.code = code
            self.found = found
        }

        init(_ prefix: String, _ code: ModelFileError.Code, _ found: String) {
            self.init(Array(prefix.utf8), code, found)
        }
    }

    private static let signatures: [Signature] = [
        Signature(
            "version https://git-lfs", .gitLFSPointer,
            "a git-lfs pointer, not the model itself (fetch it with `git lfs pull`)"),
        Signature([0x1F, 0x8B], .gzipArchive, "gzip data (unpack it first)"),
        Signature("PK\u{3}\u{4}", .zipArchive, "a zip archive (perhaps a PyTorch checkpoint)"),
        Signature("PK\u{5}\u{6}", .zipArchive, "an empty zip archive"),
        Signature("FUGG", .bigEndian, "the magic of a big-endian GGUF file"),
        Signature("tjgg", .notGGUF, "a GGJT file, the format before GGUF"),
        Signature("fmgg", .notGGUF, "a GGMF file, the format before GGUF"),
        Signature("lmgg", .notGGUF, "a GGML file, the format before GGUF"),
        Signature([0x28, 0xB5, 0x2F, 0xFD], .notGGUF, "zstd data (unpack it first)"),
        Signature([0xFD, 0x37, 0x7A, 0x58, 0x5A], .notGGUF, "xz data (unpack it first)"),
        Signature("BZh", .notGGUF, "bzip2 data (unpack it first)"),
        Signature("7z", .notGGUF, "a 7z archive (unpack it first)"),
        Signature([0x80, 0x02], .notGGUF, "a Python pickle"),
        Signature([0x80, 0x04], .notGGUF, "a Python pickle"),
        Signature([0x7F, 0x45, 0x4C, 0x46], .notGGUF, "a program (ELF)"),
        Signature("%PDF", .notGGUF, "a PDF document"),
        Signature([0x89, 0x48, 0x44, 0x46], .notGGUF, "an HDF5 file"),
    ]

    private static func htmlPage(_ head: UnsafeRawBufferPointer) -> ForeignContent? {
        let whitespace: Set<UInt8> = [0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF]
        let text = head.prefix(512).drop(while: { whitespace.contains($0) }).prefix(16)
        let word = String(decoding: text, as: UTF8.self).lowercased()
        let isPage = ["<!doctype html", "<html", "<head", "<!--"].contains { word.hasPrefix($0) }
        guard isPage else { return nil }
        return ForeignContent(
            code: .htmlPage, found: "an HTML page (a download that saved an error or login page)")
    }

    /// SafeTensors starts with a u64 header size and a JSON object.
    private static func safetensors(_ head: UnsafeRawBufferPointer) -> ForeignContent? {
        guard head.count > 9, head[8] == UInt8(ascii: "{"), head[9] == UInt8(ascii: "\""),
            head.loadUnaligned(as: UInt64.self).littleEndian < 1 << 32
        else { return nil }
        return ForeignContent(
            code: .notGGUF, found: "a SafeTensors file (by its JSON header)", isSafeTensors: true)
    }
}
