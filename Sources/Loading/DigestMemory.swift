// Digests of files, remembered by device, inode, size and times. They spare a second reading of a
// file whose bytes are in memory already, and outlive the process in a small file.
//
// Guarantees:
// - A digest only chooses among packings. No answer carries a remembered digest: the fingerprint of
//   a packing is the digest of the bytes that were packed.
// - A digest is remembered only of a file that had rested for two seconds when it was opened, so
//   that a write within the same tick of the file system's clock cannot hide.
// - The file is bounded, appears whole or not at all, and is ignored with a line in the log unless
//   it is a regular file of this user in exactly the form below.
//
//     assay digests 1
//     DEVICE INODE SIZE MODIFIED CHANGED SHA-256
//
// Does not: fail. A file that cannot be written costs the next process a reading.

import Glibc
import Logging
import ModelFiles
import Synchronization

/// See the head of the file. Any thread. Blocking.
public final class DigestMemory: Sendable {
    /// What identifies a file.
    struct Key: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: UInt64
        let modified: Int64
        let changed: Int64

        init(_ file: FileIdentity) {
            (device, inode, size) = (file.device, file.inode, UInt64(file.size))
            (modified, changed) = (file.modifiedNanoseconds, file.changedNanoseconds)
        }

        init?(_ words: ArraySlice<Substring>) {
            let numbers = words.prefix(3).compactMap { UInt64($0) }
            let times = words.dropFirst(3).compactMap { Int64($0) }
            guard words.count == 5, numbers.count == 3, times.count == 2 else { return nil }
            (device, inode, size) = (numbers[0], numbers[1], numbers[2])
            (modified, changed) = (times[0], times[1])
        }

        var text: String { "\(device) \(inode) \(size) \(modified) \(changed)" }
    }

    typealias Entry = (key: Key, digest: Fingerprint)

    /// Most entries. The oldest go first.
    package static let entryCountMax = 1024
    /// Largest file in bytes: more than the header and `entryCountMax` of the longest lines.
    package static let fileSizeMax = 256 << 10
    /// Time for which a file must have rested, in nanoseconds.
    private static let restNanoseconds: Int64 = 2_000_000_000

    /// Path of the file, or nil to remember for the life of the process.
    private let path: String?
    private let logger: Logger
    private let now: @Sendable () -> Int64
    /// Entries, oldest first. Nil before the file is read.
    private let entries = Mutex<[Entry]?>(nil)

    /// - Parameter path: path of the file, whose folder is made when it is missing. Nil for none.
    public convenience init(path: String?, logger: Logger = Logger(label: "assay.digests")) {
        self.init(path: path, logger: logger) {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        }
    }

    /// - Parameter now: nanoseconds since 1970.
    package init(path: String?, logger: Logger, now: @escaping @Sendable () -> Int64) {
        (self.path, self.logger, self.now) = (path, logger, now)
    }

    /// Time to hand to `remember`, taken when files have been opened.
    func moment() -> Int64 { now() }

    /// Returns the fingerprint of `files` by the remembered digests of its weights. The texts
    /// beside the weights are small and are read. Nil unless every digest is known.
    func fingerprint(of files: ModelFileSet) throws(ModelFileError) -> Fingerprint? {
        var digests: [(name: String, digest: Fingerprint)] = []
        for (name, file) in files.named {
            let isWeights = files.weights.contains { $0 === file }
            let known =
                isWeights ? digest(of: file) : try Fingerprint.compute(of: file)
            guard let known else { return nil }
            digests.append((name, known))
        }
        return Fingerprint(of: digests)
    }

    private func digest(of file: ModelFile) -> Fingerprint? {
        let key = Key(file.identity)
        return entries.withLock { entries in
            let known = entries ?? read()
            entries = known
            return known.last { $0.key == key }?.digest
        }
    }

    /// Remembers digests of the weights among `files`, and writes the file.
    ///
    /// - Parameter moment: `moment()` from before the bytes were read.
    func remember(
        _ digests: [(name: String, digest: Fingerprint)], of files: ModelFileSet, moment: Int64
    ) {
        let found = zip(files.named, digests).compactMap { named, digest -> Entry? in
            guard files.weights.contains(where: { $0 === named.file }) else { return nil }
            let key = Key(named.file.identity)
            let rested = max(key.modified, key.changed) <= moment &- Self.restNanoseconds
            return rested ? (key, digest.digest) : nil
        }
        guard !found.isEmpty else { return }
        entries.withLock { entries in
            // Another process may have written meanwhile.
            var all = read()
            for entry in (entries ?? []) where !all.contains(where: { $0.key == entry.key }) {
                all.append(entry)
            }
            let isNews = !found.allSatisfy { entry in
                all.contains { $0.key == entry.key && $0.digest == entry.digest }
            }
            all.removeAll { entry in found.contains { $0.key == entry.key } }
            all = (all + found).suffix(Self.entryCountMax)
            entries = all
            if isNews { write(all) }
        }
    }

    // MARK: - The file

    private static let header = "assay digests 1"

    private func read() -> [Entry] {
        guard let path else { return [] }
        do throws(DigestFile.Failure) {
            guard let text = try DigestFile.read(at: path, sizeMax: Self.fileSizeMax) else {
                return []
            }
            if let entries = Self.entries(text) { return entries }
            ignore(path, "a line in another form")
        } catch {
            ignore(path, error.reason)
        }
        return []
    }

    private func ignore(_ path: String, _ reason: String) {
        logger.warning(
            "the remembered digests are ignored, and files are read again",
            metadata: ["path": "\(path)", "reason": "\(reason)"])
    }

    /// Reads the file's text. Nil for any other form.
    package static func isWellFormed(_ text: String) -> Bool { entries(text) != nil }

    private static func entries(_ text: String) -> [Entry]? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "", lines.first == Substring(header),
            lines.count <= entryCountMax + 1
        else { return nil }
        var entries: [Entry] = []
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 6, let key = Key(words[..<5]),
                let digest = Fingerprint(hex: String(words[5])),
                line == "\(key.text) \(digest.hex)"
            else { return nil }
            entries.append((key, digest))
        }
        return entries
    }

    private func write(_ entries: [Entry]) {
        guard let path else { return }
        let lines = entries.map { "\($0.key.text) \($0.digest.hex)\n" }
        do throws(DigestFile.Failure) {
            try DigestFile.write(Self.header + "\n" + lines.joined(), to: path)
        } catch {
            logger.notice(
                "the digests of the models are not remembered",
                metadata: ["path": "\(path)", "reason": "\(error.reason)"])
        }
    }
}
