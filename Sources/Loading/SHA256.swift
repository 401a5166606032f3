// SHA-256 by the system's libcrypto, with hardware support where the processor has any.
//
// Guarantees: input may come in pieces of any size. No input is kept.

import CCrypto

/// An incremental SHA-256. A single thread at a time.
final class SHA256 {
    /// Bytes of a digest.
    static let size = 32

    private let context: OpaquePointer
    /// Bytes digested so far.
    private(set) var count = 0

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("SHA-256: libcrypto gives none (no memory, or built without)") }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            preconditionFailure("SHA-256 takes any bytes until its end")
        }
        count += bytes.count
    }

    /// Returns the 32 bytes of the digest and ends it. No call may follow.
    func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, initializedCount in
            guard EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1 else {
                preconditionFailure("SHA-256 ends once")
            }
            initializedCount = Self.size
        }
    }
}

/// Returns the 32 bytes of the SHA-256 of `bytes`. Any thread.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
    let digest = SHA256()
    bytes.withUnsafeBytes { digest.update($0) }
    return digest.finalize()
}
