// State of fixed size that sequences own beside the pages of the cache, for families that carry a
// recurrence from token to token.
//
//     place 0   | layer 0: 96 floats | layer 2: 96 floats |      a row per open sequence
//     place 1   | layer 0            | layer 2            |
//
// Does not: assign places. Inference's `SequenceMemory` clears a row when a sequence opens, and
// copies the row when a sequence is forked.

/// The shape of the state of all sequences of a runner.
public struct StateShape: Sendable, Equatable {
    /// Floats of a sequence's state in each layer. Zero in a layer without state.
    public let lengths: [Int]
    /// Largest number of open sequences.
    public let sequenceCountMax: Int

    /// Creates a shape.
    public init(lengths: [Int], sequenceCountMax: Int) {
        (self.lengths, self.sequenceCountMax) = (lengths, sequenceCountMax)
    }

    /// Floats of a sequence's whole state, or nil when a length is negative or the sum overflows.
    var rowLength: Int? {
        var sum = 0
        for length in lengths {
            let (next, overflow) = sum.addingReportingOverflow(length)
            if length < 0 || overflow { return nil }
            sum = next
        }
        return sum
    }

    /// Bytes of the state of all sequences, or nil when a number is out of range or the size
    /// overflows.
    public var size: Int? {
        guard let rowLength, sequenceCountMax > 0 else { return nil }
        let (count, tooMany) = rowLength.multipliedReportingOverflow(by: sequenceCountMax)
        let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
        return tooMany || overflow ? nil : size
    }
}

/// State of all sequences of a runner, zero at first. Made by `Backend.makeState`.
public struct SequenceState: Sendable {
    /// Shape of the state.
    public let shape: StateShape
    /// The whole state, a row per place.
    public let rows: FloatRows
    /// Floats of a row.
    public let width: Int

    /// Returns the state of one layer, a row of `shape.lengths[index]` floats per place.
    public func layer(_ index: Int) -> FloatRows {
        let before = shape.lengths[..<index].reduce(0, +)
        return FloatRows(rows.buffer, offset: before, stride: rows.stride)
    }
}

extension Backend {
    /// Makes the state of all sequences of a runner.
    public func makeState(_ shape: StateShape) throws(ComputeError) -> SequenceState {
        guard let size = shape.size, let width = shape.rowLength, width > 0 else {
            throw ComputeError(
                .shapeInvalid, tried: "making the state of sequences", found: "\(shape)",
                allowed: "positive numbers whose product fits in memory")
        }
        let buffer = try makeBuffer(count: size / MemoryLayout<Float>.size)
        return SequenceState(shape: shape, rows: buffer.rows(of: width), width: width)
    }
}
