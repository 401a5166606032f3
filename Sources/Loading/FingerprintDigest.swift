// The fingerprint of the bytes that serve: digests what the placement layer reads, while it reads.
//
// Guarantees: the digest of a file is that of exactly the bytes that were parsed and packed; no
// file is read a second time. Digesting goes on beside packing, on a queue of its own.
// Does not: read. `TensorReading` does, and shows what it read.

import Crypto
import Dispatch
import ModelFiles
import Synchronization

/// Collects the digests of a model's files. One load; see `ReadObserver` for threads.
final class FingerprintDigest: ReadObserver {
    private struct Digest {
        var hash = SHA256()
        var count = 0
    }

    private let givenUp: @Sendable () -> Bool
    private let queue = DispatchQueue(label: "assay.fingerprint")
    private let digests = Mutex<[ObjectIdentifier: Digest]>([:])

    /// - Parameter isGivenUp: whether the owner of the load has left.
    init(isGivenUp: @escaping @Sendable () -> Bool) { givenUp = isGivenUp }

    var isGivenUp: Bool { givenUp() }

    func observe(_ bytes: UnsafeRawBufferPointer, of file: ModelFile) {
        // The bytes stay until `wait` returns; see `ReadObserver`.
        nonisolated(unsafe) let bytes = bytes
        let key = ObjectIdentifier(file)
        queue.async { [self] in
            digests.withLock { digests in
                digests[key, default: Digest()].hash.update(bufferPointer: bytes)
                digests[key, default: Digest()].count += bytes.count
            }
        }
    }

    func wait() { queue.sync {} }

    /// The fingerprint of `files`, whose weights were shown as a whole. Texts and indexes are
    /// digested from the copy that was parsed. Throws a `file` layer error where such a copy cannot
    /// be had.
    func fingerprint(of files: ModelFileSet) throws(ModelFileError) -> Fingerprint {
        wait()
        for file in files.files where !files.weights.contains(where: { $0 === file }) {
            observe(try file.head(file.size), of: file)
        }
        wait()
        let digests = digests.withLock { $0 }
        return Fingerprint(
            of: files.named.map { name, file in
                guard let digest = digests[ObjectIdentifier(file)], digest.count == file.size else {
                    preconditionFailure("\(name) was placed without having been read as a whole")
                }
                return (name, Fingerprint(digest.hash))
            })
    }
}
