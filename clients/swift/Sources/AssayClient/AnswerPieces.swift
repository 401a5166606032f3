// The frames of one answer put together, and checked against what was asked for.
//
// Guarantees: nothing is kept that the request did not ask for, and no more values than it can
// have; the first frame that contradicts the request or another frame is named in `breach`, and
// nothing is taken after it. What the last frame counts is compared with what came.
// Not here: sockets, provenance (see Inbox), counts within one frame (see Wire).

import Wire

/// An answer in the making: what its frames decode to, and how they become one message.
protocol AnswerPieces: Sendable {
    /// Frames that are followed by others.
    associatedtype Chunk: ResponseMessage
    /// The last frame, and the whole.
    associatedtype Last: ResponseMessage

    /// True when there may be chunks at all.
    static var isStreamed: Bool { get }
    /// What the server did wrong; nil as long as everything fits.
    var breach: String? { get }
    /// Takes a chunk; false when it does not fit.
    mutating func add(_ chunk: Chunk) -> Bool
    /// The last frame with everything before it.
    mutating func whole(_ last: Last) -> Last
    /// Number of a chunk in its answer, nil when the frame has none.
    static func number(of chunk: Chunk) -> UInt64?
    /// The same of a last frame.
    static func number(of last: Last) -> UInt64?
}

extension AnswerPieces where Chunk: NumberedResponse, Last: NumberedResponse {
    static var isStreamed: Bool { true }
    static func number(of chunk: Chunk) -> UInt64? { chunk.frame }
    static func number(of last: Last) -> UInt64? { last.frame }
}

/// An answer of one frame. What `check` finds wrong with it is a breach.
struct SinglePiece<Last: ResponseMessage>: AnswerPieces {
    typealias Chunk = Last
    static var isStreamed: Bool { false }
    static func number(of frame: Last) -> UInt64? { nil }

    private let check: @Sendable (Last) -> String?
    private(set) var breach: String?

    init(check: @escaping @Sendable (Last) -> String? = { _ in nil }) { self.check = check }

    mutating func add(_ chunk: Last) -> Bool { false }

    mutating func whole(_ last: Last) -> Last {
        breach = check(last)
        return last
    }
}

/// The pieces of a Load: nothing to put together.
struct LoadPieces: AnswerPieces {
    var breach: String? { nil }
    mutating func add(_ chunk: LoadProgress) -> Bool { true }
    mutating func whole(_ last: LoadResponse) -> LoadResponse { last }
}

/// The pieces of a Logits.
struct LogitsPieces: AnswerPieces {
    private let positions: ClosedRange<UInt64>
    private var values: [Float] = []
    private(set) var breach: String?

    init(_ request: LogitsRequest) {
        switch request.prompt {
        case _ where !request.allPositions: positions = 1...1
        case .tokens(let tokens): positions = UInt64(tokens.count)...UInt64(tokens.count)
        // The server alone knows how many tokens a text has.
        default: positions = 1...UInt64(Limits.tokenCountMax)
        }
    }

    /// Takes a chunk; false when there are more values than any vocabulary has.
    mutating func add(_ chunk: LogitsChunk) -> Bool {
        let max = Int(positions.upperBound) * Int(Limits.topKMax)
        guard values.count + chunk.logits.count <= max else {
            breach =
                "reading logits: found \(values.count + chunk.logits.count) values or more, "
                + "allowed: \(max)"
            return false
        }
        values += chunk.logits
        return true
    }

    /// The last frame with everything before it.
    mutating func whole(_ last: LogitsResponse) -> LogitsResponse {
        var whole = last
        whole.logits = values.isEmpty ? last.logits : values + last.logits
        let (expected, overflows) = whole.vocabulary.multipliedReportingOverflow(
            by: whole.positions)
        if overflows || UInt64(whole.logits.count) != expected {
            breach =
                "reading logits: found \(whole.logits.count) values, allowed: "
                + "\(whole.vocabulary) times \(whole.positions)"
        } else if !positions.contains(whole.positions) {
            breach =
                "reading logits: found \(whole.positions) positions, allowed: "
                + "\(positions.lowerBound) to \(positions.upperBound)"
        }
        return whole
    }
}

/// The pieces of a Generate.
struct GenerationPieces: AnswerPieces {
    private var tokens: [UInt32] = []
    private var text = ""
    private var logprobs: LogprobPieces
    private var promptLogprobs: LogprobPieces
    private var ownBreach: String?

    init(_ request: GenerateRequest) {
        logprobs = LogprobPieces("logprobs", asked: request.logprobs)
        promptLogprobs = LogprobPieces("prompt_logprobs", asked: request.promptLogprobs)
    }

    var breach: String? { ownBreach ?? logprobs.breach ?? promptLogprobs.breach }

