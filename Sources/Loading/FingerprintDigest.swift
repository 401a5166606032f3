// The fingerprint of the bytes that serve, digested while the placement layer reads them.
//
// Guarantees: the digest of a file covers exactly the parsed and packed bytes. No file is read a
// second time. Digesting runs beside packing, on a separate thread, a few pieces behind at most,
// and is over when the load is. Both keep the pace of the load.
// Does not: read. `TensorReading` reads and shows the bytes.

import ModelFiles

/// Collects the digests of a model's files during a load. See `ReadObserver` for threads.
final class FingerprintDigest: ReadObserver {
    private let givenUp: @Sendable () -> Bool
    private let reading: ReadingProgress?
    private let thread: SerialThread
    /// Accessed on `thread` only.
    private nonisolated(unsafe) var hashes: [ObjectIdentifier: SHA256] = [:]
    private nonisolated(unsafe) let digesting: PacedThread
    /// Accessed by the thread that reads.
    private nonisolated(unsafe) let packing: PacedThread

    /// - Parameters:
    ///   - reading: counts the digested bytes.
    ///   - pace: of the thread that reads and of the thread that digests.
    ///   - isGivenUp: returns true once the owner of the load has left.
    init(
        _ reading: ReadingProgress? = nil, _ pace: LoadPace, _ time: TimeSource,
        isGivenUp: @escaping @Sendable () -> Bool
    ) {
        (self.reading, givenUp) = (reading, isGivenUp)
        (digesting, packing) = (PacedThread(pace, time), PacedThread(pace, time))
        thread = SerialThread("assay-hashing")
    }

    var isGivenUp: Bool { givenUp() }

    func observe(
        _ bytes: UnsafeRawBufferPointer, of file: ModelFile, done: @escaping @Sendable () -> Void
    ) {
        // The bytes stay valid until `done` is called (see `ReadObserver`), and those of a head as
        // long as the file.
        nonisolated(unsafe) let bytes = bytes
        packing.keep()
        packing.rest()
        thread.run { [self, file] in
            digesting.lower()
            let key = ObjectIdentifier(file)
            let digest = hashes[key] ?? SHA256()
            digest.update(bytes)
            hashes[key] = digest
            reading?.read(bytes.count)
            done()
            digesting.rest()
        }
    }

    /// Returns the fingerprint of `files`. The observer must have seen the weights as a whole.
    /// Texts and indexes are digested from the parsed copy in memory. Throws a `file` layer error
    /// if a copy is not available.
    func fingerprint(of files: ModelFileSet) throws(ModelFileError) -> Fingerprint {
        Fingerprint(of: try digests(of: files))
    }

    /// Returns the digest of every file, in byte order of the names. See `fingerprint`.
    func digests(
        of files: ModelFileSet
    ) throws(ModelFileError) -> [(name: String, digest: Fingerprint)] {
        for file in files.files where !files.weights.contains(where: { $0 === file }) {
            observe(try file.head(file.size), of: file, done: {})
        }
        thread.finish()
        return files.named.map { name, file in
            guard let hash = hashes[ObjectIdentifier(file)], hash.count == file.size else {
                preconditionFailure("\(name) was placed without having been read as a whole")
            }
            return (name, Fingerprint(hash))
        }
    }
}
