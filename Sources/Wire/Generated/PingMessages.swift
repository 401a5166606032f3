// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Ping: returns the payload unchanged.

/// Request of Ping: returns the payload unchanged.
public struct PingRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.ping

    /// Bytes to send back unchanged.
    public var payload: [UInt8]

    /// Makes a value from the fields.
    public init(payload: [UInt8] = []) {
        self.payload = payload
    }

    enum ID: UInt16 { case payload = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Ping request",
        [
            FieldLayout(ID.payload, "payload", .bytes, .optional, .size(0, 65536))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .payload: payload = value.ownedBytes
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.payload, payload)
    }
}

/// Answer to Ping.
public struct PingResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.ping

    /// Payload of the request.
    public var payload: [UInt8]

    /// Makes a value from the fields.
    public init(payload: [UInt8] = []) {
        self.payload = payload
    }

    enum ID: UInt16 { case payload = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Ping response",
        [
            FieldLayout(ID.payload, "payload", .bytes, .optional, .size(0, 65536))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .payload: payload = value.ownedBytes
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.payload, payload)
    }
}
