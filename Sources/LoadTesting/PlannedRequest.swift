// What one request asks for, without saying how it is put on the wire.
//
// The module knows no protocol and no client: a target carries these out (see LoadTarget). That is
// what lets the whole tester be checked against a server that exists only as arithmetic.

/// Kinds of request a run may mix.
package enum RequestKind: String, Sendable, CaseIterable, Codable {
    case ping, health, models, tokenize, detokenize, generate, score, logits, embed, stats

    /// All names, for messages.
    package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What a request is about.
package enum RequestPrompt: Sendable, Equatable {
    /// Text as it is.
    case text(String)
    /// Token ids, used as they are.
    case tokens([UInt32])
    /// Bytes of a ping.
    case payload([UInt8])
    /// Nothing: the kind has no content.
    case none
}

/// One request.
package struct PlannedRequest: Sendable, Equatable {
    package let kind: RequestKind
    package let prompt: RequestPrompt
    /// Tokens to make at most; generate only.
    package let outputTokens: Int
    /// Continuations to score; score only.
    package let continuations: [[UInt32]]
    /// Deadline in the header, milliseconds; 0 is none.
    package var deadlineMilliseconds: UInt32 = 0
    /// Give the answer up after this many frames of it; nil for never. Generate only.
    package var cancelAfterChunks: Int?

    package init(
        kind: RequestKind, prompt: RequestPrompt = .none, outputTokens: Int = 0,
        continuations: [[UInt32]] = []
    ) {
        self.kind = kind
        self.prompt = prompt
        self.outputTokens = outputTokens
        self.continuations = continuations
    }
}
