// The catalogue of broken SafeTensors files: one change each, with the code it must get.
//
// Like MalformedFile.swift: names are unique, codes are text.

import Testing

/// A broken SafeTensors file and the refusal it must get.
package struct MalformedSafeTensors: Sendable, CustomTestStringConvertible {
    /// The defect in words; unique.
    package let name: String
    /// The code it must be refused with.
    package let code: String
    /// A text the message must contain.
    package let mention: String
    /// Makes the file's bytes.
    package let bytes: @Sendable () -> [UInt8]

    /// The defect, for test reports.
    package var testDescription: String { name }

    /// Every entry.
    package static let all: [MalformedSafeTensors] = containers + json + entries + places

    private init(
        _ name: String, _ code: String, _ mention: String = "",
        _ change: @escaping @Sendable (inout SafeTensorsBuilder) -> Void
    ) {
        self.name = name
        self.code = code
        self.mention = mention
        bytes = {
            var builder = SafeTensorsBuilder.smallest
            change(&builder)
            return builder.build()
        }
    }

    private init(plain name: String, _ code: String, _ content: [UInt8]) {
        self.name = name
        self.code = code
        mention = ""
        bytes = { content }
    }

    private static let containers: [MalformedSafeTensors] = [
        .init(plain: "seven bytes", "truncated", [1, 0, 0, 0, 0, 0, 0]),
        .init(plain: "a GGUF file", "not_safetensors", MalformedFile.smallest.build()),
        .init(plain: "an HTML page", "html_page", Array("<!DOCTYPE html><html></html>".utf8)),
        .init(
            plain: "a git-lfs pointer", "git_lfs_pointer",
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8)),
        .init(plain: "a zip archive", "zip_archive", Array("PK\u{3}\u{4}archive".utf8)),
        .init(plain: "a pickle", "not_safetensors", [0x80, 0x02] + Array("pickled data".utf8)),
        .init("header size zero", "header_size_invalid") { $0.claimedHeaderSize = 0 },
        .init("header size one", "header_size_invalid") { $0.claimedHeaderSize = 1 },
        .init("header larger than the file", "header_size_invalid") {
            $0.claimedHeaderSize = 10_000
        },
        .init("header size beyond 63 bits", "header_size_invalid") { $0.claimedHeaderSize = .max },
        .init("header size at the sign bit", "header_size_invalid") {
            $0.claimedHeaderSize = 1 << 63
        },
        .init("header cut short", "json_invalid") { $0.claimedHeaderSize = 40 },
        .init("header that swallows data", "json_invalid") {
            $0.claimedHeaderSize = UInt64($0.build().count - 8)
        },
        .init("header that starts with a space", "not_safetensors") { $0.header = " {}" },
        .init("header that is an array", "not_safetensors") { $0.header = "[]" },
        .init("zero bytes behind the header", "json_invalid") { $0.padding = [0, 0] },
    ]

    private static let json: [MalformedSafeTensors] = [
        .init("a comma too many", "json_invalid") { $0.header = #"{"a":1,}"# },
        .init("a key without value", "json_invalid") { $0.header = #"{"a"}"# },
        .init("a key without quotation marks", "json_invalid") { $0.header = "{a:1}" },
        .init("a lone surrogate", "json_invalid") {
            $0.prefix = #""__metadata__":{"k":"\ud800"},"#
        },
        .init("an unknown escape", "json_invalid") { $0.entries[0].name = #"\x61"# },
        .init("a raw control character", "json_invalid") { $0.entries[0].name = "a\u{1}" },
        .init("a leading zero", "json_invalid") { $0.entries[0].shape = "[02,3]" },
        .init("a number of many digits", "json_too_large") {
            $0.entries[0].shape = "[" + String(repeating: "1", count: 100) + "]"
        },
        .init("nested too deeply", "json_too_deep") {
            $0.entries[0].value = String(repeating: "[", count: 100_000)
        },
        .init("a tensor twice", "json_key_duplicate", "\"a\"") { $0.entries[1].name = "a" },
        .init("a tensor twice, once escaped", "json_key_duplicate") {
            $0.entries[1].name = #"\u0061"#
        },
        .init("a member twice", "json_key_duplicate", "dtype") {
            $0.entries[0].more = #","dtype":"F32""#
        },
        .init("invalid UTF-8 behind the header", "json_invalid") { $0.padding = [0xFF] },
    ]

    private static let entries: [MalformedSafeTensors] = [
        .init("metadata that is no object", "json_structure_invalid") {
            $0.prefix = #""__metadata__":[],"#
        },
        .init("metadata with a number", "json_structure_invalid") {
            $0.prefix = #""__metadata__":{"format":1},"#
        },
        .init("an entry that is no object", "json_structure_invalid", "\"b\"") {
            $0.entries[1].value = "[1]"
        },
        .init("an unknown member", "json_structure_invalid", "\"a\"") {
            $0.entries[0].more = #","stride":[3,1]"#
        },
        .init("no dtype", "json_structure_invalid") {
            $0.entries[0].value = #"{"shape":[2,3],"data_offsets":[0,12]}"#
        },
        .init("a dtype that is a number", "json_structure_invalid") { $0.entries[0].dtype = "1" },
        .init("an unknown dtype", "tensor_dtype_unknown", "F4096") {
            $0.entries[0].dtype = #""F4096""#
        },
        .init("a dtype in lower case", "tensor_dtype_unknown") { $0.entries[0].dtype = #""f32""# },
        .init("a shape that is a number", "json_structure_invalid") { $0.entries[0].shape = "6" },
        .init("a shape with a fraction", "json_structure_invalid") {
            $0.entries[0].shape = "[2.0,3]"
        },
        .init("a negative dimension", "json_structure_invalid") { $0.entries[0].shape = "[-2,-3]" },
        .init("a dimension of zero", "tensor_dimension_zero") { $0.entries[0].shape = "[0,3]" },
        .init("five dimensions", "tensor_dimension_count_invalid") {
            $0.entries[0].shape = "[1,1,1,2,3]"
        },
        .init("dimensions that overflow", "tensor_size_overflow") {
            $0.entries[0].shape = "[4294967296,4294967296]"
        },
        .init("an empty name", "tensor_name_length_invalid") { $0.entries[0].name = "" },
        .init("a name of 300 bytes", "tensor_name_length_invalid") {
            $0.entries[0].name = String(repeating: "n", count: 300)
        },
        .init("a control character in a name", "tensor_name_character_invalid") {
            $0.entries[0].name = #"a\u0007"#
        },
    ]

    private static let places: [MalformedSafeTensors] = [
        .init("one offset", "json_structure_invalid") { $0.entries[0].offsets = "[0]" },
        .init("three offsets", "json_structure_invalid") { $0.entries[0].offsets = "[0,12,28]" },
        .init("offsets that fall", "json_structure_invalid") { $0.entries[0].offsets = "[12,0]" },
        .init("a negative offset", "json_structure_invalid") { $0.entries[0].offsets = "[-12,0]" },
        .init("an offset with an exponent", "json_structure_invalid") {
            $0.entries[0].offsets = "[0,1.2e1]"
        },
        .init("an offset beyond 63 bits", "json_structure_invalid") {
            $0.entries[0].offsets = "[0,18446744073709551616]"
        },
        .init("data behind the file's end", "tensor_outside_file", "\"b\"") {
            $0.entries[1].offsets = "[12,29]"
        },
        .init("a file cut short", "tensor_outside_file") { $0.data.removeLast() },
        .init("fewer bytes than the shape", "tensor_size_mismatch", "\"a\"") {
            $0.entries[0].offsets = "[0,11]"
        },
        .init("more bytes than the shape", "tensor_size_mismatch") {
            $0.entries[0].shape = "[2,2]"
        },
        .init("a tensor inside another", "tensor_overlap", "\"b\"") {
            $0.entries[1].offsets = "[8,24]"
        },
        .init("two tensors in the same place", "tensor_overlap") {
            $0.add("c", "F32", [4], data: [])
            $0.entries[2].offsets = "[12,28]"
        },
        .init("a hole at the front", "tensor_gap") {
            $0.entries.removeFirst()
        },
        .init("a hole in the middle", "tensor_gap", "\"b\"") {
            $0.entries[1].offsets = "[13,29]"
            $0.data.append(0)
        },
        .init("bytes behind the last tensor", "tensor_gap") { $0.data.append(0) },
        .init("data without tensors", "tensor_gap") { $0.header = "{}" },
    ]
}
