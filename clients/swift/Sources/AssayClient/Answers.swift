// Joins the frames of an answer, and checks them against the request.
//
// Guarantees: keeps only values that the request asked for, and no more than the request allows.
// The first frame that contradicts the request or an earlier frame is damage, and no frame is taken
// after it. The counts in the last frame are compared with the received values.
// Not here: sockets, provenance (see Exchange), counts within one frame (see Wire).

import Wire

/// An answer in the making: the frame types, and the joining of frames into a message.
protocol AnswerPieces: Sendable {
    /// Type of all frames before the last. Equal to `Last` for answers of a single frame.
    associatedtype Chunk: ResponseMessage
    /// Type of the last frame, and of the whole answer.
    associatedtype Last: ResponseMessage

    /// Takes a chunk. Throws damage when the chunk does not fit.
    mutating func add(_ chunk: Chunk) throws(AssayError)
    /// Returns the last frame with all chunks before it. Throws damage when they do not fit.
    mutating func whole(_ last: Last) throws(AssayError) -> Last
}

extension AnswerPieces {
    static var isStreamed: Bool { Chunk.self != Last.self }

    static func breach(_ what: String) -> AssayError {
        .damage("reading the answer to \(Last.kind)", what)
    }

    /// Appends values up to a total of `max`.
    static func append(_ new: [Float], to values: inout [Float], max: Int) throws(AssayError) {
        guard values.count + new.count <= max else {
            throw breach("found \(values.count + new.count) values or more, allowed: \(max)")
        }
        values += new
    }

    /// Checks that the number of values is the number that the last frame states.
    static func check(_ values: [Float], _ rows: UInt64, _ columns: UInt64) throws(AssayError) {
        let (expected, overflows) = rows.multipliedReportingOverflow(by: columns)
        if overflows || UInt64(values.count) != expected {
            throw breach("found \(values.count) values, allowed: \(rows) times \(columns)")
        }
    }
}

/// An answer of a single frame. A text from `check` makes the answer a breach.
struct SinglePiece<Last: ResponseMessage>: AnswerPieces {
    var check: @Sendable (Last) -> String? = { _ in nil }

    func add(_ chunk: Last) {}

    func whole(_ last: Last) throws(AssayError) -> Last {
        if let breach = check(last) { throw Self.breach(breach) }
        return last
    }
}

extension PingResponse {
    /// Contradiction between response and request. Nil when the response fits.
    func breach(of request: PingRequest) -> String? {
        payload == request.payload ? nil : "other bytes came back than were sent"
    }
}

extension ScoreResponse {
    /// Contradiction between response and request. Nil when the response fits.
    func breach(of request: ScoreRequest) -> String? {
        if scores.count != request.continuations.count {
            return "found \(scores.count) scores, allowed: one for each of "
                + "\(request.continuations.count) continuations"
        }
        for (index, score) in scores.enumerated() {
            if score.logprobs.topCount > request.topLogprobs {
                return "score \(index): found \(score.logprobs.topCount) alternatives, "
                    + "allowed: \(request.topLogprobs)"
            }
            if score.logprobs.count == 0 { return "score \(index): found no token" }
        }
        return nil
    }
}

/// The pieces of a Load. No values are joined.
struct LoadPieces: AnswerPieces {
    func add(_ chunk: LoadProgress) {}
    func whole(_ last: LoadResponse) -> LoadResponse { last }
}

/// The pieces of a Swap. No values are joined.
struct SwapPieces: AnswerPieces {
    func add(_ chunk: SwapProgress) {}
    func whole(_ last: SwapResponse) -> SwapResponse { last }
}

/// The pieces of a Logits.
struct LogitsPieces: AnswerPieces {
    private let positions: ClosedRange<UInt64>
    private var values: [Float] = []

    init(_ request: LogitsRequest) {
        switch request.prompt {
        case _ where !request.allPositions: positions = 1...1
        case .tokens(let tokens): positions = UInt64(tokens.count)...UInt64(tokens.count)
        // Only the server knows how many tokens a text has.
        default: positions = 1...UInt64(Limits.tokenCountMax)
        }
    }

    /// Allows `topKMax` values per position, since no vocabulary is larger.
    mutating func add(_ chunk: LogitsChunk) throws(AssayError) {
        let max = Int(positions.upperBound) * Int(Limits.topKMax)
        try Self.append(chunk.logits, to: &values, max: max)
    }

