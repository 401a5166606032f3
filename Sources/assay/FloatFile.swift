// A file of float32 numbers, little-endian, one after the other.

import Foundation

enum FloatFile {
    /// Writes all values. A failure names the file.
    static func write(_ values: [Float], to path: String) throws {
        let words = values.map { $0.bitPattern.littleEndian }
        let data = words.withUnsafeBytes { Data($0) }
        do {
            try data.write(to: URL(fileURLWithPath: path))
        } catch {
            throw Failure(
                code: .internalError, message: "writing \(path): \(error.localizedDescription)",
                advice: "name a file in a folder that exists and may be written")
        }
    }
}
