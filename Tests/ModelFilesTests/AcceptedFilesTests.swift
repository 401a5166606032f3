// Odd but valid files: what the format allows must be accepted, with the right values.

import ModelFiles
import TestSupport
import Testing

@Suite struct AcceptedFilesTests {
    @Test func readsKeysAndTensorsOfTheSmallestFile() throws {
        let file = try MalformedFile.smallest.parsed()
        #expect(file.version == 3)
        #expect(file.alignment == 32)
        #expect(file.metadata.keys == ["general.architecture", "test.number", "test.words"])
        #expect(file.metadata.count == 3)
        #expect(file.metadata["test.number"]?.asUnsigned == 42)
        #expect(file.metadata["test.words"]?.asArray?.strings() == ["one", "two"])
        #expect(file.metadata["absent"] == nil)
        #expect(file.metadata.byteOffset(of: "general.architecture") == 24)
        #expect(file.metadata.byteOffset(of: "absent") == nil)
        let first = try #require(file.tensor("first"))
        #expect(first.dimensions == [4, 2])
        #expect((first.columns, first.rows, first.valueCount) == (4, 2, 8))
        #expect(first.byteOffset == file.dataOffset)
        #expect(try file.bytes(of: first) == [UInt8](repeating: 1, count: 32))
        #expect(file.tensor("third") == nil)
    }

    @Test func acceptsVersion2() throws {
        var builder = MalformedFile.smallest
        builder.version = 2
        #expect(try builder.parsed().version == 2)
    }

    @Test(arguments: [8, 16, 64, 4096, 65536, 1 << 20])
    func acceptsAlignment(_ alignment: Int) throws {
        var builder = MalformedFile.smallest
        builder.alignment = alignment
        builder.set("general.alignment", .uint32(UInt32(alignment)))
        let file = try builder.parsed()
        #expect(file.alignment == alignment)
        #expect(file.tensors.allSatisfy { $0.byteOffset % alignment == 0 })
    }

    @Test func acceptsAFileWithoutTensors() throws {
        var builder = MalformedFile.smallest
        builder.tensors = []
        let file = try builder.parsed()
        #expect(file.tensors.isEmpty)
        #expect(file.dataOffset == file.file.size)
    }

    @Test func acceptsAnEmptyFileBody() throws {
        let file = try GGUFBuilder().parsed()
        #expect(file.metadata.count == 0)
        #expect(file.tensors.isEmpty)
    }

    @Test func acceptsBytesBehindTheLastTensor() throws {
        let bytes = MalformedFile.smallest.build() + [1, 2, 3]
        let file = try parse(bytes)
        #expect(file.tensors.count == 2)
    }

    @Test func acceptsTensorsInAnyOrderAndGapsBetweenThem() throws {
        var builder = MalformedFile.smallest
        builder.tensors[0].claimedOffset = 96
        builder.tensors[1].claimedOffset = 0
        let bytes = builder.build() + [UInt8](repeating: 2, count: 128)
        let file = try parse(bytes)
        #expect(file.tensor("first")?.byteOffset == file.dataOffset + 96)
        #expect(file.tensor("second")?.byteOffset == file.dataOffset)
    }

    @Test func acceptsTheLongestTensorName() throws {
        var builder = MalformedFile.smallest
        let name = String(repeating: "é", count: 32)
        builder.tensors[0].name = Array(name.utf8)
        #expect(try builder.parsed().tensor(name) != nil)
    }

    @Test func acceptsArraysFourDeepAndEmptyOnes() throws {
        var value = GGUFBuilder.Value.array(type: 4, [.uint32(7)])
        for _ in 1..<4 { value = .array(type: 9, [value]) }
        var builder = MalformedFile.smallest
        builder.add("test.deep", value)
        builder.add("test.empty", .array(type: 8, []))
        builder.add("test.hollow", .array(type: 9, [.array(type: 9, [])]))
        let metadata = try builder.parsed().metadata
        var inner = try #require(metadata["test.deep"]?.asArray)
        for _ in 1..<4 { inner = try #require(inner.arrays()?.first) }
        #expect(inner.integers() == [7])
        #expect(metadata["test.empty"]?.asArray?.strings() == [])
        #expect(metadata["test.hollow"]?.asArray?.arrays()?.first?.count == 0)
    }

    @Test func keepsTokensThatAreNotUTF8AsBytes() throws {
        var builder = MalformedFile.smallest
        builder.add("test.tokens", .array(type: 8, [.bytes([0xFF, 0x41]), .bytes([])]))
        let array = try #require(try builder.parsed().metadata["test.tokens"]?.asArray)
        var pieces: [[UInt8]] = []
        array.forEachString { index, bytes in
            #expect(index == pieces.count)
            pieces.append(Array(bytes))
        }
        #expect(pieces == [[0xFF, 0x41], []])
    }

    @Test func extensionMayBeInAnyCase() throws {
        let directory = try TemporaryDirectory()
        for name in ["a.gguf", "b.GGUF", "c.GgUf"] {
            let path = try directory.write(MalformedFile.smallest.build(), as: name)
            #expect(try GGUFFile(ModelFile(path: path)).tensors.count == 2)
        }
    }

    @Test func computesSizesOfEveryFormat() throws {
        for format in TensorFormat.all where !format.blocksSpanRows {
            var builder = GGUFBuilder()
            let size = format.bytesPerBlock * 6
            builder.tensors = [
                .init(
                    "t", [format.valuesPerBlock * 2, 3], format: format.id,
                    data: [UInt8](repeating: 0, count: size))
            ]
            let tensor = try #require(try builder.parsed().tensor("t"))
            #expect(tensor.byteSize == size, "\(format)")
            #expect(tensor.format == format)
        }
        #expect(TensorFormat.known(36)?.trailerSize == 32)
        #expect(TensorFormat.known(4) == nil)
        #expect(TensorFormat.known(.max) == nil)
        #expect("\(TensorFormat.known(8)!)" == "Q8_0")
    }

    private func parse(_ bytes: [UInt8]) throws -> GGUFFile {
        let directory = try TemporaryDirectory()
        return try GGUFFile(ModelFile(path: directory.write(bytes, as: "model.gguf")))
    }
}
