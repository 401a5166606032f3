// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Ping: same bytes back.

/// Request of Ping: same bytes back.
public struct PingRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.ping

    /// Sent back as it is.
    public var payload: [UInt8]

    /// A value from its parts; sends nothing.
    public init(payload: [UInt8] = []) {
        self.payload = payload
    }

    enum ID: UInt16 { case payload = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Ping request",
        [
            FieldLayout(ID.payload, "payload", .bytes, .optional, .size(0, 65536)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .payload: payload = value.ownedBytes
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.payload, payload)
    }
}

/// Answer to Ping.
public struct PingResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.ping

    /// What was sent.
    public var payload: [UInt8]

    /// A value from its parts; sends nothing.
    public init(payload: [UInt8] = []) {
        self.payload = payload
    }

    enum ID: UInt16 { case payload = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Ping response",
        [
            FieldLayout(ID.payload, "payload", .bytes, .optional, .size(0, 65536)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .payload: payload = value.ownedBytes
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.payload, payload)
    }
}
