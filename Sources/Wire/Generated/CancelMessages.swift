// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Cancel: stop a request in flight.

/// Request of Cancel: stop a request in flight.
public struct CancelRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.cancel

    /// Id of the request to stop, of the same connection.
    public var target: UInt64

    /// A value from its parts; sends nothing.
    public init(target: UInt64) {
        self.target = target
    }

    enum ID: UInt16 { case target = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Cancel request",
        [
            FieldLayout(ID.target, "target", .unsigned, .required, .unsigned(1, .max)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(target: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .target: target = value.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigned(ID.target, target)
    }
}

/// Answer to Cancel.
public struct CancelResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.cancel

    /// It was in flight and is being stopped.
    public var found: Bool

    /// A value from its parts; sends nothing.
    public init(found: Bool) {
        self.found = found
    }

    enum ID: UInt16 { case found = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Cancel response",
        [
            FieldLayout(ID.found, "found", .bool, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(found: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .found: found = value.bool
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.found, found)
    }
}
