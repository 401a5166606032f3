// The requests of a run. All are made before the run starts: nothing is composed while the clock
// runs.
//
// Requests are drawn from a pool of some hundred variants per kind. With prompts from a file each
// prompt is a variant. Everything comes from the seed, so two runs with the same seed send the same
// requests.

/// Settings for making requests.
package struct RequestContent: Sendable {
    /// Prompts from a file. Empty for synthetic prompts.
    package var prompts: [String] = []
    /// Conversations of chat requests. Must not be empty.
    package var conversations = ConversationSet.builtIn
    package var promptTokens: LengthDistribution
    package var outputTokens: LengthDistribution
    package var pingBytes: LengthDistribution
    /// Synthetic prompts use the token ids below `vocabulary`.
    package var vocabulary: UInt32 = 256
    /// Continuations of a score request.
    package var continuationCount = 4
    /// Share (0 to 1) of the generate and chat requests whose answers are given up.
    package var cancelShare = 0.0
    /// Share (0 to 1) of the requests with a deadline.
    package var deadlineShare = 0.0
    /// The deadline, milliseconds.
    package var deadlineMilliseconds: UInt32 = 0

    package init(
        promptTokens: LengthDistribution, outputTokens: LengthDistribution,
        pingBytes: LengthDistribution
    ) {
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.pingBytes = pingBytes
    }
}

/// Ready-made requests, drawn in turn.
package struct RequestPool: Sendable {
    /// Variants of each kind, unless a file sets the number.
    static let variantCount = 256
    /// Bytes of synthetic text per requested token, about as many as in English.
    static let bytesPerToken = 4
    /// Maximum number of elements in all variants of a kind together.
    static let elementsMax = 16 << 20

    package let mix: RequestMix
    private let content: RequestContent
    private var variants: [RequestKind: [PlannedRequest]] = [:]
    private var random: SplitMix
    private var turn = 0

    package init(
        _ mix: RequestMix, _ content: RequestContent, traced: Set<RequestKind>, seed: UInt64
    ) {
        self.mix = mix
        self.content = content
        random = SplitMix(seed: seed, stream: 2)
        var maker = SplitMix(seed: seed, stream: 3)
        for kind in RequestKind.allCases where mix.contains(kind) || traced.contains(kind) {
            variants[kind] = Self.variants(kind, content, &maker)
        }
    }

    /// The next request. `detail` is its line of the trace.
    package mutating func draw(_ detail: TraceEntry?) -> PlannedRequest {
        let kind = drawKind(detail)
        turn += 1
        let known = variants[kind] ?? []
        var request = known.isEmpty ? PlannedRequest(kind: kind) : known[turn % known.count]
        if let detail, detail.promptTokens != nil || detail.outputTokens != nil {
            request = Self.request(
                kind, content, &random, prompt: detail.promptTokens, output: detail.outputTokens,
                like: request)
        }
        if kind.isStreamed, content.cancelShare > 0, random.uniform() < content.cancelShare {
            request.cancelAfterChunks = 1 + Int(random.uniform() * 4)
        }
        if content.deadlineShare > 0, random.uniform() < content.deadlineShare {
            request.deadlineMilliseconds = content.deadlineMilliseconds
        }
        return request
    }

    /// The kind of the next request, for callers that need nothing else.
    package mutating func drawKind(_ detail: TraceEntry?) -> RequestKind {
        detail?.kind ?? mix.draw(&random)
    }

    private static func variants(
        _ kind: RequestKind, _ content: RequestContent, _ random: inout SplitMix
    ) -> [PlannedRequest] {
        if [.health, .models, .stats].contains(kind) { return [PlannedRequest(kind: kind)] }
        if kind == .chat {
            return content.conversations.map { turns in
                PlannedRequest(
                    kind: kind, prompt: .conversation(turns),
                    outputTokens: content.outputTokens.draw(&random))
            }
        }
        if !content.prompts.isEmpty, kind != .ping, kind != .detokenize {
            return content.prompts.map { text in
                PlannedRequest(
                    kind: kind, prompt: .text(text),
                    outputTokens: content.outputTokens.draw(&random),
                    continuations: continuations(kind, content, &random))
            }
        }
        var made: [PlannedRequest] = []
        var elements = 0
        while made.count < variantCount, elements < elementsMax {
            let request = request(kind, content, &random, prompt: nil, output: nil, like: nil)
            elements += request.prompt.elementCount
            made.append(request)
        }
        return made
    }

    private static func request(
        _ kind: RequestKind, _ content: RequestContent, _ random: inout SplitMix, prompt: Int?,
        output: Int?, like: PlannedRequest?
    ) -> PlannedRequest {
        let length = prompt ?? content.promptTokens.draw(&random)
        let text: RequestPrompt
        switch kind {
        case .ping:
            let count = prompt ?? content.pingBytes.draw(&random)
            text = .payload(
                (0..<min(count, 65_536)).map { _ in UInt8.random(in: 0...255, using: &random) })
        case .tokenize: text = .text(words(length * bytesPerToken, &random))
        default: text = .tokens(tokens(length, content.vocabulary, &random))
        }
        return PlannedRequest(
            kind: kind, prompt: prompt == nil || kind == .chat ? like?.prompt ?? text : text,
            outputTokens: output ?? like?.outputTokens ?? content.outputTokens.draw(&random),
            continuations: like?.continuations ?? continuations(kind, content, &random))
    }

    private static func continuations(
        _ kind: RequestKind, _ content: RequestContent, _ random: inout SplitMix
    ) -> [[UInt32]] {
        guard kind == .score else { return [] }
        return (0..<content.continuationCount).map { _ in
            tokens(4, content.vocabulary, &random)
        }
    }

    private static func tokens(
        _ count: Int, _ vocabulary: UInt32, _ random: inout SplitMix
    ) -> [UInt32] {
        (0..<count).map { _ in UInt32.random(in: 0..<max(1, vocabulary), using: &random) }
    }

    /// About `count` bytes of made-up words.
    private static func words(_ count: Int, _ random: inout SplitMix) -> String {
        var bytes: [UInt8] = []
        let size = min(count, LoadLimits.promptSizeMax)
        bytes.reserveCapacity(size)
        var word = 0
        while bytes.count < size {
            if word == 0 {
                word = Int.random(in: 2...8, using: &random)
                if !bytes.isEmpty { bytes.append(0x20) }
            }
            bytes.append(UInt8.random(in: 0x61...0x7A, using: &random))
            word -= 1
        }
        return String(decoding: bytes.prefix(size), as: UTF8.self)
    }
}

