// Every broken file of the catalogue that the file and parse layers must refuse, straight at the
// parser.
// Time and memory bounds are checked in LoadingTests, where the whole assay runs.

import ModelFiles
import TestSupport
import Testing

@Suite struct MalformedParseTests {
    @Test(arguments: MalformedFile.all.filter { $0.layer == "parse" })
    func refuses(_ file: MalformedFile) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.bytes(), as: "model.gguf")
        let opened = try ModelFile(path: path)
        let error = #expect(throws: ModelFileError.self) { _ = try GGUFFile(opened) }
        #expect(error?.code.name == file.code)
        #expect(error?.code.layer == .parse)
        #expect(error?.code.isTransient == false)
        #expect(file.isNamed(in: error?.message ?? ""), "\(error?.message ?? "")")
        #expect(error?.location.path == path)
    }

    @Test(arguments: MalformedFile.all.filter { $0.layer != "parse" })
    func parsesFilesThatOtherLayersRefuse(_ file: MalformedFile) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.bytes(), as: "model.gguf")
        _ = try GGUFFile(ModelFile(path: path))
    }

    @Test func namesInTheCatalogueAreUnique() {
        let names = MalformedFile.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.count >= 90)
    }

    @Test func everyParseCodeHasAFileThatProducesIt() {
        let covered = Set(MalformedFile.all.map(\.code))
            .union(MalformedSafeTensors.all.map(\.code))
            .union(MalformedModelFolder.all.map(\.code))
        // It needs a special file and has a test of its own.
        let elsewhere: Set = ["metadata_too_large"]
        let codes = Set(ModelFileError.Code.all.filter { $0.layer == .parse }.map(\.name))
        #expect(codes.subtracting(covered).subtracting(elsewhere) == [])
    }

    @Test func refusesSafeTensorsByItsExtension() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(MalformedFile.smallest.build(), as: "model.safetensors")
        let file = try ModelFile(path: path)
        let error = #expect(throws: ModelFileError.self) { _ = try GGUFFile(file) }
        #expect(error?.code == .notGGUF)
    }

    @Test func smallerLimitsAreObeyed() throws {
        let directory = try TemporaryDirectory()
        let file = try ModelFile(
            path: directory.write(MalformedFile.smallest.build(), as: "model.gguf"))
        func code(_ change: (inout ParseLimits) -> Void) -> String? {
            var limits = ParseLimits()
            change(&limits)
            let error = #expect(throws: ModelFileError.self) {
                _ = try GGUFFile(file, limits: limits)
            }
            return error?.code.name
        }
        #expect(code { $0.metadataSizeMax = 64 } == "metadata_too_large")
        #expect(code { $0.metadataCountMax = 2 } == "metadata_count_invalid")
        #expect(code { $0.tensorCountMax = 1 } == "tensor_count_invalid")
        #expect(code { $0.tensorNameSizeMax = 5 } == "tensor_name_length_invalid")
        #expect(code { $0.dimensionCountMax = 1 } == "tensor_dimension_count_invalid")
        #expect(code { $0.keySizeMax = 11 } == "key_length_invalid")
        #expect(code { $0.arrayDepthMax = 0 } == "array_too_deep")
    }
}
