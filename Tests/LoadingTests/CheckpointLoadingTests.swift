// Models of several files through the whole assay: accepted by every path that names them, each
// defect of the catalogues refused at its layer, random damage survived.

import Inference
import Loading
import ModelFiles
import TestSupport
import Testing

@Suite struct CheckpointLoadingTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ files: [String: [UInt8]]) throws {
        for (name, bytes) in files { try directory.write(bytes, as: name) }
    }

    private func load(_ path: String) throws -> LoadOutcome {
        try ModelLoader.test().run(path: path)
    }

    @Test func acceptsAFolderItsFileAndItsIndex() throws {
        try write(CheckpointBuilder.tiny("LlamaForCausalLM").files())
        for path in [directory.path, directory.path("model.safetensors")] {
            let outcome = try load(path)
            let facts = try #require(try outcome.model?.ensureReal().facts, "\(outcome.report)")
            #expect(facts.container == "safetensors")
            #expect(facts.fileCount == 3)
            #expect(outcome.report.layers.map(\.layer) == Layer.allCases)
            #expect(outcome.report.table.contains("files          safetensors, "))
            #expect(outcome.report.json.contains("\"container\":\"safetensors\",\"files\":3,"))
        }
    }

    @Test func acceptsShardsByEveryPath() throws {
        try write(CheckpointBuilder.tiny("Qwen3ForCausalLM").files(shardCount: 2))
        for name in ["model.safetensors.index.json", "model-00002-of-00002.safetensors"] {
            let facts = try #require(try load(directory.path(name)).model?.facts)
            #expect(facts.container == "safetensors 2 shards")
            #expect(facts.fileCount == 5)
        }
    }

    @Test func acceptsASplitModelByAnyPart() throws {
        let parts = GGUFBuilder.tinyLlama().split(into: 3)
        try write(parts)
        for path in [directory.path] + parts.keys.map(directory.path) {
            let outcome = try load(path)
            let facts = try #require(outcome.model?.facts, "\(outcome.report)")
            #expect(facts.container == "gguf split 3")
            #expect(facts.fileSize == parts.values.reduce(0) { $0 + $1.count })
        }
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: ["llama-gqa", "bitnet-b158"])
    func acceptsReferenceFolder(_ name: String) throws {
        let outcome = try load(Fixtures.path("safetensors/\(name)"))
        #expect(outcome.report.accepted, "\(outcome.report)")
    }

    /// Any file of the model, not only the weights.
    @Test func aTextThatChangesDuringTheLoadIsAFileThatChanged() throws {
        try write(CheckpointBuilder.tiny("LlamaForCausalLM").files())
        let directory = directory
        let loader = try ModelLoader.test(steps: { steps in
            let validate = steps.validate
            steps.validate = { placed, plan in
                try directory.write(Array("{}".utf8), as: "tokenizer.json")
                try validate(placed, plan)
            }
        })
        let rejection = try #require(loader.run(path: directory.path).rejection)
        #expect(rejection.code.name == "changed_while_read")
        #expect(rejection.location.contains("tokenizer.json"))
    }

    // MARK: The catalogues

    private func judge(_ path: String, layer: String, code: String) throws -> AssayRejection {
        let outcome = try load(path)
        let rejection = try #require(outcome.rejection)
        #expect(rejection.layer.rawValue == layer, "\(rejection)")
        #expect(rejection.code.name == code, "\(rejection)")
        #expect(!rejection.advice.isEmpty)
        let layers = outcome.report.layers
        #expect(layers.map(\.layer) == Array(Layer.allCases.prefix(layers.count)))
        #expect(layers.map(\.ok) == layers.map { $0.layer != rejection.layer })
        return rejection
    }

    private func expect(_ rejection: AssayRejection, mentions text: String) {
        #expect(text.isEmpty || rejection.message.contains(text), "\(rejection.message)")
    }

    @Test(arguments: MalformedCheckpoint.all)
    func refuses(_ model: MalformedCheckpoint) throws {
        try write(model.files())
        let rejection = try judge(directory.path, layer: model.layer, code: model.code)
        expect(rejection, mentions: model.mention)
    }

    @Test(arguments: MalformedModelFolder.all)
    func refuses(_ folder: MalformedModelFolder) throws {
        try write(folder.files)
        let path = folder.path.isEmpty ? directory.path : directory.path(folder.path)
        _ = try judge(path, layer: folder.layer, code: folder.code)
    }

    @Test(arguments: MalformedSafeTensors.all)
    func refuses(_ file: MalformedSafeTensors) throws {
        try write(CheckpointBuilder.tiny("LlamaForCausalLM").files())
        let path = try directory.write(file.bytes(), as: "model.safetensors")
        let rejection = try judge(path, layer: "parse", code: file.code)
        expect(rejection, mentions: file.mention)
    }

    /// What is no JSON is refused when it is parsed, the rest as a tokenizer.
    @Test(arguments: MalformedTokenizerJSON.all)
    func refuses(_ tokenizer: MalformedTokenizerJSON) throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.tokenizer = tokenizer.bytes
        builder.others["tokenizer_config.json"] = tokenizer.configuration
        var files = builder.files()
        if tokenizer.bytes.isEmpty { files["tokenizer.json"] = [0x20] }
        try write(files)
        guard tokenizer.code == "tokenizer_json_invalid" else {
            let rejection = try judge(
                directory.path, layer: "compatibility", code: "tokenizer_rejected")
            #expect(rejection.message.contains(tokenizer.code), "\(rejection.message)")
            expect(rejection, mentions: tokenizer.mention)
            return
        }
        let outcome = try load(directory.path)
        let rejection = try #require(outcome.rejection)
        #expect(rejection.layer == .parse)
        #expect(rejection.code.name.hasPrefix("json_"))
    }

    @Test func namesInTheCatalogueAreUnique() {
        let names = MalformedCheckpoint.all.map(\.name)
        #expect(Set(names).count == names.count)
        let total =
            names.count + MalformedFile.all.count + MalformedModelFolder.all.count
            + MalformedSafeTensors.all.count + MalformedTokenizerJSON.all.count
        print("catalogue of broken models: \(total)")
        #expect(total >= 400)
    }
}

