// SafeTensors files: right ones read, each broken one of the catalogue refused, random damage
// survived, and the reference models read as they were written.

import ModelFiles
import TestSupport
import Testing

@Suite struct SafeTensorsTests {
    private func open(
        _ bytes: [UInt8], limits: ParseLimits = .default
    ) throws -> SafeTensorsFile {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, as: "model.safetensors")
        return try SafeTensorsFile(ModelFile(path: path), limits: limits)
    }

    @Test func readsNamesShapesTypesAndBytes() throws {
        let file = try open(SafeTensorsBuilder.smallest.build())
        #expect(file.tensors.map(\.name) == ["a", "b"])
        let first = try #require(file.tensor("a"))
        #expect(first.dimensions == [3, 2])
        #expect(first.rows == 2)
        #expect(first.format.name == "BF16")
        #expect(try file.bytes(of: first) == Array(0..<12))
        #expect(file.texts.map(\.key) == ["format"])
        withExtendedLifetime(file) { #expect(file.tensor("c") == nil) }
    }

    @Test func acceptsSpacesBehindTheHeaderEntriesInAnyOrderAndScalars() throws {
        var builder = SafeTensorsBuilder.smallest
        builder.padding = [0x20, 0x20, 0x0A]
        builder.add("scale", "F16", [], data: [1, 2])
        builder.entries.reverse()
        let file = try open(builder.build())
        #expect(file.tensors.map(\.name) == ["a", "b", "scale"])
        #expect(file.tensor("scale")?.dimensions == [1])
    }

    @Test func acceptsAnEmptyModel() throws {
        var builder = SafeTensorsBuilder()
        builder.header = "{}"
        #expect(try open(builder.build()).tensors.isEmpty)
    }

    @Test(arguments: [
        ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4), ("I16", 2),
        ("I8", 1), ("U8", 1), ("U16", 2), ("U32", 4), ("U64", 8), ("BOOL", 1), ("F8_E4M3", 1),
        ("F8_E5M2", 1),
    ])
    func knowsEveryType(_ dtype: String, _ size: Int) throws {
        var builder = SafeTensorsBuilder()
        builder.add("t", dtype, [5, 3], data: [UInt8](repeating: 7, count: 15 * size))
        let tensor = try #require(try open(builder.build()).tensor("t"))
        #expect(tensor.format.name == dtype)
        #expect(tensor.byteSize == 15 * size)
    }

    @Test(arguments: MalformedSafeTensors.all)
    func refuses(_ file: MalformedSafeTensors) throws {
        let error = #expect(throws: ModelFileError.self) { _ = try open(file.bytes()) }
        #expect(error?.code.name == file.code, "\(error?.message ?? "")")
        #expect(error?.code.layer == .parse)
        #expect(file.mention.isEmpty || error?.message.contains(file.mention) == true)
    }

    @Test func namesInTheCatalogueAreUnique() {
        #expect(MalformedSafeTensors.all.count >= 50)
        #expect(Set(MalformedSafeTensors.all.map(\.name)).count == MalformedSafeTensors.all.count)
    }

    @Test func smallerLimitsAreObeyed() throws {
        func code(_ change: (inout ParseLimits) -> Void) -> String? {
            var limits = ParseLimits()
            change(&limits)
            let error = #expect(throws: ModelFileError.self) {
                _ = try open(SafeTensorsBuilder.smallest.build(), limits: limits)
            }
            return error?.code.name
        }
        #expect(code { $0.metadataSizeMax = 64 } == "header_size_invalid")
        #expect(code { $0.tensorCountMax = 2 } == "tensor_count_invalid")
        #expect(code { $0.safeTensorsNameSizeMax = 0 } == "tensor_name_length_invalid")
        #expect(code { $0.dimensionCountMax = 1 } == "tensor_dimension_count_invalid")
    }

    @Test func aGGUFFileIsNoSafeTensorsFile() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(MalformedFile.smallest.build(), as: "model.gguf")
        let file = try ModelFile(path: path)
        let error = #expect(throws: ModelFileError.self) { _ = try SafeTensorsFile(file) }
        #expect(error?.code == .notSafeTensors)
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: ["llama-gqa", "bitnet-b158"])
    func readsTheReferenceModels(_ name: String) throws {
        let model = try SafeTensorsModel(
            ModelFileSet(path: Fixtures.path("safetensors/\(name)")))
        let embedding = try #require(model.tensor("model.embed_tokens.weight"))
        #expect(embedding.dimensions == [128, 512])
        #expect(embedding.format.name == "BF16")
        let formats = Set(model.tensors.map(\.format.name))
        #expect(formats == (name == "llama-gqa" ? ["BF16"] : ["BF16", "U8"]))
        #expect(try model.bytes(of: embedding).count == 131_072)
    }

    /// The BF16 weights and the F32 file of the same model hold the same numbers.
    @Test(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
    func valuesEqualThoseOfTheGGUFFile() throws {
        let model = try SafeTensorsModel(
            ModelFileSet(path: Fixtures.path("safetensors/llama-gqa")))
        let file = try GGUFFile(ModelFile(path: Fixtures.path("models/llama-gqa-f32.gguf")))
        let short = try #require(model.tensor("model.embed_tokens.weight"))
        let long = try #require(file.tensor("token_embd.weight"))
        #expect(short.dimensions == long.dimensions)
        let upper = try model.bytes(of: short)
        let floats = try file.bytes(of: long)
        let isEqual = withExtendedLifetime((model, file)) {
            (0..<short.valueCount).allSatisfy { index in
                let value = upper.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                }
                return floats.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                }
                    == UInt32(value) << 16
            }
        }
        #expect(isEqual)
    }

    @Test func survivesRandomDamage() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("SafeTensors damage"))
        let directory = try TemporaryDirectory()
        let original = SafeTensorsBuilder.smallest.build()
        let pool = MalformedSafeTensors.all.map { $0.bytes() }.filter { $0.count < 1_000 }
        var accepted = 0
        var codes: Set<String> = []
        for round in 0..<1_500 {
            var bytes = round % 2 == 0 ? original : pool[random.below(pool.count)]
            for _ in 0...random.below(3) {
                switch random.below(4) {
                case 0: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
                case 1:
                    let signs = Array("{}[]\",:0 \\".utf8)
                    bytes.insert(signs[random.below(signs.count)], at: bytes.count / 2)
                case 2 where bytes.count > 9: bytes.remove(at: random.below(bytes.count))
                default: bytes.append(UInt8(truncatingIfNeeded: random.next()))
                }
            }
            let path = try directory.write(bytes, as: "f.safetensors")
            do throws(ModelFileError) {
                let file = try SafeTensorsFile(ModelFile(path: path))
                accepted += 1
                var end = file.dataOffset
                for tensor in file.tensors {
                    #expect(tensor.byteOffset == end)
                    end += try file.bytes(of: tensor).count
                }
                #expect(end == bytes.count)
            } catch {
                codes.insert(error.code.name)
            }
        }
        #expect(accepted > 0)
        #expect(codes.count > 10, "\(codes)")
    }
}
