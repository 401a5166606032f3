// Files that change while they are mapped: the process survives, and the change is noticed.

import CMapGuard
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

    private func changeText(_ file: MappedFile) -> String? {
        let error = #expect(throws: ModelFileError.self) { try file.checkUnchanged() }
        #expect(error?.code == .changedWhileRead)
        #expect(error?.code.isTransient == true)
        return error?.found
    }

    @Test func anUntouchedFileIsUnchanged() throws {
        let file = try MappedFile(path: path)
        try file.checkUnchanged()
        #expect(file.isIntact)
    }

    @Test func aFileCutWhileMappedReadsAsZerosAndIsReported() throws {
        let file = try MappedFile(path: path)
        #expect(file.bytes[file.bytes.count - 1] == 7)
        #expect(truncate(path, 8192) == 0)
        var sum = 0
        for offset in stride(from: 0, to: file.bytes.count, by: 4096) {
            sum += Int(file.bytes[offset])
        }
        #expect(sum == 14)
        #expect(!file.isIntact)
        #expect(changeText(file)?.contains("pages") == true)
    }

    @Test func aFileCutButNotReadIsReported() throws {
        let file = try MappedFile(path: path)
        #expect(truncate(path, 100) == 0)
        #expect(file.isIntact)
        #expect(changeText(file) == "the size went from 1048576 to 100 bytes")
    }

    @Test func aVocabularyCutWhileMappedEndsTheIterationQuietly() throws {
        var builder = GGUFBuilder()
        builder.add("words", .strings((0..<5000).map { "word \($0)" }))
        let path = try directory.write(builder.build(), as: "words.gguf")
        let file = try GGUFFile(MappedFile(path: path))
        #expect(truncate(path, 4096) == 0)
        let words = try #require(file.metadata["words"]?.asArray)
        var count = 0
        words.forEachString { _, _ in count += 1 }
        // Zero bytes read as empty strings: never a length outside the view.
        #expect(count == 5000)
        #expect(!file.file.isIntact)
    }

    @Test func aFileThatIsWrittenToIsReported() throws {
        let file = try MappedFile(path: path)
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 2, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(changeText(file) == "the modification time changed")
    }

    @Test func aFileThatIsReplacedIsReported() throws {
        let file = try MappedFile(path: path)
        let other = try directory.write([1], as: "other")
        #expect(rename(other, path) == 0)
        #expect(changeText(file) == "the path names another file")
    }

    @Test func aFileThatIsRemovedIsReported() throws {
        let file = try MappedFile(path: path)
        #expect(unlink(path) == 0)
        #expect(changeText(file)?.hasPrefix("the path is gone") == true)
    }

    @Test func readsThroughTheDescriptorUpToTheEnd() throws {
        let file = try MappedFile(path: path)
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

    @Test func guardSlotsAreGivenBack() throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let memory = UnsafeMutableRawPointer.allocate(byteCount: page, alignment: page)
        defer { memory.deallocate() }
        // Far more than there are slots, one after the other.
        for _ in 0..<(2 * Int(MAPGUARD_SLOT_COUNT_MAX)) {
            let slot = mapguard_register(memory, page)
            try #require(slot >= 0)
            #expect(mapguard_faulted(slot) == 0)
            mapguard_unregister(slot)
        }
    }

    @Test func noFreeSlotAndNoMemoryAreTransientNoMappingIsNot() {
        let full = ModelFileError.guarding(path: "p", isFull: true)
        #expect(full.code == .resourcesExhausted)
        #expect(full.message.contains("1024"))
        #expect(ModelFileError.guarding(path: "p", isFull: false).code == .resourcesExhausted)
        let memory = SystemCallFailure(call: "mmap", number: ENOMEM)
        #expect(ModelFileError.mapping(path: "p", size: 1, memory).code == .resourcesExhausted)
        let device = SystemCallFailure(call: "mmap", number: ENODEV)
        #expect(ModelFileError.mapping(path: "p", size: 1, device).code == .ioError)
    }
}
