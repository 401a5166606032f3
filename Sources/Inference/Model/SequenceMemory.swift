// What the sequences of a runner own on the device: pages of the cache as they grow, and, in
// families with a recurrence, a row of state of fixed size.
//
//                 pages of the cache                        row of state
//     open        reserved                                  cleared
//     fork        full pages shared, the last one copied    copied
//     snapshot    as a fork, without room to grow           copied
//     close       given back when the last holder closes    left as it is
//
// Does not: compute, or decide which sequences run.

import Compute

/// Open sequences with their memory. Confined to the thread of the queue.
package struct SequenceMemory {
    package private(set) var table: SequenceTable
    /// Nil in a model without attention.
    package let cache: KeyValueCache?
    /// Nil in a model without recurrence. Row r belongs to the sequence in place r.
    package let state: SequenceState?
    private let queue: any ComputeQueue

    package init(
        _ table: SequenceTable, cache: KeyValueCache?, state: SequenceState?,
        on queue: any ComputeQueue
    ) {
        (self.table, self.cache, self.state, self.queue) = (table, cache, state, queue)
    }

    /// Opens an empty sequence. Throws as `ModelRunner.open`.
    package mutating func open(capacity: Int) throws(InferenceError) -> SequenceID {
        let id = try table.open(capacity: capacity)
        if let state { queue.clear(state.row(id.place), rows: 1, width: state.width) }
        return id
    }

    /// Opens a sequence that begins as `sequence` is now. Throws as `ModelRunner.fork`.
    package mutating func fork(
        _ sequence: SequenceID, capacity: Int
    ) throws(InferenceError) -> SequenceID {
        let fork = try table.fork(sequence, capacity: capacity)
        if let copied = fork.copied, let cache {
            queue.copyPage(copied.from, to: copied.to, in: cache)
        }
        if let state {
            queue.copy(
                state.row(sequence.place), into: state.row(fork.id.place), rows: 1,
                width: state.width)
        }
        return fork.id
    }

    /// Closes a sequence. Does nothing for an ID that is not open.
    package mutating func close(_ sequence: SequenceID) { table.close(sequence) }

    /// Checks the items of a step. See `SequenceTable.admit`.
    package mutating func admit(
        _ items: [StepItem], step: UInt64, vocabularySize: Int
    ) throws(InferenceError) {
        try table.admit(items, step: step, vocabularySize: vocabularySize)
    }

    /// Counts `count` more positions as filled.
    package mutating func advance(_ sequence: SequenceID, by count: Int) {
        table.advance(sequence, by: count)
    }

    /// Returns the place of an open sequence.
    package func place(of sequence: SequenceID) -> SequenceTable.Place? {
        table.index(of: sequence).map { table.places[$0] }
    }
}

/// A runner whose sequences live in a `SequenceMemory`.
package protocol SequenceRunner: ModelRunner {
    var memory: SequenceMemory { get set }
}

extension SequenceRunner {
    package func open(capacity: Int) throws(InferenceError) -> SequenceID {
        try memory.open(capacity: capacity)
    }

    package func fork(
        _ sequence: SequenceID, capacity: Int
    ) throws(InferenceError) -> SequenceID {
        try memory.fork(sequence, capacity: capacity)
    }

    package func close(_ sequence: SequenceID) { memory.close(sequence) }

    package var freeTokens: Int { memory.table.freeTokens }

    package func length(of sequence: SequenceID) -> Int? { memory.place(of: sequence)?.length }
}

extension SequenceState {
    /// Returns the whole state of the sequence in a place.
    fileprivate func row(_ place: UInt32) -> FloatRows {
        FloatRows(
            rows.buffer, offset: rows.offset + Int(place) * rows.stride, stride: rows.stride)
    }
}
