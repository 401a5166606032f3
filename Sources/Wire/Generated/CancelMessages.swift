// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Cancel: stops a request in flight.

/// Request of Cancel: stops a request in flight.
public struct CancelRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.cancel

    /// Id of the request to stop, of the same connection.
    public var target: UInt64

    /// Makes a value from the fields.
    public init(target: UInt64) {
        self.target = target
    }

    enum ID: UInt16 { case target = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Cancel request",
        [
            FieldLayout(ID.target, "target", .unsigned, .required, .unsigned(1, .max))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(target: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .target: target = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigned(ID.target, target)
    }
}

/// Answer to Cancel.
public struct CancelResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.cancel

    /// The target was in flight and is being stopped.
    public var found: Bool

    /// Makes a value from the fields.
    public init(found: Bool) {
        self.found = found
    }

    enum ID: UInt16 { case found = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Cancel response",
        [
            FieldLayout(ID.found, "found", .bool, .required)
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(found: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .found: found = value.bool
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.found, found)
    }
}