    func whole(_ last: LogitsResponse) throws(AssayError) -> LogitsResponse {
        var whole = last
        whole.logits = values.isEmpty ? last.logits : values + last.logits
        try Self.check(whole.logits, whole.positions, whole.vocabulary)
        guard positions.contains(whole.positions) else {
            throw Self.breach(
                "found \(whole.positions) positions, allowed: \(positions.lowerBound) to "
                    + "\(positions.upperBound)")
        }
        return whole
    }
}

/// The pieces of an Embed.
struct EmbedPieces: AnswerPieces {
    private let inputCount: Int
    private var values: [Float] = []

    init(_ request: EmbedRequest) { inputCount = request.inputs.count }

    mutating func add(_ chunk: EmbedChunk) throws(AssayError) {
        let max = inputCount * Int(Limits.embeddingDimensionsMax)
        try Self.append(chunk.embeddings, to: &values, max: max)
    }

    func whole(_ last: EmbedResponse) throws(AssayError) -> EmbedResponse {
        var whole = last
        whole.embeddings = values + last.embeddings
        try Self.check(whole.embeddings, whole.count, whole.dimensions)
        guard whole.count == UInt64(inputCount) else {
            throw Self.breach(
                "found \(whole.count) vectors, allowed: one for each of \(inputCount) inputs")
        }
        return whole
    }
}

/// The pieces of a Generate.
struct GeneratePieces: AnswerPieces {
    private var tokens: [UInt32] = []
    private var text = ""
    private var logprobs: LogprobPieces
    private var promptLogprobs: LogprobPieces

    init(_ request: GenerateRequest) {
        logprobs = LogprobPieces(name: "logprobs", asked: request.logprobs)
        promptLogprobs = LogprobPieces(name: "prompt_logprobs", asked: request.promptLogprobs)
    }

    mutating func add(_ chunk: GenerateChunk) throws(AssayError) {
        tokens += chunk.tokens
        text += chunk.text
        try logprobs.add(chunk.logprobs)
        try promptLogprobs.add(chunk.promptLogprobs)
        if logprobs.asked != nil, logprobs.count != tokens.count {
            throw Self.breach(
                "\(tokens.count) tokens came with log-probabilities of \(logprobs.count)")
        }
    }

    mutating func whole(_ last: GenerateResponse) throws(AssayError) -> GenerateResponse {
        try add(GenerateChunk(of: last))
        if UInt64(tokens.count) != last.completionTokens {
            throw Self.breach(
                "found \(tokens.count) tokens, allowed: \(last.completionTokens), as many as it "
                    + "says were made")
        }
        let expected = last.promptTokens - min(last.promptTokens, 1)
        let isWhole = last.finishReason == .stop || last.finishReason == .length
        let found = UInt64(promptLogprobs.count)
        if promptLogprobs.asked != nil, isWhole ? found != expected : found > expected {
            throw Self.breach(
                "found log-probabilities of \(found) prompt tokens, allowed: \(expected), of all "
                    + "\(last.promptTokens) but the first")
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
    let name: String
    let asked: UInt64?
    var sum: Logprobs?

    var count: Int { sum?.count ?? 0 }
    /// All log-probabilities. Nil when the request asked for none.
    var whole: Logprobs? { asked.map { sum ?? Logprobs(topCount: $0) } }

    mutating func add(_ piece: Logprobs?) throws(AssayError) {
        guard let piece else { return }
        guard let asked else {
            throw GeneratePieces.breach("found \"\(name)\", which was not asked for")
        }
        guard piece.count > 0 else { return }
        let width = sum?.topCount ?? piece.topCount
        guard piece.topCount == width, width <= asked else {
            throw GeneratePieces.breach(
                "\"\(name)\": found \(piece.topCount) alternatives per token, allowed: "
                    + "\(min(width, asked)) in every frame")
        }
        guard count + piece.count <= Limits.tokenCountMax else {
            throw GeneratePieces.breach(
                "\"\(name)\": found \(count + piece.count) tokens, allowed: "
                    + "\(Limits.tokenCountMax)")
        }
        if sum == nil { sum = Logprobs(topCount: width) }
        sum?.append(piece)
    }
}
