// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Alias: gives a generation of a model a label, with a share of the requests.

/// Request of Alias: gives a generation of a model a label, with a share of the requests.
public struct AliasRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.alias
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 { 4 }

    /// Name of the model.
    public var name: String
    /// Label, without the name and the `:`.
    public var label: String
    /// Generation that the label stands for, 0 to remove the label.
    public var generation: UInt64
    /// Share of the requests for the plain name that the generation answers, absent for none.
    public var share: Double?

    /// Makes a value from the fields.
    public init(name: String, label: String, generation: UInt64, share: Double? = nil) {
        self.name = name
        self.label = label
        self.generation = generation
        self.share = share
    }

    enum ID: UInt16 { case name = 1, label = 2, generation = 3, share = 4 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Alias request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.label, "label", .text, .required, .size(1, 64)),
            FieldLayout(
                ID.generation, "generation", .unsigned, .required, .unsigned(0, 4_294_967_295)),
            FieldLayout(ID.share, "share", .number, .optional, .number(0, 1)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", label: "", generation: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .label: label = try value.text()
            case .generation: generation = value.unsigned
            case .share: share = value.number
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.text(ID.label, label)
        writer.unsigned(ID.generation, generation)
        writer.number(ID.share, share)
    }
}

/// Answer to Alias.
public struct AliasResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.alias

    /// The `Model`.
    public var model: ModelInfo

    /// Makes a value from the fields.
    public init(model: ModelInfo) {
        self.model = model
    }

    enum ID: UInt16 { case model = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Alias response",
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
