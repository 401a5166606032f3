// What a call returns: the response itself, and what its last frame said about it.

import Wire

/// A response, whose fields are read straight off it: `reply.text`, `reply.answer.model`.
@dynamicMemberLookup
public struct Reply<Message: ResponseMessage>: Sendable {
    /// The decoded answer, whole.
    public let message: Message
    /// Real or mock. Mock only when the client allows mocks.
    public let provenance: Provenance
    /// Generation of the model that answered, 0 for none.
    public let generation: UInt32

    /// True when the answer is worse than it could be; its `answer.degradations` say how.
    public var degraded: Bool { message.isDegraded }

    /// A field of the response.
    public subscript<Value>(dynamicMember field: KeyPath<Message, Value>) -> Value {
        message[keyPath: field]
    }
}

extension Reply: Equatable where Message: Equatable {}
