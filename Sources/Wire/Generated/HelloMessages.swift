// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Hello: first request of a connection, with an agreement on revision, compression and limits.

/// Request of Hello: first request of a connection, with an agreement on revision, compression and
/// limits.
public struct HelloRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.hello

    /// Name and version of the client program.
    public var client: String
    /// Highest revision of version 1 the client speaks.
    public var revision: UInt64
    /// The client reads, and may send, compressed bodies, default false.
    public var compression: Bool
    /// Largest body that the client accepts, bytes before compression, default 4194304.
    public var bodySizeMax: UInt64
    /// Token that names the client, absent without one.
    public var token: String?
    /// Part of the client's own share of the server that the connection belongs to.
    public var tenant: String?

    /// Makes a value from the fields.
    public init(
        client: String, revision: UInt64 = Limits.revision, compression: Bool = false,
        bodySizeMax: UInt64 = 4_194_304, token: String? = nil, tenant: String? = nil
    ) {
        self.client = client
        self.revision = revision
        self.compression = compression
        self.bodySizeMax = bodySizeMax
        self.token = token
        self.tenant = tenant
    }

    enum ID: UInt16 {
        case client = 1, revision = 2, compression = 3, bodySizeMax = 4, token = 5, tenant = 6
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Hello request",
        [
            FieldLayout(ID.client, "client", .text, .required, .size(1, 128)),
            FieldLayout(ID.revision, "revision", .unsigned, .required, .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.compression, "compression", .bool),
            FieldLayout(
                ID.bodySizeMax, "body_size_max", .unsigned, .optional,
                .unsigned(4096, 4_294_967_295)),
            FieldLayout(ID.token, "token", .text, .optional, .size(1, 256)),
            FieldLayout(ID.tenant, "tenant", .text, .optional, .size(1, 64)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(client: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .client: client = try value.text()
            case .revision: revision = value.unsigned
            case .compression: compression = value.bool
            case .bodySizeMax: bodySizeMax = value.unsigned
            case .token: token = try value.text()
            case .tenant: tenant = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.client, client)
        writer.unsigned(ID.revision, revision)
        writer.bool(ID.compression, compression)
        writer.unsigned(ID.bodySizeMax, bodySizeMax)
        writer.text(ID.token, token)
        writer.text(ID.tenant, tenant)
    }
}

/// Answer to Hello.
public struct HelloResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.hello

    /// Name and version of the server program.
    public var server: String
    /// Revision in force, the lower of the client's and the server's.
    public var revision: UInt64
    /// Bodies may be compressed from now on, in both directions.
    public var compression: Bool
    /// Largest body that the server accepts, bytes before compression.
    public var bodySizeMax: UInt64
    /// Requests that the connection may have in flight.
    public var requestsInFlightMax: UInt64

    /// Makes a value from the fields.
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

    enum ID: UInt16 {
        case server = 1, revision = 2, compression = 3, bodySizeMax = 4, requestsInFlightMax = 5
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Hello response",
        [
            FieldLayout(ID.server, "server", .text, .required, .size(1, 128)),
            FieldLayout(ID.revision, "revision", .unsigned, .required, .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.compression, "compression", .bool, .required),
            FieldLayout(
                ID.bodySizeMax, "body_size_max", .unsigned, .required,
                .unsigned(4096, 4_294_967_295)),
            FieldLayout(
                ID.requestsInFlightMax, "requests_in_flight_max", .unsigned, .required,
                .unsigned(1, 4_294_967_295)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(server: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .server: server = try value.text()
            case .revision: revision = value.unsigned
            case .compression: compression = value.bool
            case .bodySizeMax: bodySizeMax = value.unsigned
            case .requestsInFlightMax: requestsInFlightMax = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.server, server)
        writer.unsigned(ID.revision, revision)
        writer.bool(ID.compression, compression)
        writer.unsigned(ID.bodySizeMax, bodySizeMax)
        writer.unsigned(ID.requestsInFlightMax, requestsInFlightMax)
    }
}
