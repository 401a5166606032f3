// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// GoAway: only from the server, byte 5 is `0xf0`, request id 0; as a request it is a protocol
// error (`kind_reserved`).

/// Only from the server, byte 5 is 0xf0, request id 0.
public struct GoAway: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.goAway

    /// `shutting_down`, `idle`.
    public var reason: String
    /// Time until the server closes what is still open.
    public var drainMilliseconds: UInt64

    /// A value from its parts; sends nothing.
    public init(reason: String, drainMilliseconds: UInt64) {
        self.reason = reason
        self.drainMilliseconds = drainMilliseconds
    }

    enum ID: UInt16 { case reason = 1, drainMilliseconds = 2 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "GoAway",
        [
            FieldLayout(ID.reason, "reason", .text, .required, .size(1, 128)),
            FieldLayout(ID.drainMilliseconds, "drain_milliseconds", .unsigned, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(reason: "", drainMilliseconds: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .reason: reason = try value.text()
            case .drainMilliseconds: drainMilliseconds = value.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.reason, reason)
        writer.unsigned(ID.drainMilliseconds, drainMilliseconds)
    }
}
