// What a call returns, and one element of a streamed answer.

import Wire

/// A message and what its last frame said about it.
public struct Reply<Message: ResponseMessage>: Sendable {
    /// The decoded answer, whole.
    public let message: Message
    /// Real or mock. Mock only when the client allows mocks.
    public let provenance: Provenance
    /// Generation of the model that answered, 0 for none.
    public let generation: UInt32

    /// True when the answer is worse than it could be; its `answer.degradations` say how.
    public var isDegraded: Bool { message.isDegraded }
}

extension Reply: Equatable where Message: Equatable {}

/// One element of a streamed generation. The texts of all elements, one after the other, are the
/// text of the answer; so are the tokens.
public struct GeneratePart: Sendable, Equatable {
    /// Tokens, text, progress and log-probabilities since the element before. In the last element:
    /// what the last frame brought.
    public let chunk: GenerateChunk
    /// Real or mock; the same in all elements.
    public let provenance: Provenance
    /// Generation of the model that answers; the same in all elements.
    public let generation: UInt32
    /// The whole answer: in the last element, nil before.
    public let answer: Reply<GenerateResponse>?

    /// Text since the element before.
    public var text: String { chunk.text }
    /// Token ids since the element before.
    public var tokens: [UInt32] { chunk.tokens }
}
