// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Pin: keeps a model in memory, or lets it go.

/// Request of Pin: keeps a model in memory, or lets it go.
public struct PinRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.pin
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 { 4 }

    /// Name of the model.
    public var name: String
    /// True keeps the model in memory, false lets it go, default true.
    public var pinned: Bool

    /// Makes a value from the fields.
    public init(name: String, pinned: Bool = true) {
        self.name = name
        self.pinned = pinned
    }

    enum ID: UInt16 { case name = 1, pinned = 2 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Pin request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.pinned, "pinned", .bool),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .pinned: pinned = value.bool
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.bool(ID.pinned, pinned ? nil : false)
    }
}

/// Answer to Pin.
public struct PinResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.pin

    /// The `Model`.
    public var model: ModelInfo

    /// Makes a value from the fields.
    public init(model: ModelInfo) {
        self.model = model
    }

    enum ID: UInt16 { case model = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Pin response",
        [
            FieldLayout(ID.model, "model", .record, .required)
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            model: ModelInfo(
                name: "", state: .loading, provenance: .mock, architecture: "", parameters: 0,
                vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.record(ModelInfo.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.model, model)
    }
}
