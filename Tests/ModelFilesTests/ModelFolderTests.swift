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
            let model = try SplitGGUFFile(path: directory.path(name))
            #expect(model.tensors.map(\.name) == (0..<count).map { "p\($0)" })
            #expect(model.files.count == count)
            #expect(model.metadata["general.architecture"]?.asString == "llama")
            #expect(SplitGGUFFile.isPart(model.parts[0]) == (count > 1))
            for tensor in model.tensors {
                let found = try #require(model.tensor(tensor.name))
                let value = UInt8(tensor.name.dropFirst()) ?? 255
                #expect(model.bytes(of: found).elementsEqual(Array(repeating: value, count: 32)))
            }
            try model.checkUnchanged()
        }
    }

    @Test func joinsTheShards() throws {
        let directory = try write(MalformedModelFolder.sharded)
        for path in [
            directory.path, directory.path + "/", directory.path(SafeTensorsModel.indexName),
        ] {
            let model = try SafeTensorsModel(path: path)
            #expect(model.tensors.map(\.name) == ["x", "y"])
            let last = try #require(model.tensor("y"))
            #expect(last.dimensions == [2, 2])
            #expect(model.bytes(of: last).elementsEqual(Array(repeating: 2, count: 8)))
            #expect(model.fileSize == model.files.reduce(0) { $0 + $1.identity.size })
        }
    }

    @Test func opensASingleFileByItsFolderAndByItsName() throws {
        let directory = try write(["model.safetensors": SafeTensorsBuilder.smallest.build()])
        for path in [directory.path, directory.path("model.safetensors")] {
            #expect(try SafeTensorsModel(path: path).tensors.count == 2)
        }
    }

    @Test(arguments: MalformedModelFolder.all)
    func refuses(_ folder: MalformedModelFolder) throws {
        let directory = try write(folder.files)
        let path = folder.path.isEmpty ? directory.path : directory.path(folder.path)
        let error = #expect(throws: ModelFileError.self) {
            if folder.isGGUF {
                _ = try SplitGGUFFile(path: path)
            } else {
                _ = try SafeTensorsModel(path: path)
            }
        }
        #expect(error?.code.name == folder.code, "\(error?.message ?? "")")
    }

    @Test func namesInTheCatalogueAreUnique() {
        #expect(Set(MalformedModelFolder.all.map(\.name)).count == MalformedModelFolder.all.count)
    }
}
