// Paths that are no model file: each kind is refused by name, without blocking and without side
// effects.

import Foundation
import Glibc
import ModelFiles
import TestSupport
import Testing

@Suite struct FileLayerTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func code(_ path: String, limits: FileLimits = .default) -> String? {
        let error = #expect(throws: ModelFileError.self) {
            _ = try ModelFile(path: path, limits: limits)
        }
        #expect(error?.code.layer == .file)
        #expect(error?.location.path == path)
        return error?.code.name
    }

    @Test func refusesPathsThatLeadNowhere() throws {
        #expect(code(directory.path("absent.gguf")) == "not_found")
        let file = try directory.write([1], as: "plain.gguf")
        #expect(code(file + "/inside.gguf") == "not_found")
        #expect(code("") == "path_invalid")
        #expect(code("/tmp/a\0b.gguf") == "path_invalid")
        #expect(code("/" + String(repeating: "a/", count: 4000) + "b.gguf") == "path_invalid")
    }

    @Test func theSentenceNamesTheFileAndTheFault() {
        let path = directory.path("absent.gguf")
        let error = #expect(throws: ModelFileError.self) { _ = try ModelFile(path: path) }
        #expect(error?.message == "model file does not exist: \(path)")
        #expect(error?.tried == "looking up the path")
    }

    @Test func refusesLinksToNothingAndCircles() throws {
        let dangling = directory.path("dangling.gguf")
        #expect(symlink("nowhere", dangling) == 0)
        #expect(code(dangling) == "dangling_link")
        let circle = directory.path("circle.gguf")
        #expect(symlink("circle.gguf", circle) == 0)
        #expect(code(circle) == "link_loop")
    }

    @Test func refusesDirectoriesAndLinksToThem() throws {
        let folder = directory.path("folder.gguf")
        #expect(mkdir(folder, 0o700) == 0)
        #expect(code(folder) == "is_directory")
        let link = directory.path("link.gguf")
        #expect(symlink(folder, link) == 0)
        #expect(code(link) == "is_directory")
    }

    @Test func refusesFIFOsWithoutWaitingForAWriter() throws {
        let path = directory.path("fifo.gguf")
        #expect(mkfifo(path, 0o600) == 0)
        #expect(code(path) == "is_fifo")
    }

    @Test func refusesSockets() throws {
        let path = directory.path("s.gguf")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
        #expect(code(path) == "is_socket")
    }

    @Test func refusesDevicesAndTheirLinks() throws {
        #expect(code("/dev/zero") == "is_device")
        #expect(code("/dev/null") == "is_device")
        let link = directory.path("zero.gguf")
        #expect(symlink("/dev/zero", link) == 0)
        #expect(code(link) == "is_device")
    }

    @Test func refusesEmptyFilesAndFilesAboveTheLimit() throws {
        let empty = try directory.write([], as: "empty.gguf")
        #expect(code(empty) == "empty_file")
        let small = try directory.write([1, 2, 3], as: "small.gguf")
        var limits = FileLimits()
        limits.fileSizeMax = 2
        #expect(code(small, limits: limits) == "file_too_large")
    }

    @Test func refusesOtherExtensionsAndNamesTheSupportedOnes() throws {
        for name in ["model.bin", "model", "gguf", "model.gguf.txt", "model.", ".gguff"] {
            let path = try directory.write([1], as: name)
            #expect(code(path) == "extension_unsupported", "\(name)")
        }
        let path = directory.path("model.bin")
        let error = #expect(throws: ModelFileError.self) { _ = try ModelFile(path: path) }
        #expect(
            error?.message == "file name does not tell the format: found \".bin\" and a file "
                + "without GGUF's magic; allowed: .gguf, .safetensors, .safetensors.index.json, "
                + "a GGUF file of any name, or a folder "
                + "(choosing a format by the file name's extension, in \"\(path)\")")
    }

    /// Stores of models name files by their hashes.
    @Test func takesAFileWithGGUFsMagicUnderAnyName() throws {
        for name in ["sha256-0a1b2c", "model.bin", "model."] {
            let path = try directory.write("GGUF".utf8, as: name)
            #expect(try ModelFile(path: path).format == .gguf)
        }
        let path = try directory.write("GGU".utf8, as: "short")
        #expect(code(path) == "extension_unsupported")
    }

    /// In a process of its own, which gives up the right of root to read everything.
    @Test func refusesFilesWithoutReadPermission() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = try directory.write([1], as: "secret.gguf")
            try #require(chmod(path, 0) == 0)
            if geteuid() == 0 { try #require(seteuid(65_534) == 0) }
            let error = #expect(throws: ModelFileError.self) { _ = try ModelFile(path: path) }
            #expect(error?.code == .permissionDenied)
            #expect(error?.code.isTransient == true)
        }
    }

    @Test func followsLinksToRegularFiles() throws {
        try directory.write(MalformedFile.smallest.build(), as: "blob")
        let link = directory.path("model.gguf")
        #expect(symlink("blob", link) == 0)
        #expect(try GGUFFile(ModelFile(path: link)).tensors.count == 2)
    }

    @Test func everyErrnoHasACodeAndOnlyPassingOnesAreTransient() {
        let expected: [(Int32, String, Bool)] = [
            (ENOENT, "not_found", true), (ENOTDIR, "not_found", true),
            (EACCES, "permission_denied", true), (EPERM, "permission_denied", true),
            (ELOOP, "link_loop", false), (ENAMETOOLONG, "path_invalid", false),
            (EISDIR, "is_directory", false), (ENXIO, "is_socket", false),
            (EMFILE, "resources_exhausted", true), (ENOMEM, "resources_exhausted", true),
            (EBUSY, "resources_exhausted", true), (EIO, "io_error", true),
            (ESTALE, "io_error", true),
        ]
        for (number, name, isTransient) in expected {
            let failure = SystemCallFailure(call: "open", number: number)
            let error = ModelFileError.system(failure, tried: "t", location: .init(path: "p"))
            #expect(error.code.name == name)
            #expect(error.code.isTransient == isTransient, "\(name)")
            #expect(error.cause == failure)
            #expect("\(failure)".hasPrefix("open: "))
        }
    }

    @Test func codesAreUniqueSnakeCase() {
        let names = ModelFileError.Code.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber }, "\(name)")
        }
        #expect(ModelFileError.Code.notFound.description == "not_found")
    }
}
