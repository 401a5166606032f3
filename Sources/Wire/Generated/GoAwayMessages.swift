// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// GoAway: sent by the server only, with byte 5 `0xf0` and request id 0 (as a request a protocol
// error, `kind_reserved`).

/// Sent by the server only, with byte 5 0xf0 and request id 0.
public struct GoAway: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.goAway

    /// Reason of the end: `shutting_down`, `idle`, or a word of a later server.
    public var reason: String
    /// Time until the server closes everything still open, milliseconds.
    public var drainMilliseconds: UInt64

    /// Makes a value from the fields.
    public init(reason: String, drainMilliseconds: UInt64) {
        self.reason = reason
        self.drainMilliseconds = drainMilliseconds
    }

    enum ID: UInt16 { case reason = 1, drainMilliseconds = 2 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "GoAway",
        [
            FieldLayout(ID.reason, "reason", .text, .required, .size(1, 128)),
            FieldLayout(ID.drainMilliseconds, "drain_milliseconds", .unsigned, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
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

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.reason, reason)
        writer.unsigned(ID.drainMilliseconds, drainMilliseconds)
    }
}
