// Cosines and sines of rotary positions, computed once per position and kept.
//
// Guarantees: angles are position * frequency in double precision, rounded once at the end, so that
// long contexts lose nothing. The values do not depend on the order of the calls. Every chunk of
// positions reaches the device once.
// Does not: know scaling schemes. Linear, llama3, YaRN and longrope scaling pass different
// frequencies and a different magnitude.

import Glibc
import Synchronization

/// Rotation angles for RoPE. Usable from any thread. Grows with the positions requested. Made by
/// `Backend.makeRopeTable`.
public final class RopeTable: Sendable {
    /// Radians per position for each rotated pair.
    public let frequencies: [Double]
    /// Factor on cosines and sines (attention factor of YaRN and longrope).
    public let magnitude: Double

    static let chunkPositions = 64
    private let chunks = Mutex<[Storage?]>([])
    private let upload: @Sendable ([Float]) throws(ComputeError) -> Storage

    /// Creates a table for heads whose first `2 * frequencies.count` values rotate. `upload` places
    /// floats on the device.
    package init(
        frequencies: [Double], magnitude: Double,
        upload: @escaping @Sendable ([Float]) throws(ComputeError) -> Storage
    ) {
        (self.frequencies, self.magnitude, self.upload) = (frequencies, magnitude, upload)
    }

    /// Values of a head that rotate.
    public var rotaryLength: Int { 2 * frequencies.count }

    /// Returns the chunk that begins at position `index * chunkPositions`: for each position
    /// `rotaryLength / 2` cosines, then as many sines. The chunk lives as long as the table.
    func chunk(_ index: Int) throws(ComputeError) -> Storage {
        try chunks.withLock { (chunks: inout [Storage?]) throws(ComputeError) in
            while chunks.count <= index { chunks.append(nil) }
            if let known = chunks[index] { return known }
            let chunk = try upload(values(ofChunk: index))
            chunks[index] = chunk
            return chunk
        }
    }

    private func values(ofChunk index: Int) -> [Float] {
        let half = frequencies.count
        var values = [Float](repeating: 0, count: Self.chunkPositions * rotaryLength)
        for offset in 0..<Self.chunkPositions {
            let position = Double(index * Self.chunkPositions + offset)
            let row = offset * rotaryLength
            for (i, frequency) in frequencies.enumerated() {
                values[row + i] = Float(cos(position * frequency) * magnitude)
                values[row + half + i] = Float(sin(position * frequency) * magnitude)
            }
        }
        return values
    }
}
