// Hello: the first request of every connection, and what both sides agree on.

/// First request of a connection.
public struct HelloRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.hello

    /// Name of the client program, for the server's log.
    public var client: String
    /// Highest revision of version 1 that the client speaks.
    public var revision: UInt64
    /// True when the client reads compressed bodies and may send them.
    public var compression: Bool
    /// Largest body before compression that the client accepts, bytes.
    public var bodySizeMax: UInt64

    /// A value from its parts; sends nothing.
    public init(
        client: String, revision: UInt64 = Limits.revision, compression: Bool = false,
        bodySizeMax: UInt64 = UInt64(Limits.bodySizeMax)
    ) {
        self.client = client
        self.revision = revision
        self.compression = compression
        self.bodySizeMax = bodySizeMax
    }

    private enum ID: UInt16 { case client = 1, revision, compression, bodySizeMax }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Hello request",
        [
            FieldLayout(
                ID.client, "client", .text, .required, .size(1, Limits.peerNameSizeMax)),
            FieldLayout(
                ID.revision, "revision", .unsigned, .required, .unsigned(1, UInt64(UInt32.max))),
            FieldLayout(ID.compression, "compression", .bool),
            FieldLayout(
                ID.bodySizeMax, "body_size_max", .unsigned, .optional,
                .unsigned(UInt64(Limits.bodySizeMin), UInt64(UInt32.max))),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(client: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .client: client = try field.text()
            case .revision: revision = field.unsigned
            case .compression: compression = field.bool
            case .bodySizeMax: bodySizeMax = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.client, client)
        writer.unsigned(ID.revision, revision)
        writer.bool(ID.compression, compression)
        writer.unsigned(ID.bodySizeMax, bodySizeMax)
    }
}

/// The server's side of the agreement.
public struct HelloResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.hello

    /// Name and version of the server program.
    public var server: String
    /// Revision both sides use from now on: the lower of the two.
    public var revision: UInt64
    /// True when bodies may be compressed from now on: both sides said so.
    public var compression: Bool
    /// Largest body before compression that the server accepts, bytes.
    public var bodySizeMax: UInt64
    /// Requests this connection may have in flight.
    public var requestsInFlightMax: UInt64

    /// A value from its parts; sends nothing.
    public init(
        server: String, revision: UInt64 = Limits.revision, compression: Bool = false,
        bodySizeMax: UInt64 = UInt64(Limits.bodySizeMax),
        requestsInFlightMax: UInt64 = UInt64(Limits.requestsInFlightMax)
    ) {
        self.server = server
        self.revision = revision
        self.compression = compression
        self.bodySizeMax = bodySizeMax
        self.requestsInFlightMax = requestsInFlightMax
    }

    private enum ID: UInt16 {
        case server = 1, revision, compression, bodySizeMax, requestsInFlightMax
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Hello response",
        [
            FieldLayout(
                ID.server, "server", .text, .required, .size(1, Limits.peerNameSizeMax)),
            FieldLayout(
                ID.revision, "revision", .unsigned, .required, .unsigned(1, UInt64(UInt32.max))),
            FieldLayout(ID.compression, "compression", .bool, .required),
            FieldLayout(
                ID.bodySizeMax, "body_size_max", .unsigned, .required,
                .unsigned(UInt64(Limits.bodySizeMin), UInt64(UInt32.max))),
            FieldLayout(
                ID.requestsInFlightMax, "requests_in_flight_max", .unsigned, .required,
                .unsigned(1, UInt64(UInt32.max))),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(server: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .server: server = try field.text()
            case .revision: revision = field.unsigned
            case .compression: compression = field.bool
            case .bodySizeMax: bodySizeMax = field.unsigned
            case .requestsInFlightMax: requestsInFlightMax = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.server, server)
        writer.unsigned(ID.revision, revision)
        writer.bool(ID.compression, compression)
        writer.unsigned(ID.bodySizeMax, bodySizeMax)
        writer.unsigned(ID.requestsInFlightMax, requestsInFlightMax)
    }
}
