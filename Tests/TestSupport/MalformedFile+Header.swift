// Files that are something else, and headers that lie.

extension MalformedFile {
    /// Other formats with the extension .gguf.
    static let foreign: [MalformedFile] = [
        plain("git-lfs pointer", code: "git_lfs_pointer", mention: "git lfs pull", lfsPointer),
        plain(
            "HTML page", code: "html_page", mention: "HTML",
            Array("<!DOCTYPE html><html><body>404</body></html>".utf8)),
        plain(
            "HTML page after a byte order mark and blank lines", code: "html_page",
            [0xEF, 0xBB, 0xBF] + Array("\r\n\n  <HTML lang=en>Sign in</HTML>".utf8)),
        plain("gzip data", code: "gzip_archive", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 75, 4, 0]),
        plain("zip archive", code: "zip_archive", Array("PK\u{3}\u{4}".utf8) + zeros(60)),
        plain("empty zip archive", code: "zip_archive", Array("PK\u{5}\u{6}".utf8) + zeros(18)),
        plain(
            "GGJT file", code: "not_gguf", mention: "GGJT", Array("tjgg".utf8) + [3, 0, 0, 0]),
        plain(
            "zstd data", code: "not_gguf", mention: "zstd", [0x28, 0xB5, 0x2F, 0xFD] + zeros(20)),
        plain(
            "SafeTensors content", code: "not_gguf", mention: "SafeTensors",
            [40, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}".utf8)),
        plain("Python pickle", code: "not_gguf", mention: "pickle", [0x80, 2] + zeros(20)),
        plain("program", code: "not_gguf", mention: "ELF", [0x7F, 0x45, 0x4C, 0x46] + zeros(60)),
        plain("JSON text", code: "not_gguf", Array("{\"architectures\": []}".utf8)),
        plain("zero bytes", code: "not_gguf", zeros(4096)),
        plain("one byte", code: "not_gguf", [7]),
        plain("magic in lower case", code: "not_gguf", mention: "gguf", Array("gguf".utf8)),
        plain("big-endian magic", code: "big_endian", Array("FUGG".utf8) + [0, 0, 0, 3]),
    ]

    /// Magic, version and counts.
    static let header: [MalformedFile] = [
        plain("half a magic", code: "truncated", Array("GG".utf8)),
        plain("magic alone", code: "truncated", mention: "version", Array("GGUF".utf8)),
        plain(
            "end after the version", code: "truncated", mention: "tensor count",
            Array("GGUF".utf8) + [3, 0, 0, 0]),
        plain(
            "end inside the tensor count", code: "truncated", mention: "tensor count",
            Array("GGUF".utf8) + [3, 0, 0, 0, 1, 0, 0]),
        plain(
            "end before the metadata count", code: "truncated", mention: "metadata count",
            Array("GGUF".utf8) + [3, 0, 0, 0] + zeros(8)),
        parse("big-endian version", code: "big_endian") { $0.version = UInt32(3).byteSwapped },
        parse("version 0", code: "version_unsupported") { $0.version = 0 },
        parse("version 1", code: "version_unsupported", mention: "version 1") { $0.version = 1 },
        parse("version 4", code: "version_unsupported", mention: "version 4") { $0.version = 4 },
        parse("version 2^32 - 1", code: "version_unsupported") { $0.version = .max },
        parse("tensor count 2^64 - 1", code: "tensor_count_invalid") {
            $0.claimedTensorCount = .max
        },
        parse("tensor count 2^63", code: "tensor_count_invalid") {
            $0.claimedTensorCount = 1 << 63
        },
        parse("more tensors than the file can hold", code: "tensor_count_invalid") {
            $0.claimedTensorCount = 100
        },
        parse("one tensor too many", code: "tensor_name_length_invalid", mention: "0 bytes") {
            $0.claimedTensorCount = 3
        },
        parse("metadata count 2^64 - 1", code: "metadata_count_invalid") {
            $0.claimedMetadataCount = .max
        },
        parse("more metadata than the file can hold", code: "metadata_count_invalid") {
            $0.claimedMetadataCount = 1000
        },
        parse("one metadata entry too few", code: "tensor_dimension_count_invalid") {
            $0.claimedMetadataCount = 2
        },
        parse("metadata entries swallow the tensors", code: "key_length_invalid") {
            $0.claimedMetadataCount = 6
        },
    ]

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static let lfsPointer = Array(
        """
        version https://git-lfs.github.com/spec/v1
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
        size 12345

        """.utf8)
}
