// Ping: the shortest exchange. The response's body equals the request's, byte for byte.

/// Asks whether the server is there.
public struct PingRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.ping

    /// Bytes to be sent back.
    public var payload: [UInt8]

    /// A value from its parts; sends nothing.
    public init(payload: [UInt8] = []) { self.payload = payload }

    private enum ID: UInt16 { case payload = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Ping request",
        [
            FieldLayout(
                ID.payload, "payload", .bytes, .optional, .size(0, Limits.pingPayloadSizeMax))
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() { payload = field.ownedBytes }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) { writer.data(ID.payload, payload) }

    /// Accepts exactly what `init(decoding:)` accepts, without a copy. The usual body, one payload
    /// field that fills it, is recognised by its eight header bytes alone.
    static func verify(_ body: UnsafeRawBufferPointer) throws(WireError) {
        if body.count >= Limits.fieldHeaderSize {
            let payloadSize = body.count - Limits.fieldHeaderSize
            let usual =
                UInt64(ID.payload.rawValue) | UInt64(FieldType.bytes.rawValue) << 16
                | UInt64(payloadSize) << 32
            let word = UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))
            if word == usual && payloadSize <= Limits.pingPayloadSizeMax { return }
        }
        _ = try PingRequest(decoding: body)
    }
}

/// The same bytes back.
public struct PingResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.ping

    /// Bytes that come back as they were sent.
    public var payload: [UInt8]

    /// A value from its parts; sends nothing.
    public init(payload: [UInt8] = []) { self.payload = payload }

    /// The table of its body.
    public static let layout = MessageLayout("Ping response", PingRequest.layout.fields)

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        payload = try PingRequest(decoding: body).payload
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        PingRequest(payload: payload).encode(into: &writer)
    }
}
