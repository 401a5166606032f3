// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Rollback: returns to the generation before the last swap.

/// Request of Rollback: returns to the generation before the last swap.
public struct RollbackRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.rollback
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 { 4 }

    /// Name of the model to return to its held generation.
    public var name: String

    /// Makes a value from the fields.
    public init(name: String) {
        self.name = name
    }

    enum ID: UInt16 { case name = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Rollback request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
    }
}

/// Answer to Rollback.
public struct RollbackResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.rollback

    /// The `Model` now served.
    public var model: ModelInfo

    /// Makes a value from the fields.
    public init(model: ModelInfo) {
        self.model = model
    }

    enum ID: UInt16 { case model = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Rollback response",
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
