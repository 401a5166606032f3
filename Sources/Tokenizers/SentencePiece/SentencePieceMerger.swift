// Merging characters into tokens by score: the core of SentencePiece-style encoding.
//
// Guarantees: the result of llama.cpp's queue. The pair whose concatenation is the token with the
// highest score merges first, leftmost among equals, until no pair is a token. Time is n log n at
// worst.
// Does not: handle spaces, special tokens or bytes without a token. The caller does.
//
// The text is first cut where no token reaches across. Two neighbouring characters can only end up
// in one token if some token contains them side by side. A set of all such pairs therefore splits
// ordinary text into words, each with a short queue of its own. The set is a bit map by hash, and a
// false positive only joins two segments:
//
//   ▁ O n c e | ▁ u p o n | ▁ a          no token contains "e▁" or "n▁"

struct SentencePieceMerger: Sendable {
    private let texts: TextList
    private let index: TokenIndex
    private let scores: [Float]
    private let mergeable: [Bool]
    private let adjacency: PairFilter

    init(_ vocabulary: Vocabulary, scores: [Float]) {
        texts = vocabulary.texts
        index = vocabulary.index
        self.scores = scores
        mergeable = vocabulary.isMergeable
        adjacency = PairFilter(vocabulary.texts) { vocabulary.isMergeable[$0] }
    }

    /// Storage reused from segment to segment.
    struct Scratch {
        fileprivate var symbols: [Symbol] = []
        fileprivate var queue = Heap<Bigram>()
        fileprivate let watch: EncodingWatch?
        fileprivate var emittedCount = 0

        init(_ watch: EncodingWatch? = nil) { self.watch = watch }

        fileprivate var isOver: Bool {
            watch.map { $0.isCancelled || emittedCount > $0.tokenCountMax } ?? false
        }
    }

    /// Calls `emit` for each symbol left at the end, in order: with the token, or with nil and the
    /// bytes. A watch may end the calls half-way.
    func merge(
        _ text: [UInt8], _ scratch: inout Scratch,
        emit: (_ token: Int32?, _ bytes: UnsafeBufferPointer<UInt8>) -> Void
    ) {
        text.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count, !scratch.isOver {
                let end = segmentEnd(bytes, from: start, &scratch.symbols)
                mergeSegment(bytes, &scratch)
                scratch.emittedCount += emitSymbols(bytes, scratch.symbols, emit)
                start = end
            }
        }
    }

    /// Splits off characters up to the first place that no token crosses.
    private func segmentEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ symbols: inout [Symbol]
    ) -> Int {
        symbols.removeAll(keepingCapacity: true)
        var position = start
        var last: UInt32?
        while position < text.count {
            let size = min(characterSize(text[position]), text.count - position)
            let character = packCharacter(text, position, size)
            if let last, !adjacency.contains(last, character) { break }
            symbols.append(
                Symbol(
                    start: Int32(truncatingIfNeeded: position),
                    size: Int32(truncatingIfNeeded: size),
                    previous: Int32(symbols.count) - 1, next: Int32(symbols.count) + 1))
            last = character
            position += size
        }
        symbols[symbols.count - 1].next = -1
        return position
    }

    private func mergeSegment(_ text: UnsafeBufferPointer<UInt8>, _ scratch: inout Scratch) {
        scratch.queue.removeAll()
        for left in scratch.symbols.indices.dropLast() {
            if let watch = scratch.watch, watch.isCancelled { return }
            if let bigram = bigram(text, scratch.symbols, Int32(left), Int32(left + 1)) {
                scratch.queue.append(bigram)
            }
        }
        scratch.queue.order()
        while let bigram = scratch.queue.popFirst() {
            if let watch = scratch.watch, watch.isCancelled { return }
            let left = Int(bigram.left)
            let right = Int(bigram.right)
            // An entry is stale once either side has merged with another symbol.
            guard scratch.symbols[left].size > 0, scratch.symbols[right].size > 0,
                scratch.symbols[left].size + scratch.symbols[right].size == bigram.size
            else { continue }
            scratch.symbols[left].size = bigram.size
            scratch.symbols[right].size = 0
            let next = scratch.symbols[right].next
            scratch.symbols[left].next = next
            if next >= 0 {
                scratch.symbols[Int(next)].previous = bigram.left
                if let following = self.bigram(text, scratch.symbols, bigram.left, next) {
                    scratch.queue.push(following)
                }
            }
            let previous = scratch.symbols[left].previous
            if previous >= 0,
                let preceding = self.bigram(text, scratch.symbols, previous, bigram.left)
            {
                scratch.queue.push(preceding)
            }
        }
    }

    /// The merge of two neighbours, if their concatenation is a token.
    @inline(__always)
    private func bigram(
        _ text: UnsafeBufferPointer<UInt8>, _ symbols: [Symbol], _ left: Int32, _ right: Int32
    ) -> Bigram? {
        let start = Int(symbols[Int(left)].start)
        let size = symbols[Int(left)].size + symbols[Int(right)].size
        guard let token = token(text, start, Int(size)) else { return nil }
        return Bigram(left: left, right: right, size: size, score: scores[Int(token)])
    }

    private func token(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ size: Int) -> Int32? {
        let slice = UnsafeBufferPointer(rebasing: text[start..<start + size])
        guard let token = index.find(slice, in: texts), mergeable[Int(token)] else { return nil }
        return token
    }

    private func emitSymbols(
        _ text: UnsafeBufferPointer<UInt8>, _ symbols: [Symbol],
        _ emit: (_ token: Int32?, _ bytes: UnsafeBufferPointer<UInt8>) -> Void
    ) -> Int {
        var current = 0
        var count = 0
        while current >= 0 {
            let start = Int(symbols[current].start)
            let size = Int(symbols[current].size)
            let slice = UnsafeBufferPointer(rebasing: text[start..<start + size])
            emit(token(text, start, size), slice)
            count += 1
            current = Int(symbols[current].next)
        }
        return count
    }
}

/// A run of bytes in the text. Size 0 marks a symbol merged into its left neighbour.
private struct Symbol {
    var start: Int32
    var size: Int32
    var previous: Int32
    var next: Int32
}

/// A possible merge. The order is higher score first, then further left.
private struct Bigram: HeapElement {
    var left: Int32
    var right: Int32
    var size: Int32
    var score: Float

    @inline(__always)
    func precedes(_ other: Bigram) -> Bool {
        score != other.score ? score > other.score : left < other.left
    }
}
