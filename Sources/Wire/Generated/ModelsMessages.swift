// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Models: list of models.

/// Request of Models: list of models.
public struct ModelsRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.models

    /// A value from its parts; sends nothing.
    public init() {}

    enum ID: UInt16 { case none = 0 }

    /// The table of its body.
    public static let layout = MessageLayout("Models request", [])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}

/// Answer to Models.
public struct ModelsResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.models

    /// One `Model` each, in order of name.
    public var models: [ModelInfo]

    /// A value from its parts; sends nothing.
    public init(models: [ModelInfo] = []) {
        self.models = models
    }

    enum ID: UInt16 { case models = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Models response",
        [
            FieldLayout(ID.models, "models", .record, .repeated(max: 1024)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .models: models.append(try value.record(ModelInfo.self))
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for value in models { writer.record(ID.models, value) }
    }
}
