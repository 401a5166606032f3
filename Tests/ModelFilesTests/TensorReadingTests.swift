// One pass over the weights shows every byte once, and of what was parsed the copy that was parsed.

import Dispatch
import Foundation
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct TensorReadingTests {
    /// Keeps what it is shown, by file.
    private final class Witness: ReadObserver, @unchecked Sendable {
        private(set) var shown: [String: [UInt8]] = [:]
        let isGivenUp = false

        func observe(
            _ bytes: UnsafeRawBufferPointer, of file: ModelFile,
            done: @escaping @Sendable () -> Void
        ) {
            shown[file.path, default: []] += bytes
            done()
        }
    }

    /// Looks at the bytes on a thread of its own, late.
    private final class LateWitness: ReadObserver {
        let shown = Mutex<[UInt8]>([])
        let isGivenUp = false
        private let queue = DispatchQueue(label: "late")

        func observe(
            _ bytes: UnsafeRawBufferPointer, of file: ModelFile,
            done: @escaping @Sendable () -> Void
        ) {
            nonisolated(unsafe) let bytes = bytes
            queue.async { [self] in
                sched_yield()
                shown.withLock { $0 += bytes }
                done()
            }
        }

        func wait() { queue.sync {} }
    }

    @Test(arguments: [false, true])
    func theHeadOfEveryPartIsTheOneThatWasParsed(_ isFirstBare: Bool) throws {
        let parts = GGUFBuilder.tinyLlama().split(into: 3, isFirstBare: isFirstBare)
        let directory = try TemporaryDirectory()
        for (name, bytes) in parts { try directory.write(bytes, as: name) }
        let files = try ModelFileSet(path: directory.path)
        guard case .gguf(let model) = try ParsedModel(files) else {
            Issue.record("no GGUF model")
            return
        }
        let first = files.weights[0].path
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: first))
        try handle.write(contentsOf: [UInt8](repeating: 0, count: 64))
        try handle.close()
        let witness = Witness()
        var names: Set<String> = []
        try TensorReading(model, observer: witness).run { names.insert($0.tensor.name) }
        #expect(names == Set(model.tensors.map(\.name)))
        for file in files.weights {
            let name = try #require(parts.keys.first { file.path.hasSuffix($0) })
            #expect(witness.shown[file.path] == parts[name], "\(name)")
        }
    }

    /// A model of 24 MB with a tensor of many pieces, one that is taken whole, and a tail.
    private func largeModel(_ directory: TemporaryDirectory) throws -> (GGUFFile, [UInt8]) {
        var builder = GGUFBuilder()
        builder.set("general.architecture", .string("none"))
        var random = SeededGenerator(seed: 11)
        for (name, rows) in [("cut", 3001), ("whole", 1500), ("small", 3)] {
            let data = (0..<512 * rows).flatMap { _ in
                withUnsafeBytes(of: random.next()) { Array($0) }
            }
            builder.tensors.append(.init(name, [1024, rows], format: 0, data: data))
        }
        let bytes = builder.build() + [UInt8](repeating: 7, count: 3 << 20)
        let path = try directory.write(bytes, as: "large.gguf")
        return (try GGUFFile(ModelFile(path: path)), bytes)
    }

    @Test func piecesAreTheTensorsBytesInOrderAndTheObserverSeesTheWholeFile() throws {
        let directory = try TemporaryDirectory()
        let (file, bytes) = try largeModel(directory)
        let witness = LateWitness()
        let row = 4096
        var found: [String: [UInt8]] = [:]
        var pieceCounts: [String: Int] = [:]
        try TensorReading(file, observer: witness) { $0.name == "whole" ? nil : 16 * row }
            .run { piece in
                let name = piece.tensor.name
                #expect(piece.offset == found[name, default: []].count)
                #expect(piece.isFirst == (found[name] == nil))
                #expect(piece.bytes.count % (16 * row) == 0 || piece.isLast)
                found[name, default: []] += piece.bytes
                #expect(piece.isLast == (found[name]?.count == piece.tensor.byteSize))
                pieceCounts[name, default: 0] += 1
            }
        for tensor in file.tensors {
            let range = tensor.byteOffset..<tensor.byteOffset + tensor.byteSize
            #expect(found[tensor.name] == Array(bytes[range]), "\(tensor.name)")
        }
        #expect(pieceCounts == ["cut": 6, "whole": 1, "small": 1])
        witness.wait()
        #expect(witness.shown.withLock { $0 } == bytes)
    }

    @Test func anErrorOfTheCallerWaitsForTheObserver() throws {
        struct Stop: Error {}
        let directory = try TemporaryDirectory()
        let (file, bytes) = try largeModel(directory)
        let witness = LateWitness()
        var count = 0
        #expect(throws: Stop.self) {
            try TensorReading(file, observer: witness) { _ in 4096 }.run { _ in
                count += 1
                if count == 3 { throw Stop() }
            }
        }
        // Everything shown was looked at before the memory went.
        let shown = witness.shown.withLock { $0 }
        #expect(shown == Array(bytes.prefix(shown.count)))
        #expect(shown.count >= 3 * TensorReading.pieceSizeMax)
    }

    @Test func stagingDoesNotGrowWithTensorsThatAreCut() throws {
        let directory = try TemporaryDirectory()
        let (file, _) = try largeModel(directory)
        let cut = TensorReading.stagingSize(file) { _ in 4096 }
        #expect(cut == 8 * TensorReading.pieceSizeMax)
        #expect(TensorReading.stagingSize(file) == cut + 3001 * 4096)
    }
}
