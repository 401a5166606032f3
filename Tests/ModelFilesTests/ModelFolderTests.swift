// Models of several files: right ones are one view, each broken one of the catalogue is refused.

import ModelFiles
import TestSupport
import Testing

@Suite struct ModelFolderTests {
    private func write(_ files: [String: [UInt8]]) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for (name, bytes) in files { try directory.write(bytes, as: name) }
        return directory
    }

    @Test(arguments: [1, 2, 12])
    func joinsTheParts(_ count: Int) throws {
        let parts = MalformedModelFolder.parts(count)
        let directory = try write(MalformedModelFolder.files(parts))
        for index in [0, count - 1] {
            let name = MalformedModelFolder.partName(index, of: count)
            let files = try ModelFileSet(path: directory.path(name))
            #expect(files.container == .gguf(partCount: count))
            guard case .gguf(let model) = try ParsedModel(files) else {
                Issue.record("no GGUF model")
                return
            }
            #expect(model.tensors.map(\.name) == (0..<count).map { "p\($0)" })
            #expect(model.files.count == count)
            #expect(model.metadata["general.architecture"]?.asString == "llama")
            #expect((model is SplitGGUFFile) == (count > 1))
            for tensor in model.tensors {
                let found = try #require(model.tensor(tensor.name))
                let value = UInt8(tensor.name.dropFirst()) ?? 255
                #expect(try model.bytes(of: found) == Array(repeating: value, count: 32))
            }
            try model.checkUnchanged()
        }
    }

    @Test func joinsTheShards() throws {
        let directory = try write(MalformedModelFolder.sharded)
        for path in [
            directory.path, directory.path + "/", directory.path(SafeTensorsModel.indexName),
        ] {
            let model = try SafeTensorsModel(ModelFileSet(path: path))
            #expect(model.tensors.map(\.name) == ["x", "y"])
            let last = try #require(model.tensor("y"))
            #expect(last.dimensions == [2, 2])
            #expect(try model.bytes(of: last) == Array(repeating: 2, count: 8))
            #expect(model.fileSize == model.files.reduce(0) { $0 + $1.identity.size })
        }
    }

    private static let templates = "additional_chat_templates/"

    @Test func furtherTemplatesAreFoundByTheirStems() throws {
        var files = Self.single
        for name in ["tool_use.jinja", "rag.jinja", "a.b.jinja", "notes.txt", "x.jinja/y"] {
            files[Self.templates + name] = Array(name.utf8)
        }
        let directory = try write(files)
        let found = try ModelFileSet(path: directory.path)
        #expect(found.additionalTemplates.map(\.name) == ["a.b", "rag", "tool_use"])
        #expect(found.named.map(\.name).contains(Self.templates + "rag.jinja"))
        #expect(found.files.count == found.named.count)
    }

    @Test func furtherTemplatesAreBoundedInCountAndSize() throws {
        var files = Self.single
        for index in 0..<3 { files[Self.templates + "\(index).jinja"] = [0x61, 0x62] }
        let directory = try write(files)
        var limits = FileLimits.default
        limits.additionalTemplateCountMax = 3
        limits.additionalTemplateSizeMax = 2
        #expect(
            try ModelFileSet(path: directory.path, limits: limits).additionalTemplates.count == 3)
        limits.additionalTemplateSizeMax = 1
        let large = #expect(throws: ModelFileError.self) {
            try ModelFileSet(path: directory.path, limits: limits)
        }
        #expect(large?.code == .fileTooLarge)
        limits.additionalTemplateCountMax = 2
        let many = #expect(throws: ModelFileError.self) {
            try ModelFileSet(path: directory.path, limits: limits)
        }
        #expect(many?.code == .severalModels)
        #expect(many?.location.path == directory.path("additional_chat_templates"))
    }

    @Test func takesTheIndexThatCoversTheSingleFile() throws {
        let index = #"{"weight_map":{"x":"model.safetensors"}}"#
        var files = Self.single
        files[SafeTensorsModel.indexName] = Array(index.utf8)
        let directory = try write(files)
        let found = try ModelFileSet(path: directory.path)
        #expect(found.container == .safetensors(shardCount: 1))
        #expect(found.named.map(\.name).contains(SafeTensorsModel.indexName))
    }

    @Test func opensASingleFileByItsFolderAndByItsName() throws {
        let directory = try write(Self.single)
        for path in [directory.path, directory.path("model.safetensors")] {
            let files = try ModelFileSet(path: path)
            #expect(files.container == .safetensors(shardCount: 1))
            #expect(try SafeTensorsModel(files).tensors.count == 2)
        }
    }

    private static let single: [String: [UInt8]] = [
        "model.safetensors": SafeTensorsBuilder.smallest.build(),
        "config.json": Array("{}".utf8), "tokenizer.json": Array("{}".utf8),
    ]

    /// The parts of a split model are found by any of them, a sharded one by any shard.
    @Test func opensAShardByTheIndexBesideIt() throws {
        var files = CheckpointBuilder.tiny("LlamaForCausalLM").files(shardCount: 3)
        files["consolidated.safetensors"] = SafeTensorsBuilder.smallest.build()
        let directory = try write(files)
        for path in [directory.path, directory.path("model-00002-of-00003.safetensors")] {
            let files = try ModelFileSet(path: path)
            #expect(files.container.description == "safetensors 3 shards")
            #expect(files.files.count == 6)
        }
    }

    @Test func opensTheOneModelInAFolder() throws {
        let gguf = try write(["any name.GGUF": MalformedFile.smallest.build(), "notes.txt": [1]])
        #expect(try ModelFileSet(path: gguf.path).container.description == "gguf")
        let split = try write(MalformedModelFolder.files(MalformedModelFolder.parts(3)))
        #expect(try ModelFileSet(path: split.path).container.description == "gguf split 3")
        var files = Self.single
        files["other.safetensors"] = files.removeValue(forKey: "model.safetensors")
        let other = try write(files)
        #expect(try ModelFileSet(path: other.path).container.description == "safetensors")
    }

    @Test func aRefusalOfAFolderSaysWhatIsInIt() throws {
        let directory = try write(["b.gguf": [1], "a.gguf": [1], "notes.txt": [1]])
        let error = #expect(throws: ModelFileError.self) { try ModelFileSet(path: directory.path) }
        #expect(error?.found == "a directory with 2: a.gguf, b.gguf")
        let other = try write(["notes.txt": [1], "model.bin": [1]])
        let none = #expect(throws: ModelFileError.self) { try ModelFileSet(path: other.path) }
        #expect(none?.found == "a directory without one (model.bin, notes.txt)")
        var limits = FileLimits()
        limits.folderEntryCountMax = 1
        let many = #expect(throws: ModelFileError.self) {
            try ModelFileSet(path: other.path, limits: limits)
        }
        #expect(many?.code == .severalModels)
    }

    /// One changed file among those beside the weights is a model that changed.
    @Test func everyFileIsWatched() throws {
        let directory = try write(CheckpointBuilder.tiny("LlamaForCausalLM").files())
        let files = try ModelFileSet(path: directory.path)
        try files.checkUnchanged()
        try directory.write(Array("{}".utf8), as: "config.json")
        let error = #expect(throws: ModelFileError.self) { try files.checkUnchanged() }
        #expect(error?.code == .changedWhileRead)
        #expect(error?.location.path == directory.path("config.json"))
    }

    @Test(arguments: MalformedModelFolder.all)
    func refuses(_ folder: MalformedModelFolder) throws {
        let directory = try write(folder.files)
        let path = folder.path.isEmpty ? directory.path : directory.path(folder.path)
        let error = #expect(throws: ModelFileError.self) {
            _ = try ParsedModel(ModelFileSet(path: path))
        }
        #expect(error?.code.layer.rawValue == folder.layer)
        #expect(error?.code.name == folder.code, "\(error?.message ?? "")")
    }

    @Test func namesInTheCatalogueAreUnique() {
        #expect(Set(MalformedModelFolder.all.map(\.name)).count == MalformedModelFolder.all.count)
    }
}