    /// Takes a chunk; false when it does not fit.
    mutating func add(_ chunk: GenerateChunk) -> Bool {
        tokens += chunk.tokens
        text += chunk.text
        logprobs.add(chunk.logprobs)
        promptLogprobs.add(chunk.promptLogprobs)
        if logprobs.isAsked, logprobs.count != tokens.count {
            ownBreach =
                "reading the answer to Generate: \(tokens.count) tokens came with "
                + "log-probabilities of \(logprobs.count)"
        }
        return breach == nil
    }

    /// The last frame with everything before it.
    mutating func whole(_ last: GenerateResponse) -> GenerateResponse {
        var rest = GenerateChunk(tokens: last.tokens, text: last.text)
        rest.logprobs = last.logprobs
        rest.promptLogprobs = last.promptLogprobs
        guard add(rest) else { return last }
        if UInt64(tokens.count) != last.completionTokens {
            ownBreach =
                "reading the answer to Generate: found \(tokens.count) tokens, allowed: "
                + "\(last.completionTokens), as many as it says were made"
        }
        let expected = last.promptTokens - min(last.promptTokens, 1)
        let isWhole = last.finishReason == .stop || last.finishReason == .length
        let found = UInt64(promptLogprobs.count)
        if promptLogprobs.isAsked, isWhole ? found != expected : found > expected {
            ownBreach =
                "reading the answer to Generate: found log-probabilities of \(found) prompt "
                + "tokens, allowed: \(expected), of all \(last.promptTokens) but the first"
        }
        var whole = last
        whole.tokens = tokens
        whole.text = text
        whole.logprobs = logprobs.whole
        whole.promptLogprobs = promptLogprobs.whole
        return whole
    }
}

/// The pieces of one list of log-probabilities.
private struct LogprobPieces {
    private let name: StaticString
    private let asked: UInt64?
    private var sum: Logprobs?
    private(set) var breach: String?

    init(_ name: StaticString, asked: UInt64?) {
        self.name = name
        self.asked = asked
    }

    var isAsked: Bool { asked != nil }
    var count: Int { sum?.count ?? 0 }
    /// All of them; nil when none were asked for.
    var whole: Logprobs? { asked.map { sum ?? Logprobs(topCount: $0) } }

    mutating func add(_ piece: Logprobs?) {
        guard breach == nil, let piece else { return }
        guard let asked else {
            breach = "reading the answer to Generate: found \"\(name)\", which was not asked for"
            return
        }
        guard piece.count > 0 else { return }
        let width = sum?.topCount ?? piece.topCount
        guard piece.topCount == width, width <= asked else {
            breach =
                "reading \"\(name)\": found \(piece.topCount) alternatives per token, allowed: "
                + "\(min(width, asked)) in every frame"
            return
        }
        guard count + piece.count <= Limits.tokenCountMax else {
            breach =
                "reading \"\(name)\": found \(count + piece.count) tokens, allowed: "
                + "\(Limits.tokenCountMax)"
            return
        }
        if sum == nil { sum = Logprobs(topCount: width) }
        sum?.append(piece)
    }
}

/// The pieces of an Embed.
struct EmbeddingPieces: AnswerPieces {
    private let inputCount: Int
    private var values: [Float] = []
    private(set) var breach: String?

    init(_ request: EmbedRequest) { inputCount = request.inputs.count }

    /// Takes a chunk; false when there are more values than any model has for these inputs.
    mutating func add(_ chunk: EmbedChunk) -> Bool {
        let max = inputCount * Int(Limits.embeddingDimensionsMax)
        guard values.count + chunk.embeddings.count <= max else {
            breach =
                "reading embeddings: found \(values.count + chunk.embeddings.count) values or "
                + "more, allowed: \(max) for \(inputCount) inputs"
            return false
        }
        values += chunk.embeddings
        return true
    }

    /// The last frame with everything before it.
    mutating func whole(_ last: EmbedResponse) -> EmbedResponse {
        var whole = last
        whole.embeddings = values + last.embeddings
        // Both factors are within their limits, or the frame would not have been decoded.
        if whole.count != UInt64(inputCount)
            || UInt64(whole.embeddings.count) != whole.dimensions * whole.count
        {
            breach =
                "reading embeddings: found \(whole.embeddings.count) values, \(whole.dimensions) "
                + "times \(whole.count), allowed: one vector for each of \(inputCount) inputs"
        }
        return whole
    }
}

extension ScoreResponse {
    /// What contradicts the request; nil when everything fits.
    func breach(of request: ScoreRequest) -> String? {
        if scores.count != request.continuations.count {
            return "reading scores: found \(scores.count), allowed: one for each of "
                + "\(request.continuations.count) continuations"
        }
        for (index, score) in scores.enumerated() {
            if score.logprobs.topCount > request.topLogprobs {
                return "reading score \(index): found \(score.logprobs.topCount) alternatives, "
                    + "allowed: \(request.topLogprobs)"
            }
            if score.logprobs.count == 0 { return "reading score \(index): found no token" }
        }
        return nil
    }
}
