// Remembered digests choose a packing and nothing else: what they claim never reaches an answer,
// and a file of them that is not in order counts as none.

import Foundation
import Glibc
import Loading
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct DigestMemoryTests {
    let directory: TemporaryDirectory
    let log = RecordedLog()
    let bytes = GGUFBuilder.tinyLlama().build()

    init() throws { directory = try TemporaryDirectory() }

    private var file: String { directory.path("cache/assay/digests") }

    /// A store whose clock is `seconds` ahead, as if the files had rested so long.
    private func store(ahead seconds: Int64 = 10) -> PackingStore {
        PackingStore(
            digests: DigestMemory(path: file, logger: log.logger) {
                Int64(Date().timeIntervalSince1970 * 1e9) + seconds * 1_000_000_000
            })
    }

    private func load(_ path: String, _ store: PackingStore) throws -> RealModel {
        try ModelLoader.test(store: store).load(path: path).ensureReal()
    }

    private func text() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

    /// The identity of a file in the form of the file.
    private func key(_ path: String) throws -> String {
        var status = stat()
        try #require(stat(path, &status) == 0)
        let times = [status.st_mtim, status.st_ctim].map { $0.tv_sec * 1_000_000_000 + $0.tv_nsec }
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(times[0]) \(times[1])"
    }

    @Test func aDigestOutlivesTheProcess() throws {
        let path = try directory.write(bytes, as: "a.gguf")
        let model = try load(path, store())
        let line = "\(try key(path)) \(model.fingerprint)"
        #expect(try text() == "assay digests 1\n\(line)\n")
        // Another process keeps the line, and adds its own.
        let copy = try directory.write(bytes, as: "b.gguf")
        let other = store()
        _ = try load(copy, other)
        let added = "\(try key(copy)) \(model.fingerprint)"
        #expect(try text() == "assay digests 1\n\(line)\n\(added)\n")
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func aRememberedFileIsNotReadAgainWhereItsPackingIsThere() throws {
        let path = try directory.write(bytes, as: "a.gguf")
        let copy = try directory.write(bytes, as: "b.gguf")
        _ = try load(copy, store())
        let store = store()
        let first = try load(path, store)
        // Whoever reads the copy now would find other bytes. Its times are put back, and the line
        // is made to fit its new change time, as no user of the file system can.
        let other = GGUFBuilder.tinyLlama(seed: 2).build()
        try #require(other.count == bytes.count)
        let old = try key(copy)
        try overwrite(copy, with: other)
        let forged = try text().replacingOccurrences(of: old, with: key(copy))
        try forged.write(toFile: file, atomically: true, encoding: .utf8)
        try #require(chmod(file, 0o600) == 0)
        let fresh = self.store()
        let resident = try load(path, fresh)
        let second = try load(copy, fresh)
        #expect(second.sharesWeights(with: resident))
        // The answers come from the packed bytes, and the fingerprint is theirs.
        #expect(second.fingerprint.bytes == sha256(bytes))
        #expect(first.fingerprint == second.fingerprint)
    }

    /// A file that changed with its size and time kept: its change time gives it away.
    @Test func aChangeWithTheSameSizeAndTimeIsNoticed() throws {
        let path = try directory.write(bytes, as: "a.gguf")
        let copy = try directory.write(bytes, as: "b.gguf")
        let store = store()
        let first = try load(path, store)
        _ = try load(copy, store)
        let other = GGUFBuilder.tinyLlama(seed: 2).build()
        try overwrite(copy, with: other)
        let second = try load(copy, store)
        #expect(!second.sharesWeights(with: first))
        #expect(second.fingerprint.bytes == sha256(other))
    }

    /// A remembered digest of other bytes: the file is packed, and its fingerprint is its own.
    @Test func aForgedDigestReachesNoAnswer() throws {
        let path = try directory.write(bytes, as: "a.gguf")
        let forged = String(repeating: "ab", count: 32)
        try FileManager.default.createDirectory(
            atPath: directory.path("cache/assay"), withIntermediateDirectories: true)
        try "assay digests 1\n\(key(path)) \(forged)\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        try #require(chmod(file, 0o600) == 0)
        let model = try load(path, store())
        #expect(model.fingerprint.bytes == sha256(bytes))
        let text = try text()
        #expect(text.contains(model.fingerprint.hex) && !text.contains(forged))
    }

    /// Within the tick of the file system's clock a second write could keep the time.
    @Test func aFileThatWasJustWrittenIsNotRemembered() throws {
        let path = try directory.write(bytes, as: "a.gguf")
        _ = try load(path, store(ahead: 0))
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    private static let digest = String(repeating: "0", count: 64)

    /// Texts that are no file of digests, by what is wrong with them.
    private static let wrongTexts: [String: String] = [
        "empty": "", "no end": "assay digests 1", "version": "assay digests 2\n",
        "bytes": "\0\0\0", "empty line": "assay digests 1\n\n",
        "missing word": "assay digests 1\n1 2 3 4 \(digest)\n",
        "short digest": "assay digests 1\n1 2 3 4 5 abc\n",
        "more words": "assay digests 1\n1 2 3 4 -5 6 \(digest)\n",
        "leading zero": "assay digests 1\n01 2 3 4 5 \(digest)\n",
        "negative device": "assay digests 1\n-1 2 3 4 5 \(digest)\n",
        "two spaces": "assay digests 1\n1  2 3 4 5 \(digest)\n",
        "overflow": "assay digests 1\n18446744073709551616 2 3 4 5 \(digest)\n",
        "cut": "assay digests 1\n1 2 3 4 5 \(digest)",
        "returns": "assay digests 1\r\n1 2 3 4 5 \(digest)\r\n",
        "entries": "assay digests 1\n" + String(repeating: "1 2 3 4 5 \(digest)\n", count: 1025),
    ]

    @Test func anotherFormCountsAsNothing() {
        for (fault, text) in Self.wrongTexts {
            #expect(!DigestMemory.isWellFormed(text), "\(fault)")
        }
    }

    @Test func theBoundsFitTogether() {
        let line =
            "18446744073709551615 18446744073709551615 18446744073709551615 "
            + "-9223372036854775808 -9223372036854775808 \(Self.digest)\n"
        let text =
            "assay digests 1\n"
            + String(repeating: line, count: DigestMemory.entryCountMax)
        #expect(DigestMemory.isWellFormed(text))
        #expect(text.utf8.count <= DigestMemory.fileSizeMax)
    }

    @Test(arguments: ["text", "large", "folder", "link", "writable", "fifo"])
    func aHostileFileIsIgnoredAndNamedInTheLog(_ kind: String) throws {
        let path = try directory.write(bytes, as: "a.gguf")
        let folder = directory.path("cache/assay")
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let good = "assay digests 1\n"
        switch kind {
        case "text": try "nonsense\n".write(toFile: file, atomically: true, encoding: .utf8)
        case "large":
            let data = Data(repeating: 0x20, count: DigestMemory.fileSizeMax + 1)
            try data.write(to: URL(fileURLWithPath: file))
        case "folder":
            try manager.createDirectory(atPath: file, withIntermediateDirectories: true)
        case "link":
            try good.write(toFile: file + ".to", atomically: true, encoding: .utf8)
            try manager.createSymbolicLink(atPath: file, withDestinationPath: file + ".to")
        case "writable":
            try good.write(toFile: file, atomically: true, encoding: .utf8)
            try #require(chmod(file, 0o666) == 0)
        default: try #require(mkfifo(file, 0o600) == 0)
        }
        let model = try load(path, store())
        #expect(model.fingerprint.bytes == sha256(bytes))
        #expect(log.count(.warning, containing: "remembered digests are ignored") > 0)
    }

    /// Writes into the file, and puts its modification time back.
    private func overwrite(_ path: String, with bytes: [UInt8]) throws {
        var status = stat()
        try #require(stat(path, &status) == 0)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
        let times = [status.st_atim, status.st_mtim]
        try #require(utimensat(AT_FDCWD, path, times, 0) == 0)
    }
}