extension RequestPrompt {
    /// Number of tokens or bytes in the prompt.
    var elementCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let tokens): tokens.count
        case .payload(let bytes): bytes.count
        case .conversation(let turns): turns.reduce(0) { $0 + $1.text.utf8.count }
        case .none: 1
        }
    }
}

/// Reads a file with a prompt per line. Empty lines are left out.
package enum PromptFile {
    package static func parse(
        _ bytes: [UInt8], name: String
    ) throws(LoadTestError) -> [String] {
        guard bytes.count <= LoadLimits.fileSizeMax else {
            throw LoadTestError(
                .fileInvalid,
                "reading \(name): found \(bytes.count) bytes, allowed: \(LoadLimits.fileSizeMax)")
        }
        var prompts: [String] = []
        var number = 0
        for slice in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let line = slice.last == 0x0D ? slice.dropLast() : slice
            guard !line.isEmpty else { continue }
            guard line.count <= LoadLimits.promptSizeMax, prompts.count < LoadLimits.promptsMax
            else {
                throw .file(
                    name, line: number, "\(line.count) bytes",
                    allowed: "\(LoadLimits.promptsMax) prompts of \(LoadLimits.promptSizeMax) bytes"
                )
            }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw .file(name, line: number, "bytes that are not UTF-8", allowed: "UTF-8 text")
            }
            prompts.append(text)
        }
        guard !prompts.isEmpty else {
            throw LoadTestError(
                .fileInvalid, "reading \(name): found no prompts, allowed: 1 or more")
        }
        return prompts
    }
}
