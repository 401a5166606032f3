// One pass over the weights shows every byte once, and of what was parsed the copy that was parsed.

import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct TensorReadingTests {
    /// Keeps what it is shown, by file.
    private final class Witness: ReadObserver, @unchecked Sendable {
        private(set) var shown: [String: [UInt8]] = [:]
        let isGivenUp = false

        func observe(_ bytes: UnsafeRawBufferPointer, of file: ModelFile) {
            shown[file.path, default: []] += bytes
        }

        func wait() {}
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
        try TensorReading(model, observer: witness).run { tensor, _ in names.insert(tensor.name) }
        #expect(names == Set(model.tensors.map(\.name)))
        for file in files.weights {
            let name = try #require(parts.keys.first { file.path.hasSuffix($0) })
            #expect(witness.shown[file.path] == parts[name], "\(name)")
        }
    }
}