/// Damage to any file of a small model: accepted and usable, or refused with a typed error.
@Suite struct CheckpointFuzzTests {
    private static let signs = Array("{}[]\",:0-9.e nulltrue\\".utf8)

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator, _ end: Int)
    {
        guard !bytes.isEmpty else { return }
        let place = random.below(max(1, min(end, bytes.count)))
        switch random.below(5) {
        case 0: bytes[place] ^= UInt8(1 << random.below(8))
        case 1: bytes[place] = signs[random.below(signs.count)]
        case 2: bytes.insert(signs[random.below(signs.count)], at: place)
        case 3: bytes.remove(at: place)
        default: bytes.removeLast(random.below(bytes.count))
        }
    }

    @Test(arguments: ["LlamaForCausalLM", "BitNetForCausalLM", "Phi3ForCausalLM"], [1, 2])
    func survivesRandomDamage(_ className: String, _ shardCount: Int) throws {
        var random = SeededGenerator(
            seed: SeededGenerator.fuzzSeed("survivesRandomDamage of \(className)"))
        let files = CheckpointBuilder.tiny(className).files(shardCount: shardCount)
        let names = files.keys.sorted()
        let directory = try TemporaryDirectory()
        for (name, bytes) in files { try directory.write(bytes, as: name) }
        let loader = try ModelLoader.test()
        var seen: Set<String> = []
        for _ in 0..<120 {
            let name = names[random.below(names.count)]
            var bytes = files[name] ?? []
            // Of weights the header, mostly.
            let end = name.hasSuffix(".safetensors") ? 3_000 : bytes.count
            for _ in 0...random.below(3) { Self.damage(&bytes, &random, end) }
            try directory.write(bytes, as: name)
            let outcome = loader.run(path: directory.path)
            if let rejection = outcome.rejection {
                #expect(rejection.code != .unexpected, "\(rejection)")
                seen.insert("\(rejection.layer)/\(rejection.code)")
            } else {
                seen.insert("accepted")
            }
            try directory.write(files[name] ?? [], as: name)
        }
        #expect(loader.run(path: directory.path).report.accepted)
        #expect(seen.count > 3, "\(seen)")
    }

    /// Every key of config.json with values that no model has.
    @Test func survivesAnyValueOfAnyKey() throws {
        let values = [
            "null", "true", "0", "1", "2", "-1", "0.5", "1e-30", "1e300", "4294967296",
            "9223372036854775807", "\"\"", "\"silu\"", "[]", "[1]", "{}", "{\"factor\":1}",
        ]
        let directory = try TemporaryDirectory()
        let loader = try ModelLoader.test()
        for className in ["LlamaForCausalLM", "PhiForCausalLM", "BitNetForCausalLM"] {
            let model = CheckpointBuilder.tiny(className)
            for (name, bytes) in model.files() { try directory.write(bytes, as: name) }
            let keys = model.configuration.map(\.key) + ["rope_scaling", "head_dim"]
            for key in keys {
                for value in values {
                    var keys = CheckpointBuilder()
                    keys.configuration = model.configuration
                    keys.set(key, value)
                    try directory.write(keys.files()["config.json"] ?? [], as: "config.json")
                    let rejection = loader.run(path: directory.path).rejection
                    #expect(rejection?.code != .unexpected)
                    let layer = rejection?.layer ?? .compatibility
                    #expect([.compatibility, .validation].contains(layer), "\(key) \(value)")
                }
            }
        }
    }
}
