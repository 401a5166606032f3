// The result of a call: the response, and the marks of the last frame.

import Wire

/// A response. Fields are read directly: `reply.text`, `reply.answer.model`.
@dynamicMemberLookup
public struct Reply<Message: ResponseMessage>: Sendable {
    /// The whole decoded answer.
    public let message: Message
    /// Real or mock. Mock only when the client allows mocks.
    public let provenance: Provenance
    /// Generation of the model that answered, 0 for none.
    public let generation: UInt32

    /// True when the answer could have been better. `answer.degradations` lists the reasons.
    public var degraded: Bool { message.isDegraded }

    /// A field of the response.
    public subscript<Value>(dynamicMember field: KeyPath<Message, Value>) -> Value {
        message[keyPath: field]
    }
}

extension Reply: Equatable where Message: Equatable {}
