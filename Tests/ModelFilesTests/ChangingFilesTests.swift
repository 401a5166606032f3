// Files that change while they are read: what was read stays, and the change is noticed.

import Glibc
import ModelFiles
import TestSupport
import Testing

@Suite struct ChangingFilesTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write([UInt8](repeating: 7, count: 1 << 20), as: "model.gguf")
    }

    private func changeText(_ file: ModelFile) -> String? {
        let error = #expect(throws: ModelFileError.self) { try file.checkUnchanged() }
        #expect(error?.code == .changedWhileRead)
        #expect(error?.code.isTransient == true)
        return error?.found
    }

    @Test func anUntouchedFileIsUnchanged() throws {
        let file = try ModelFile(path: path)
        try file.checkUnchanged()
    }

    @Test func whatWasReadStaysWhenTheFileIsCut() throws {
        let file = try ModelFile(path: path)
        let head = try file.head(file.size)
        #expect(truncate(path, 8192) == 0)
        #expect(head.allSatisfy { $0 == 7 })
        #expect(changeText(file) == "the size went from 1048576 to 8192 bytes")
    }

    @Test func bytesThatAreGoneAreARefusalNotZeros() throws {
        let file = try ModelFile(path: path)
        #expect(truncate(path, 8192) == 0)
        let error = #expect(throws: ModelFileError.self) { _ = try file.head(file.size) }
        #expect(error?.code == .changedWhileRead)
        #expect(error?.found == "the file ended at byte 8192")
        var buffer = [UInt8](repeating: 0, count: 100)
        let other = #expect(throws: ModelFileError.self) {
            try buffer.withUnsafeMutableBytes { try file.fill($0, from: 8150) }
        }
        #expect(other?.code == .changedWhileRead)
    }

    @Test func aVocabularyOutlivesItsFile() throws {
        var builder = GGUFBuilder()
        builder.add("words", .strings((0..<5000).map { "word \($0)" }))
        let path = try directory.write(builder.build(), as: "words.gguf")
        let file = try GGUFFile(ModelFile(path: path))
        #expect(truncate(path, 4096) == 0)
        file.file.close()
        let words = try #require(file.metadata["words"]?.asArray)
        var found: [String] = []
        words.forEachString { _, bytes in found.append(String(decoding: bytes, as: UTF8.self)) }
        #expect(found == (0..<5000).map { "word \($0)" })
    }

    @Test func aClosedFileIsReadNoMore() throws {
        let file = try ModelFile(path: path)
        file.close()
        let error = #expect(throws: ModelFileError.self) { _ = try file.head(1) }
        #expect(error?.code == .ioError)
        file.close()
    }

    @Test func aFileThatIsWrittenToIsReported() throws {
        let file = try ModelFile(path: path)
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 2, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(changeText(file) == "the modification time changed")
    }

    @Test func aFileThatIsReplacedIsReported() throws {
        let file = try ModelFile(path: path)
        let other = try directory.write([1], as: "other")
        #expect(rename(other, path) == 0)
        #expect(changeText(file) == "the path names another file")
    }

    @Test func aFileThatIsRemovedIsReported() throws {
        let file = try ModelFile(path: path)
        #expect(unlink(path) == 0)
        #expect(changeText(file)?.hasPrefix("the path is gone") == true)
    }

    @Test func readsThroughTheDescriptorUpToTheEnd() throws {
        let file = try ModelFile(path: path)
        var buffer = [UInt8](repeating: 0, count: 1000)
        let count = try buffer.withUnsafeMutableBytes {
            try file.read(at: (1 << 20) - 10, into: $0)
        }
        #expect(count == 10)
        #expect(buffer[0] == 7 && buffer[10] == 0)
        let end = try buffer.withUnsafeMutableBytes { try file.read(at: 1 << 20, into: $0) }
        #expect(end == 0)
        let error = #expect(throws: ModelFileError.self) {
            _ = try buffer.withUnsafeMutableBytes { try file.read(at: -1, into: $0) }
        }
        #expect(error?.code == .ioError)
    }

    @Test func noMemoryForTheHeadIsTransientAnotherReasonIsNot() {
        let memory = SystemCallFailure(call: "mmap", number: ENOMEM)
        #expect(ModelFileError.reserving(path: "p", size: 1, memory).code == .resourcesExhausted)
        let device = SystemCallFailure(call: "mmap", number: ENODEV)
        #expect(ModelFileError.reserving(path: "p", size: 1, device).code == .ioError)
    }
}
