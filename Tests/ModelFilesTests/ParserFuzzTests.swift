// Random damage: whatever the bytes, the parser accepts with every tensor inside the file, or
// refuses with a typed error. Seeded, and repeatable with ASSAY_FUZZ_SEED.

import Glibc
import ModelFiles
import TestSupport
import Testing

@Suite struct ParserFuzzTests {
    static let originals: [GGUFBuilder] = {
        var shape = TinyLlamaShape()
        shape.blockCount = 1
        shape.embeddingLength = 32
        shape.feedForwardLength = 32
        var nested = MalformedFile.smallest
        nested.add("test.nested", .array(type: 9, [.strings(["a", "b"]), .uint32s([1, 2])]))
        nested.add("test.flags", .array(type: 7, [.bool(true), .bool(false)]))
        return [MalformedFile.smallest, nested, .tinyLlama(shape: shape, encoding: .q4_0)]
    }()

    /// Outcomes seen; a fuzz run that only ever refuses, or accepts, tests nothing.
    struct Tally {
        var accepted = 0
        var codes: Set<String> = []
    }

    private func judge(_ bytes: [UInt8], _ path: String, _ tally: inout Tally) throws {
        unlink(path)  // A new file stays in memory; one that is cut and rewritten is flushed.
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        let written = write(descriptor, bytes, bytes.count)
        close(descriptor)
        try #require(written == bytes.count)
        let file: GGUFFile
        do throws(ModelFileError) {
            file = try GGUFFile(ModelFile(path: path))
        } catch {
            tally.codes.insert(error.code.name)
            return
        }
        tally.accepted += 1
        var end = file.dataOffset
        for tensor in file.tensors.sorted(by: { $0.byteOffset < $1.byteOffset }) {
            #expect(tensor.byteOffset >= end)
            end = tensor.byteOffset + tensor.byteSize
            #expect(end <= bytes.count)
            #expect(try file.bytes(of: tensor).count == tensor.byteSize)
        }
        walk(file.metadata)
    }

    /// Reads every array the way the layers above do.
    private func walk(_ metadata: Metadata) {
        for key in metadata.keys {
            guard let array = metadata[key]?.asArray else { continue }
            var size = 0
            array.forEachString { _, bytes in size += bytes.count }
            #expect(size <= array.byteSize)
            _ = (array.integers(), array.floats(), array.bools(), array.arrays())
        }
    }

    @Test func flippedBits() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("flippedBits"))
        let directory = try TemporaryDirectory()
        var tally = Tally()
        for original in Self.originals {
            let layout = original.layout()
            for _ in 0..<700 {
                var bytes = layout.bytes
                for _ in 0...random.below(4) {
                    bytes[random.below(layout.dataOffset)] ^= UInt8(1 << random.below(8))
                }
                try judge(bytes, directory.path("f.gguf"), &tally)
            }
        }
        #expect(tally.accepted > 0)
        #expect(tally.codes.count > 8, "\(tally.codes)")
    }

    @Test func truncatedAtEveryBoundaryAndBeside() throws {
        let directory = try TemporaryDirectory()
        for original in Self.originals.prefix(2) {
            var tally = Tally()
            let layout = original.layout()
            for boundary in [0] + layout.boundaries {
                for cut in [boundary - 1, boundary, boundary + 1]
                where cut >= 1 && cut < layout.bytes.count {
                    try judge(Array(layout.bytes.prefix(cut)), directory.path("f.gguf"), &tally)
                }
            }
            #expect(tally.accepted == 0)
            #expect(tally.codes.isSuperset(of: ["truncated", "tensor_outside_file"]))
        }
    }

    @Test func randomSplices() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("randomSplices"))
        let directory = try TemporaryDirectory()
        var tally = Tally()
        let pool = Self.originals.map { $0.layout() }
        for _ in 0..<1500 {
            let left = pool[random.below(pool.count)]
            let right = pool[random.below(pool.count)]
            let head = left.boundaries[random.below(left.boundaries.count)]
            let tail = right.boundaries[random.below(right.boundaries.count)]
            var bytes = Array(left.bytes.prefix(head))
            if random.below(3) == 0 {
                let count = random.below(12)
                bytes += (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
            bytes += right.bytes.dropFirst(tail)
            if bytes.isEmpty { continue }
            try judge(bytes, directory.path("f.gguf"), &tally)
        }
        #expect(tally.codes.count > 8, "\(tally.codes)")
    }

    @Test func numbersReplacedByExtremes() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("numbersReplacedByExtremes"))
        let directory = try TemporaryDirectory()
        let extremes: [UInt64] = [
            0, 1, 0x7F, 0xFF, 0xFFFF, 1 << 31, UInt64(UInt32.max), 1 << 32, 1 << 62,
            UInt64(Int64.max), 1 << 63, .max - 7, .max,
        ]
        var tally = Tally()
        for original in Self.originals {
            let layout = original.layout()
            for _ in 0..<500 {
                var bytes = layout.bytes
                let end = layout.boundaries[random.below(layout.boundaries.count)]
                let size = [1, 2, 4, 8][random.below(4)]
                guard end >= size, end <= layout.dataOffset else { continue }
                let value = extremes[random.below(extremes.count)]
                withUnsafeBytes(of: value.littleEndian) {
                    bytes.replaceSubrange(end - size..<end, with: $0.prefix(size))
                }
                try judge(bytes, directory.path("f.gguf"), &tally)
            }
        }
        #expect(tally.codes.count > 12, "\(tally.codes)")
    }

    @Test func randomBytesBehindTheMagic() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("randomBytesBehindTheMagic"))
        let directory = try TemporaryDirectory()
        var tally = Tally()
        for _ in 0..<500 {
            let noise = (0..<random.below(400)).map { _ in UInt8(truncatingIfNeeded: random.next())
            }
            let header: [UInt8] = Array("GGUF".utf8) + [3, 0, 0, 0]
            try judge(header + noise, directory.path("f.gguf"), &tally)
        }
        #expect(tally.accepted == 0)
    }
}
