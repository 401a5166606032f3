// The catalogue of broken models of several files: split GGUF, sharded SafeTensors, folders.
//
// Each entry is a folder of files, the path in it that is opened, and the code it must get.

import Testing

/// A folder and the refusal that opening a path in it must get.
package struct MalformedModelFolder: Sendable, CustomTestStringConvertible {
    /// The defect in words; unique.
    package let name: String
    /// The code it must be refused with.
    package let code: String
    /// File name -> content.
    package let files: [String: [UInt8]]
    /// What is opened; empty: the folder.
    package let path: String

    /// The defect, for test reports.
    package var testDescription: String { name }

    /// The layer that must refuse it.
    package var layer: String {
        let ofFiles = ["not_found", "empty_file", "is_directory", "several_models"]
        return ofFiles.contains(code) ? "file" : "parse"
    }

    /// Every entry.
    package static let all: [MalformedModelFolder] = splits + shards + folders

    // MARK: Split GGUF

    /// The parts of a model whose tensors are `p0`, `p1`, ….
    package static func parts(_ count: Int) -> [GGUFBuilder] {
        (0..<count).map { index in
            var builder = GGUFBuilder()
            if index == 0 { builder.add("general.architecture", .string("llama")) }
            builder.add("split.no", .uint16(UInt16(index)))
            builder.add("split.count", .uint16(UInt16(count)))
            builder.add("split.tensors.count", .int32(Int32(count)))
            let data = [UInt8](repeating: UInt8(index), count: 32)
            builder.tensors = [.init("p\(index)", [8], format: 0, data: data)]
            return builder
        }
    }

    /// The name of a part, counted from 0.
    package static func partName(_ index: Int, of count: Int) -> String {
        func digits(_ number: Int) -> String {
            String(repeating: "0", count: 5 - String(number).count) + String(number)
        }
        return "m-\(digits(index + 1))-of-\(digits(count)).gguf"
    }

    /// File name -> content for parts.
    package static func files(_ parts: [GGUFBuilder]) -> [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: parts.indices.map {
                (partName($0, of: parts.count), parts[$0].build())
            })
    }

    private static func split(
        _ name: String, _ code: String, path: String = "m-00001-of-00003.gguf",
        _ change: (inout [GGUFBuilder]) -> Void,
        files changeFiles: (inout [String: [UInt8]]) -> Void = { _ in }
    ) -> MalformedModelFolder {
        var parts = self.parts(3)
        change(&parts)
        var files = self.files(parts)
        changeFiles(&files)
        return MalformedModelFolder(name: name, code: code, files: files, path: path)
    }

    private static let splits: [MalformedModelFolder] = [
        split("a part without numbers in its name", "split_name_invalid", path: "m.gguf", { _ in })
        {
            $0["m.gguf"] = $0["m-00001-of-00003.gguf"]
        },
        split(
            "a part with letters for numbers", "split_name_invalid", path: "m-0000x-of-00003.gguf",
            { _ in }
        ) { $0["m-0000x-of-00003.gguf"] = $0["m-00001-of-00003.gguf"] },
        split("part 0", "split_name_invalid", path: "m-00000-of-00003.gguf", { _ in }),
        split("part 4 of 3", "split_name_invalid", path: "m-00004-of-00003.gguf", { _ in }),
        split("99,999 parts", "split_name_invalid", path: "m-00001-of-99999.gguf", { _ in }),
        split("a part missing", "not_found", { _ in }) { $0["m-00002-of-00003.gguf"] = nil },
        split("a part without its position", "split_key_invalid", { $0[1].remove("split.no") }),
        split("a part without the count", "split_key_invalid", { $0[1].remove("split.count") }),
        split(
            "no number of tensors", "split_key_invalid", { $0[0].remove("split.tensors.count") }),
        split(
            "a position that is a text", "split_key_invalid",
            {
                $0[0].set("split.no", .string("0"))
            }),
        split(
            "a negative number of tensors", "split_key_invalid",
            {
                $0[0].set("split.tensors.count", .int32(-1))
            }),
        split("parts exchanged", "parts_inconsistent", { $0.swapAt(1, 2) }),
        split(
            "a part of a model of four", "parts_inconsistent",
            {
                $0[2].set("split.count", .uint16(4))
            }),
        split(
            "parts that disagree about the tensors", "parts_inconsistent",
            {
                $0[2].set("split.tensors.count", .int32(4))
            }),
        split("a tensor missing", "parts_inconsistent", { $0[2].tensors = [] }),
        split(
            "a tensor in two parts", "tensor_name_duplicate",
            {
                $0[2].tensors[0].name = Array("p0".utf8)
            }),
        split("a part that is damaged", "tensor_outside_file", { _ in }) {
            $0["m-00003-of-00003.gguf"]?.removeLast()
        },
    ]

    // MARK: Sharded SafeTensors

    /// Two shards with one tensor each and their index.
    package static let sharded: [String: [UInt8]] = {
        var first = SafeTensorsBuilder()
        first.add("x", "F32", [2], data: [UInt8](repeating: 1, count: 8))
        var second = SafeTensorsBuilder()
        second.add("y", "F16", [2, 2], data: [UInt8](repeating: 2, count: 8))
        return [
            "config.json": Array("{}".utf8), "tokenizer.json": SmallTokenizerJSON().bytes,
            "s-1.safetensors": first.build(), "s-2.safetensors": second.build(),
            "model.safetensors.index.json": index(#""x":"s-1.safetensors","y":"s-2.safetensors""#),
        ]
    }()

    private static func index(_ map: String) -> [UInt8] {
        Array(#"{"metadata":{"total_size":16},"weight_map":{\#(map)}}"#.utf8)
    }

    private static func shard(
        _ name: String, _ code: String, index: [UInt8]? = nil,
        _ change: (inout [String: [UInt8]]) -> Void = { _ in }
    ) -> MalformedModelFolder {
        var files = sharded
        if let index { files["model.safetensors.index.json"] = index }
        change(&files)
        return MalformedModelFolder(name: name, code: code, files: files, path: "")
    }

    private static let shards: [MalformedModelFolder] = [
        shard("an index that is no JSON", "json_invalid", index: Array("weights".utf8)),
        shard("an index that is an array", "json_structure_invalid", index: Array("[]".utf8)),
        shard("an index without a map", "json_structure_invalid", index: Array("{}".utf8)),
        shard("an empty map", "json_structure_invalid", index: index("")),
        shard("a map with a number", "json_structure_invalid", index: index(#""x":1"#)),
        shard(
            "a tensor twice in the map", "json_key_duplicate",
            index: index(#""x":"s-1.safetensors","x":"s-2.safetensors""#)),
        shard("a map of maps", "json_structure_invalid", index: index(#""x":{"y":"z"}"#)),
        shard(
            "an index nested too deeply", "json_too_deep",
            index: Array(String(repeating: "[", count: 100).utf8)),
        shard(
            "a shard in another folder", "shard_name_invalid",
            index: index(#""x":"../s-1.safetensors""#)),
        shard(
            "a shard with an absolute path", "shard_name_invalid",
            index: index(#""x":"/etc/s.safetensors""#)),
        shard("a shard of another kind", "shard_name_invalid", index: index(#""x":"s-1.bin""#)),
        shard("an empty shard name", "shard_name_invalid", index: index(#""x":"""#)),
        shard(
            "more shards than the limit", "shard_name_invalid",
            index: index(
                (0..<300).map { #""t\#($0)":"s-\#($0).safetensors""# }.joined(separator: ","))),
        shard("a shard missing", "not_found") { $0["s-2.safetensors"] = nil },
        shard("a shard that is empty", "empty_file") { $0["s-2.safetensors"] = [] },
        shard("a shard that is damaged", "tensor_outside_file") {
            $0["s-2.safetensors"]?.removeLast()
        },
        shard(
            "a tensor in no shard", "parts_inconsistent",
            index: index(#""x":"s-1.safetensors","y":"s-2.safetensors","z":"s-2.safetensors""#)),
        shard(
            "a tensor in the other shard", "parts_inconsistent",
            index: index(#""x":"s-2.safetensors","y":"s-1.safetensors""#)),
        shard("a tensor the index does not name", "parts_inconsistent") {
            var builder = SafeTensorsBuilder()
            builder.add("y", "F16", [4], data: [UInt8](repeating: 2, count: 8))
            builder.add("z", "F16", [4], data: [UInt8](repeating: 2, count: 8))
            $0["s-2.safetensors"] = builder.build()
        },
        shard("a tensor in two shards", "tensor_name_duplicate") {
            $0["s-2.safetensors"] = $0["s-1.safetensors"]
        },
        shard("a folder without a model", "is_directory") {
            $0 = ["config.json": Array("{}".utf8)]
        },
    ]

    // MARK: Folders

    private static let folders: [MalformedModelFolder] = [
        MalformedModelFolder(name: "an empty folder", code: "is_directory", files: [:], path: ""),
        folder("a folder of texts", "is_directory", ["README.md": [1], "model.bin": [1]]),
        folder("two GGUF models", "several_models", ["a.gguf": [1], "b.gguf": [1]]),
        folder(
            "a split model and another", "several_models",
            files(parts(2)).merging(["a.gguf": [1]]) { $1 }),
        folder(
            "GGUF and SafeTensors", "several_models",
            sharded.merging(["a.gguf": [1]]) { $1 }),
        folder(
            "an index and a single file", "several_models",
            sharded.merging(["model.safetensors": SafeTensorsBuilder.smallest.build()]) { $1 }),
        folder(
            "two SafeTensors files of unusual names", "several_models",
            ["a.safetensors": [1], "b.safetensors": [1]]),
        folder(
            "shards without their index", "not_found",
            ["w-00001-of-00002.safetensors": [1], "w-00002-of-00002.safetensors": [1]]),
        folder(
            "a split model without its first part", "not_found",
            [
                "m-00002-of-00002.gguf": parts(2)[1].build()
            ]),
        shard("no config.json", "not_found") { $0["config.json"] = nil },
        shard("an empty config.json", "empty_file") { $0["config.json"] = [] },
        shard("no tokenizer.json", "not_found") { $0["tokenizer.json"] = nil },
        shard("a tokenizer.model only", "not_found") {
            $0["tokenizer.model"] = $0.removeValue(forKey: "tokenizer.json")
        },
        shard("an empty tokenizer_config.json", "empty_file") { $0["tokenizer_config.json"] = [] },
        shard("a config.json that is a list", "json_structure_invalid") {
            $0["config.json"] = Array("[]".utf8)
        },
        shard("a config.json that is no JSON", "json_invalid") {
            $0["config.json"] = Array("hidden_size = 64".utf8)
        },
        shard("a config.json with a key twice", "json_key_duplicate") {
            $0["config.json"] = Array(#"{"a":1,"a":2}"#.utf8)
        },
        shard("a config.json nested too deeply", "json_too_deep") {
            $0["config.json"] = Array(String(repeating: "[", count: 100).utf8)
        },
        shard("a tokenizer.json that is a list", "json_structure_invalid") {
            $0["tokenizer.json"] = Array("[]".utf8)
        },
        shard("a chat template that is not UTF-8", "string_not_utf8") {
            $0["chat_template.jinja"] = [0x7B, 0xFF]
        },
    ]

    private static func folder(
        _ name: String, _ code: String, _ files: [String: [UInt8]]
    ) -> MalformedModelFolder {
        MalformedModelFolder(name: name, code: code, files: files, path: "")
    }
}
