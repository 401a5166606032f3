// Assignment of the pages of the key-value cache to sequences.
//
//   sequence place 3:  pages [ 7, 2, 9 ]      position p lies in page pages[p / 16], row p % 16
//   its fork, place 5: pages [ 7, 2, 4, 6 ]   at length 40: full pages shared, 9 copied to 4
//   holders:          page 7: 2, page 2: 2, pages 9, 4, 6: 1
//   free pages:       [ 0, 1, 3, ... ]
//
// Guarantees:
// - The number of pages is fixed when the table is made.
// - A page with several holders is full, so nobody writes to it.
// - Opening and forking either reserve every page that the sequence may ever need or take nothing,
//   so a running sequence cannot run out of pages.
// - IDs of closed sequences never become valid again.
// - Where attention is not causal, a sequence takes its tokens in one item and has no forks.
//
// Does not: hold the cached numbers. Compute's `KeyValueCache` does.

import Compute

/// Open sequences and the free list of cache pages.
package struct SequenceTable {
    package struct Place {
        /// Pages in position order. Empty when the place is free.
        package fileprivate(set) var pages: [Int32] = []
        /// Number of filled positions.
        package fileprivate(set) var length = 0
        /// Number of reserved positions.
        package fileprivate(set) var capacity = 0
        fileprivate var use: UInt32 = 0
        fileprivate var isOpen = false
        /// Step that last touched the place. Shows when a step names a sequence twice.
        fileprivate var lastStep: UInt64 = 0
    }

    private static let pageSize = CacheShape.pagePositions

    package private(set) var places: [Place]
    private var freePlaces: [UInt32]
    /// Free pages, the next one to take at the end. Pages that were written last are taken first,
    /// in the order of their positions, so that memory in use stays in use.
    private var freePages: [Int32]
    /// Number of sequences that hold each page.
    private var holderCounts: [Int32]
    package let pageCount: Int
    private let sequenceLengthMax: Int
    /// True when a sequence takes all its tokens in one item, because each depends on all others.
    private let takesWholes: Bool

    /// Makes a table for `sequenceCountMax` sequences of at most `sequenceLengthMax` positions over
    /// `pageCount` pages.
    package init(
        sequenceCountMax: Int, sequenceLengthMax: Int, pageCount: Int, takesWholes: Bool = false
    ) {
        precondition(sequenceCountMax > 0 && pageCount > 0 && pageCount <= Int(Int32.max))
        places = Array(repeating: Place(), count: sequenceCountMax)
        freePlaces = (0..<UInt32(sequenceCountMax)).reversed()
        freePages = (0..<Int32(pageCount)).reversed()
        holderCounts = Array(repeating: 0, count: pageCount)
        self.pageCount = pageCount
        self.sequenceLengthMax = sequenceLengthMax
        self.takesWholes = takesWholes
    }

    /// Number of positions that can still be reserved.
    package var freeTokens: Int { freePages.count * Self.pageSize }

    /// Reserves pages for `capacity` positions. Allocates the sequence's page list.
    package mutating func open(capacity: Int) throws(InferenceError) -> SequenceID {
        let tried = "opening a sequence of \(capacity) tokens"
        try checkLength(capacity, lengthMin: 1, tried)
        return try take(capacity: capacity, sharing: [], length: 0, tried)
    }

    /// Makes a sequence with the same positions and room for `capacity` positions in all. Full
    /// pages are shared. The caller has to copy the partly filled page `copied.from` to
    /// `copied.to`.
    package mutating func fork(
        _ sequence: SequenceID, capacity: Int
    ) throws(InferenceError) -> (id: SequenceID, copied: (from: Int32, to: Int32)?) {
        let tried = "forking a sequence to \(capacity) tokens"
        guard let index = index(of: sequence) else {
            throw InferenceError(
                .unknownSequence, tried: tried, found: "a sequence that is not open",
                allowed: "a sequence opened here and not closed")
        }
        guard !takesWholes else {
            throw InferenceError(
                .badStep, tried: tried, found: "attention that is not causal",
                allowed: "sequences of their own: no position is the same behind another end")
        }
        let parent = places[index]
        try checkLength(capacity, lengthMin: max(1, parent.length), tried)
        let fullCount = parent.length / Self.pageSize
        let id = try take(
            capacity: capacity, sharing: parent.pages.prefix(fullCount), length: parent.length,
            tried)
        guard parent.length % Self.pageSize > 0 else { return (id, nil) }
        return (id, (parent.pages[fullCount], places[Int(id.place)].pages[fullCount]))
    }

    private func checkLength(
        _ capacity: Int, lengthMin: Int, _ tried: String
    ) throws(InferenceError) {
        guard capacity >= lengthMin, capacity <= sequenceLengthMax else {
            throw InferenceError(
                .sequenceTooLong, tried: tried, found: "a context of \(sequenceLengthMax)",
                allowed: "\(lengthMin) to \(sequenceLengthMax)")
        }
        guard capacity <= pageCount * Self.pageSize else {
            throw InferenceError(
                .sequenceTooLong, tried: tried,
                found: "a cache of \(pageCount * Self.pageSize) tokens in all",
                allowed: "\(lengthMin) to \(pageCount * Self.pageSize)")
        }
    }

    /// Takes a place, adds a holder to the pages in `shared` and reserves the rest. Changes nothing
    /// when an error is thrown.
    private mutating func take(
        capacity: Int, sharing shared: ArraySlice<Int32>, length: Int, _ tried: String
    ) throws(InferenceError) -> SequenceID {
        let needed = (capacity + Self.pageSize - 1) / Self.pageSize - shared.count
        guard needed <= freePages.count else {
            throw InferenceError(
                .cacheExhausted, tried: tried, found: "\(freeTokens) tokens of cache free",
                allowed: "up to that many until a sequence closes")
        }
        guard let index = freePlaces.popLast() else {
            throw InferenceError(
                .tooManySequences, tried: tried, found: "\(places.count) sequences open",
                allowed: "at most \(places.count) at once")
        }
        var place = Place()
        place.pages = Array(shared) + freePages.suffix(needed).reversed()
        freePages.removeLast(needed)
        for page in place.pages { holderCounts[Int(page)] += 1 }
        place.length = length
        place.capacity = capacity
        place.use = places[Int(index)].use &+ 1
        place.isOpen = true
        places[Int(index)] = place
        return SequenceID(place: index, use: place.use)
    }

    /// Frees the pages without another holder. Does nothing for an ID that is not open.
    package mutating func close(_ sequence: SequenceID) {
        guard let index = index(of: sequence) else { return }
        for page in places[index].pages.reversed() {
            holderCounts[Int(page)] -= 1
            if holderCounts[Int(page)] == 0 { freePages.append(page) }
        }
        freePlaces.append(sequence.place)
        let use = places[index].use
        places[index] = Place()
        places[index].use = use
    }

    /// Returns the place of an open sequence, or nil.
    package func index(of sequence: SequenceID) -> Int? {
        let index = Int(sequence.place)
        guard index < places.count, places[index].isOpen,
            places[index].use == sequence.use
        else { return nil }
        return index
    }

    /// Checks every item of the step numbered `step` against the open sequences and their
    /// reservations. Changes neither lengths nor pages.
    package mutating func admit(
        _ items: [StepItem], step: UInt64, vocabularySize: Int
    ) throws(InferenceError) {
        for (number, item) in items.enumerated() {
            guard let index = index(of: item.sequence) else {
                throw Self.refusal(
                    .unknownSequence, number, found: "a sequence that is not open",
                    allowed: "a sequence opened here and not closed")
            }
            guard places[index].lastStep != step, !item.tokens.isEmpty else {
                throw Self.refusal(
                    .badStep, number,
                    found: item.tokens.isEmpty ? "no tokens" : "a sequence named twice",
                    allowed: "each sequence once, with at least one token")
            }
            guard !takesWholes || places[index].length == 0 else {
                throw Self.refusal(
                    .badStep, number, found: "a sequence of \(places[index].length) tokens",
                    allowed: "an empty one, because attention is not causal")
            }
            places[index].lastStep = step
            let free = places[index].capacity - places[index].length
            guard item.tokens.count <= free else {
                throw Self.refusal(
                    .sequenceTooLong, number, found: "\(item.tokens.count) tokens",
                    allowed: "\(free), what is left of the \(places[index].capacity) reserved")
            }
            for token in item.tokens where token < 0 || Int(token) >= vocabularySize {
                throw Self.refusal(
                    .tokenOutOfRange, number, found: "token \(token)",
                    allowed: "0 to \(vocabularySize - 1)")
            }
        }
    }

    /// Builds the texts of a refusal only here, so that an admitted step builds none.
    private static func refusal(
        _ code: InferenceError.Code, _ item: Int, found: String, allowed: String
    ) -> InferenceError {
        InferenceError(
            code, tried: "admitting item \(item) of a step", found: found, allowed: allowed)
    }

    /// Counts `count` more positions as filled.
    package mutating func advance(_ sequence: SequenceID, by count: Int) {
        guard let index = index(of: sequence) else {
            preconditionFailure("place \(sequence.place) grows by \(count) and is not open")
        }
        let length = places[index].length + count
        precondition(length <= places[index].capacity, "\(length) positions are more than reserved")
        places[index].length = length
    }
}
