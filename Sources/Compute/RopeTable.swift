// Cosines and sines of rotary positions, computed once per position and kept.
//
// Guarantees: angles are position * frequency in double precision, rounded once at the end, so that
// long contexts lose nothing. The values do not depend on the order of the calls.
// Does not: know scaling schemes. Linear, llama3, YaRN and longrope scaling pass different
// frequencies and a different magnitude.

import Glibc
import Synchronization

/// Rotation angles for RoPE. Usable from any thread. Grows with the positions requested.
public final class RopeTable: Sendable {
    /// Radians per position for each rotated pair.
    public let frequencies: [Double]
    /// Factor on cosines and sines (attention factor of YaRN and longrope).
    public let magnitude: Double

    private static let chunkPositions = 64
    private let chunks = Mutex<[Storage?]>([])

    /// Creates a table for heads whose first `2 * frequencies.count` values rotate.
    public init(frequencies: [Double], magnitude: Double = 1) {
        (self.frequencies, self.magnitude) = (frequencies, magnitude)
    }

    /// Takes the usual frequencies `base^(-2i / rotaryLength)`, with positions divided by `scale`.
    public convenience init(base: Double, rotaryLength: Int, scale: Double = 1) {
        precondition(rotaryLength >= 0 && rotaryLength % 2 == 0)
        self.init(
            frequencies: (0..<rotaryLength / 2).map { i in
                pow(base, -2 * Double(i) / Double(rotaryLength)) / scale
            })
    }

    /// Values of a head that rotate.
    public var rotaryLength: Int { 2 * frequencies.count }

    /// Stores the addresses of the cosines and sines (`rotaryLength / 2` each) of each position.
    /// The addresses stay valid as long as the table.
    func rows(
        _ positions: [Int32], cosines: UnsafeMutableBufferPointer<UnsafePointer<Float>?>,
        sines: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
    ) throws(ComputeError) {
        let half = frequencies.count
        try chunks.withLock { (chunks: inout [Storage?]) throws(ComputeError) in
            for (row, position) in positions.enumerated() {
                precondition(position >= 0)
                let index = Int(position) / Self.chunkPositions
                while chunks.count <= index { chunks.append(nil) }
                let chunk: Storage
                if let known = chunks[index] {
                    chunk = known
                } else {
                    chunk = try makeChunk(index)
                    chunks[index] = chunk
                }
                let start = chunk.floats + Int(position) % Self.chunkPositions * 2 * half
                cosines[row] = UnsafePointer(start)
                sines[row] = UnsafePointer(start + half)
            }
        }
    }

    private func makeChunk(_ index: Int) throws(ComputeError) -> Storage {
        let half = frequencies.count
        let count = Self.chunkPositions * 2 * half
        let chunk = try Storage(size: count * MemoryLayout<Float>.size, purpose: "rotary angles")
        for offset in 0..<Self.chunkPositions {
            let position = Double(index * Self.chunkPositions + offset)
            let row = chunk.floats + offset * 2 * half
            for (i, frequency) in frequencies.enumerated() {
                row[i] = Float(cos(position * frequency) * magnitude)
                row[half + i] = Float(sin(position * frequency) * magnitude)
            }
        }
        return chunk
    }
}
