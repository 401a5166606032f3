// Who holds which pages of the key-value cache.
//
//   sequence slot 3:  pages [ 7, 2, 9 ]      position p lies in page pages[p / 16], row p % 16
//   free pages:       [ 0, 1, 3, ... ]
//
// Guarantees: the number of pages is fixed when the table is made; a page has one holder at a time;
// opening either reserves everything the sequence may ever need or takes nothing, so a running
// sequence cannot run out. IDs of closed sequences never become valid again. It holds bookkeeping
// only: the cached numbers are Compute's.

import Compute

/// Open sequences and the free list of cache pages.
package struct SequenceTable {
    package struct Slot {
        /// Pages in position order. Empty when the slot is free.
        package fileprivate(set) var pages: [Int32] = []
        /// Positions filled.
        package fileprivate(set) var length = 0
        /// Positions reserved.
        package fileprivate(set) var capacity = 0
        fileprivate var generation: UInt32 = 0
        fileprivate var isOpen = false
        /// The step that last touched the slot, to notice a sequence named twice.
        fileprivate var lastStep: UInt64 = 0
    }

    private static let pageSize = CacheShape.pagePositions

    package private(set) var slots: [Slot]
    private var freeSlots: [UInt32]
    private var freePages: [Int32]
    package let pageCount: Int
    private let sequenceLengthMax: Int

    /// A table for `sequenceCountMax` sequences of at most `sequenceLengthMax` positions over
    /// `pageCount` pages.
    package init(sequenceCountMax: Int, sequenceLengthMax: Int, pageCount: Int) {
        precondition(sequenceCountMax > 0 && pageCount > 0 && pageCount <= Int(Int32.max))
        slots = Array(repeating: Slot(), count: sequenceCountMax)
        freeSlots = (0..<UInt32(sequenceCountMax)).reversed()
        freePages = (0..<Int32(pageCount)).reversed()
        self.pageCount = pageCount
        self.sequenceLengthMax = sequenceLengthMax
    }

    /// Positions that can still be reserved.
    package var freeTokens: Int { freePages.count * Self.pageSize }

    /// Reserves pages for `capacity` positions. Allocates the sequence's page list.
    package mutating func open(capacity: Int) throws(InferenceError) -> SequenceID {
        guard capacity > 0, capacity <= sequenceLengthMax else {
            throw InferenceError(
                .sequenceTooLong, tried: "opening a sequence of \(capacity) tokens",
                found: "a context of \(sequenceLengthMax)",
                allowed: "1 to \(sequenceLengthMax)")
        }
        let needed = (capacity + Self.pageSize - 1) / Self.pageSize
        guard needed <= pageCount else {
            throw InferenceError(
                .sequenceTooLong, tried: "opening a sequence of \(capacity) tokens",
                found: "a cache of \(pageCount * Self.pageSize) tokens in all",
                allowed: "1 to \(pageCount * Self.pageSize)")
        }
        guard needed <= freePages.count else {
            throw InferenceError(
                .cacheExhausted, tried: "opening a sequence of \(capacity) tokens",
                found: "\(freeTokens) tokens of cache free",
                allowed: "up to that many until a sequence closes")
        }
        guard let index = freeSlots.popLast() else {
            throw InferenceError(
                .tooManySequences, tried: "opening a sequence of \(capacity) tokens",
                found: "\(slots.count) sequences open",
                allowed: "at most \(slots.count) at once")
        }
        var slot = Slot()
        slot.pages = Array(freePages.suffix(needed))
        freePages.removeLast(needed)
        slot.capacity = capacity
        slot.generation = slots[Int(index)].generation &+ 1
        slot.isOpen = true
        slots[Int(index)] = slot
        return SequenceID(slot: index, generation: slot.generation)
    }

    /// Frees the sequence's pages; does nothing for an ID that is not open.
    package mutating func close(_ sequence: SequenceID) {
        guard let index = index(of: sequence) else { return }
        freePages.append(contentsOf: slots[index].pages)
        freeSlots.append(sequence.slot)
        let generation = slots[index].generation
        slots[index] = Slot()
        slots[index].generation = generation
    }

    /// The slot of an open sequence, or nil.
    package func index(of sequence: SequenceID) -> Int? {
        let index = Int(sequence.slot)
        guard index < slots.count, slots[index].isOpen,
            slots[index].generation == sequence.generation
        else { return nil }
        return index
    }

    /// Checks every item of a step, numbered `step`, against what is open and reserved; changes
    /// no sequence.
    package mutating func admit(
        _ items: [StepItem], step: UInt64, vocabularySize: Int
    ) throws(InferenceError) {
        for (number, item) in items.enumerated() {
            guard let index = index(of: item.sequence) else {
                throw Self.refusal(
                    .unknownSequence, number, found: "a sequence that is not open",
                    allowed: "a sequence opened here and not closed")
            }
            guard slots[index].lastStep != step, !item.tokens.isEmpty else {
                throw Self.refusal(
                    .badStep, number,
                    found: item.tokens.isEmpty ? "no tokens" : "a sequence named twice",
                    allowed: "each sequence once, with at least one token")
            }
            slots[index].lastStep = step
            let free = slots[index].capacity - slots[index].length
            guard item.tokens.count <= free else {
                throw Self.refusal(
                    .sequenceTooLong, number, found: "\(item.tokens.count) tokens",
                    allowed: "\(free), what is left of the \(slots[index].capacity) reserved")
            }
            for token in item.tokens where token < 0 || Int(token) >= vocabularySize {
                throw Self.refusal(
                    .tokenOutOfRange, number, found: "token \(token)",
                    allowed: "0 to \(vocabularySize - 1)")
            }
        }
    }

    /// Its texts are built here only, so that an admitted step builds none.
    private static func refusal(
        _ code: InferenceError.Code, _ item: Int, found: String, allowed: String
    ) -> InferenceError {
        InferenceError(
            code, tried: "admitting item \(item) of a step", found: found, allowed: allowed)
    }

    /// Counts `count` more positions as filled.
    package mutating func advance(_ sequence: SequenceID, by count: Int) {
        guard let index = index(of: sequence) else { return }
        slots[index].length += count
    }
}
