// Content of one request, independent of the wire format.
//
// The module knows no protocol and no client: a target sends the requests (see LoadTarget). Tests
// can therefore check the whole tester against a server that exists only as arithmetic.

/// Kinds of request that a run may mix.
package enum RequestKind: String, Sendable, CaseIterable, Codable {
    case ping, health, models, tokenize, detokenize, generate, score, logits, embed, stats
    /// A conversation through the model's chat template, answered as a stream.
    case chat

    /// True for kinds whose answers are streams of tokens.
    package var isStreamed: Bool { self == .generate || self == .chat }

    /// All names, for messages.
    package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// Content of a request.
package enum RequestPrompt: Sendable, Equatable {
    /// Literal text.
    case text(String)
    /// Literal token ids.
    case tokens([UInt32])
    /// Turns of a conversation, at least one.
    case conversation([ConversationTurn])
    /// Bytes of a ping.
    case payload([UInt8])
    /// Empty, for kinds without content.
    case none
}

/// A turn of a conversation.
package struct ConversationTurn: Sendable, Equatable {
    /// `system`, `user`, `assistant`.
    package let role: String
    package let text: String

    package init(_ role: String, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// A request before sending.
package struct PlannedRequest: Sendable, Equatable {
    package let kind: RequestKind
    package let prompt: RequestPrompt
    /// Maximum number of tokens to generate. For generate and chat only.
    package let outputTokens: Int
    /// Continuations to score. For score only.
    package let continuations: [[UInt32]]
    /// Deadline in the header, milliseconds. 0 for none.
    package var deadlineMilliseconds: UInt32 = 0
    /// Number of answer frames after which the client gives up. Nil for never. For generate and
    /// chat only.
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
