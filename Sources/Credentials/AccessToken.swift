// Tokens: made of random bits, hashed, and compared in constant time.
//
// Guarantees: a new token has 256 bits of the system's generator, so nobody guesses a token or
// finds one by its hash. A comparison takes the same time for every token and every entry.
// Does not: keep or print a token.

import CCrypto
import PlainText

/// See the head of the file.
package enum AccessToken {
    /// Beginning of every token that `make` makes, by which people and scanners know a token.
    package static let prefix = "assay_"
    /// Bytes of a hash.
    package static let hashSize = 32
    /// Most bytes of a token.
    package static let sizeMax = 256
    private static let randomSize = 32

    /// Makes a token of 256 random bits, as 64 hexadecimal digits behind the prefix.
    package static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<randomSize).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return prefix + hexText(bytes)
    }

    /// Returns the SHA-256 of a token.
    package static func hash(_ token: String) -> [UInt8] {
        let text = Array(token.utf8)
        return [UInt8](unsafeUninitializedCapacity: hashSize) { buffer, count in
            guard EVP_Digest(text, text.count, buffer.baseAddress, nil, EVP_sha256(), nil) == 1
            else { preconditionFailure("SHA-256: libcrypto gives none") }
            count = hashSize
        }
    }

    /// Returns the position of `hash` among `hashes`, or nil. Compares with every one of them,
    /// each in constant time, so that the time tells nothing of the hashes.
    package static func position(of hash: [UInt8], among hashes: [[UInt8]]) -> Int? {
        var found: Int?
        for (index, other) in hashes.enumerated() where isEqual(hash, other) { found = index }
        return found
    }

    /// True for equal hashes. The time depends on the sizes alone.
    package static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }
}
