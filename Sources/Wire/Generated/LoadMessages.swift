// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Load: assays a model file and serves the model (streamed).

/// Request of Load: assays a model file and serves the model (streamed).
public struct LoadRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.load

    /// Name under which the model will be served.
    public var name: String
    /// Path of the model on the server's machine.
    public var path: String
    /// Loading strategy, absent for the server's setting.
    public var strategy: LoadStrategy?
    /// Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting.
    public var device: String?
    /// True asks for frames while a layer runs, with `bytes_read` in the `Layer`.
    public var progress: Bool?

    /// Makes a value from the fields.
    public init(
        name: String, path: String, strategy: LoadStrategy? = nil, device: String? = nil,
        progress: Bool? = nil
    ) {
        self.name = name
        self.path = path
        self.strategy = strategy
        self.device = device
        self.progress = progress
    }

    enum ID: UInt16 { case name = 1, path = 2, strategy = 3, device = 4, progress = 5 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Load request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.path, "path", .text, .required, .size(1, 4096)),
            FieldLayout(
                ID.strategy, "strategy", .text, .optional, .choice("strict|graceful|development")),
            FieldLayout(ID.device, "device", .text, .optional, .size(1, 64)),
            FieldLayout(ID.progress, "progress", .bool),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", path: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .path: path = try value.text()
            case .strategy: strategy = try value.word(LoadStrategy.self)
            case .device: device = try value.text()
            case .progress: progress = value.bool
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.text(ID.path, path)
        writer.text(ID.strategy, strategy?.rawValue)
        writer.text(ID.device, device)
        writer.bool(ID.progress, progress)
    }
}

/// Part of the answer to Load, followed by more frames.
public struct LoadProgress: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.load
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The `Layer` just completed, or the running one where it has `bytes_read`.
    public var layer: LayerVerdictRecord
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(layer: LayerVerdictRecord, frame: UInt64? = nil) {
        self.layer = layer
        self.frame = frame
    }

    enum ID: UInt16 { case layer = 1, frame = 28 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Load progress",
        [
            FieldLayout(ID.layer, "layer", .record, .required),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(layer: LayerVerdictRecord(layer: "", ok: false, microseconds: 0))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .layer: layer = try value.record(LayerVerdictRecord.self)
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.layer, layer)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Load, or last frame of the answer.
public struct LoadResponse: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.load

    /// Always true, since a rejection is a status.
    public var accepted: Bool
    /// A `Layer` for each layer, in order.
    public var layers: [LayerVerdictRecord]
    /// The `Model` now served.
    public var model: ModelInfo?
    /// Configuration overrides in effect, `key=value`.
    public var overrides: [String]
    /// A sentence for each earlier failed attempt.
    public var attempts: [String]
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(
        accepted: Bool, layers: [LayerVerdictRecord] = [], model: ModelInfo? = nil,
        overrides: [String] = [], attempts: [String] = [], frame: UInt64? = nil
    ) {
        self.accepted = accepted
        self.layers = layers
        self.model = model
        self.overrides = overrides
        self.attempts = attempts
        self.frame = frame
    }

    enum ID: UInt16 {
        case accepted = 1, layers = 2, model = 3, overrides = 4, attempts = 5, frame = 28
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Load response",
        [
            FieldLayout(ID.accepted, "accepted", .bool, .required),
            FieldLayout(ID.layers, "layers", .record, .repeated(max: 1024)),
            FieldLayout(ID.model, "model", .record),
            FieldLayout(ID.overrides, "overrides", .text, .repeated(max: 1024), .size(1, 2048)),
            FieldLayout(ID.attempts, "attempts", .text, .repeated(max: 1024), .size(1, 2048)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(accepted: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .accepted: accepted = value.bool
            case .layers: layers.append(try value.record(LayerVerdictRecord.self))
            case .model: model = try value.record(ModelInfo.self)
            case .overrides: overrides.append(try value.text())
            case .attempts: attempts.append(try value.text())
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.accepted, accepted)
        for value in layers { writer.record(ID.layers, value) }
        writer.record(ID.model, model)
        for value in overrides { writer.text(ID.overrides, value) }
        for value in attempts { writer.text(ID.attempts, value) }
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}
