// Weights that come piece by piece: the bits of the whole, whatever the cut, and side by side.

import CKernels
import Compute
import Glibc
import TestSupport
import Testing

@Suite struct WeightRowsTests {
    /// Rows of input times the matrix.
    private func product(_ matrix: WeightMatrix, _ queue: CPUQueue) throws -> [UInt32] {
        let input = try queue.buffer(randomFloats(3 * matrix.columns, seed: 5))
        let output = try queue.makeBuffer(count: 3 * matrix.rows)
        queue.matmul(
            [MatrixProduct(matrix, into: output.rows(of: matrix.rows))],
            input: input.rows(of: matrix.columns), rows: 3)
        return bits(queue.values(output))
    }

    @Test(arguments: WeightFormat.allCases)
    func anyCutGivesTheBitsOfTheWhole(_ format: WeightFormat) throws {
        let queue = try oneQueue(), backend = queue.backend
        let sample = SampleMatrix(
            format, rows: 83, columns: format.columns(atLeast: 64), seed: 21)
        let expected = try product(sample.packed(by: backend), queue)
        let memory = try backend.makeWeightMemory(size: 64 << 20)
        for rowCount in [16, 32, 48, 83] where format.trailerSize == 0 || rowCount == 83 {
            let matrix = try backend.makeMatrix(
                format: format, rows: 83, columns: sample.columns, in: memory)
            let table = try backend.makeEmbedding(
                format: format, rows: 83, columns: sample.columns, in: memory)
            let size = sample.bytes.count * rowCount / 83
            try sample.bytes.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: size) {
                    let piece = UnsafeRawBufferPointer(
                        rebasing: bytes[start..<min(bytes.count, start + size)])
                    try matrix.append(piece)
                    try table.append(piece)
                }
            }
            #expect(try product(matrix.finish(), queue) == expected, "pieces of \(rowCount) rows")
            let stored = table.finish().storage
            let copy = UnsafeRawBufferPointer(
                start: UnsafeRawPointer(bitPattern: stored.address), count: stored.size)
            #expect(copy.elementsEqual(sample.bytes))
        }
    }

    @Test func piecesThatAreNotWholeStepsAreRefused() throws {
        let backend = try CPUBackend(threads: 1)
        let rows = try backend.makeMatrix(
            format: .q8_0, rows: 40, columns: 32, in: backend.makeWeightMemory(size: 1 << 20))
        let bytes = [UInt8](repeating: 0, count: 41 * 34)
        func append(_ size: Int) -> ComputeError.Code? {
            do {
                try bytes.withUnsafeBytes {
                    try rows.append(UnsafeRawBufferPointer(rebasing: $0[..<size]))
                }
                return nil
            } catch {
                return (error as? ComputeError)?.code
            }
        }
        for size in [0, 33, 34, 15 * 34, 16 * 34 + 1, 41 * 34] {
            #expect(append(size) == .sizeMismatch, "\(size) bytes")
        }
        #expect(append(16 * 34) == nil)
        #expect(append(40 * 34) == .sizeMismatch)
        #expect(append(24 * 34) == nil)
        #expect(append(34) == .sizeMismatch)
    }

    @Test func weightsLieSideBySideAndTheRestHasMemoryOfItsOwn() throws {
        let backend = try CPUBackend(threads: 2)
        let memory = try backend.makeWeightMemory(size: 3 << 20)
        func matrix(_ rows: Int) throws -> WeightMatrix {
            let sample = SampleMatrix(.f32, rows: rows, columns: 1024, seed: 1)
            let rows = try backend.makeMatrix(
                format: .f32, rows: rows, columns: 1024, in: memory)
            try sample.bytes.withUnsafeBytes { try rows.append($0) }
            return rows.finish()
        }
        let matrices = try [16, 256, 256, 256].map { try matrix($0).storage }
        #expect(matrices[1].address == matrices[0].address + UInt(matrices[0].size))
        #expect(matrices[2].address == matrices[1].address + UInt(matrices[1].size))
        let isInside = (matrices[0].address..<matrices[0].address + 3 << 20)
            .contains(matrices[3].address)
        #expect(!isInside)
    }
}
