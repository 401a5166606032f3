// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Models: lists the models.

/// Request of Models: lists the models.
public struct ModelsRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.models

    /// Makes a value from the fields.
    public init() {}

    enum ID: UInt16 { case none = 0 }

    /// Table of the body.
    public static let layout = MessageLayout("Models request", [])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}

/// Answer to Models.
public struct ModelsResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.models

    /// A `Model` for each model, in order of name.
    public var models: [ModelInfo]

    /// Makes a value from the fields.
    public init(models: [ModelInfo] = []) {
        self.models = models
    }

    enum ID: UInt16 { case models = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Models response",
        [
            FieldLayout(ID.models, "models", .record, .repeated(max: 1024))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .models: models.append(try value.record(ModelInfo.self))
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for value in models { writer.record(ID.models, value) }
    }
}
