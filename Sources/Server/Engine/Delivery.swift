// Counts of the data sent to the client of a request, and the continuation of a request that is
// computed a second time.
//
//   first     t0 t1 t2 |  logits of t3 are NaN
//   second    t0 t1 t2 t3 t4 …          the client sees t3 t4 …
//
// Guarantees: the second computation gives identical bits, so data sent before is left out by
// count, and the client gets an answer without a seam. Pure bookkeeping.

import Service
import Wire

/// Counts of sent data. A value.
struct Delivery: Sendable, Equatable {
    /// Tokens of a generation.
    private(set) var tokens = 0
    /// Rows of log-probabilities of the prompt.
    private(set) var promptRows = 0
    /// Values of logits or vectors.
    private(set) var values = 0

    /// Counts a sent event.
    mutating func add(_ event: WorkEvent) {
        switch event {
        case .generateChunk(let chunk):
            tokens += chunk.tokens.count
            promptRows += chunk.promptLogprobs?.count ?? 0
        case .logitsChunk(let chunk): values += chunk.logits.count
        case .embedChunk(let chunk): values += chunk.embeddings.count
        default: break
        }
    }
}

/// Leaves out of a second computation the data that the first has sent.
struct Replay: Sendable {
    private let sent: Delivery
    private var seen = Delivery()

    init(after sent: Delivery) { self.sent = sent }

    /// Returns the unsent rest of an event, or nil for an event that was sent before.
    mutating func rest(of event: WorkEvent) -> WorkEvent? {
        switch event {
        case .generateChunk(var chunk):
            let isKnown = seen.tokens < sent.tokens && !chunk.tokens.isEmpty
            let rows = sent.promptRows - seen.promptRows
            seen.add(event)
            if isKnown { return nil }
            if rows > 0, let piece = chunk.promptLogprobs {
                guard piece.count > rows else { return nil }
                chunk.promptLogprobs = piece.slice(rows..<piece.count)
            }
            return .generateChunk(chunk)
        case .logitsChunk(let chunk):
            let rest = unsent(chunk.logits, event)
            return rest.isEmpty ? nil : .logitsChunk(LogitsChunk(logits: rest))
        case .embedChunk(let chunk):
            let rest = unsent(chunk.embeddings, event)
            return rest.isEmpty ? nil : .embedChunk(EmbedChunk(embeddings: rest))
        case .logits(var answer, let at):
            answer.logits = unsent(answer.logits, event)
            return .logits(answer, at: at)
        case .embedded(var answer, let at):
            answer.embeddings = unsent(answer.embeddings, event)
            return .embedded(answer, at: at)
        default: return event
        }
    }

    private mutating func unsent(_ values: [Float], _ event: WorkEvent) -> [Float] {
        let known = min(values.count, max(0, sent.values - seen.values))
        seen.add(event)
        return known == 0 ? values : Array(values.dropFirst(known))
    }
}
