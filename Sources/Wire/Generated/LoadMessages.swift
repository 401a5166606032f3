// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Load: assay a file and serve it; streamed.

/// Request of Load: assay a file and serve it; streamed.
public struct LoadRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load

    /// Name to serve it under.
    public var name: String
    /// File on the server's machine.
    public var path: String
    /// How hard to try; default: the server's setting.
    public var strategy: LoadStrategy?
    /// `auto`, `cpu`, `cuda`, `cuda:N`; default: the server's setting.
    public var device: String?

    /// A value from its parts; sends nothing.
    public init(name: String, path: String, strategy: LoadStrategy? = nil, device: String? = nil) {
        self.name = name
        self.path = path
        self.strategy = strategy
        self.device = device
    }

    enum ID: UInt16 { case name = 1, path = 2, strategy = 3, device = 4 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Load request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.path, "path", .text, .required, .size(1, 4096)),
            FieldLayout(
                ID.strategy, "strategy", .text, .optional, .choice("strict|graceful|development")),
            FieldLayout(ID.device, "device", .text, .optional, .size(1, 64)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", path: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .path: path = try value.text()
            case .strategy: strategy = try value.word(LoadStrategy.self)
            case .device: device = try value.text()
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.text(ID.path, path)
        writer.text(ID.strategy, strategy?.rawValue)
        writer.text(ID.device, device)
    }
}

/// Part of the answer to Load; more frames follow.
public struct LoadProgress: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// A `Layer`: this one is done.
    public var layer: LayerVerdictRecord
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(layer: LayerVerdictRecord, frame: UInt64? = nil) {
        self.layer = layer
        self.frame = frame
    }

    enum ID: UInt16 { case layer = 1, frame = 28 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Load progress",
        [
            FieldLayout(ID.layer, "layer", .record, .required),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
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

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.layer, layer)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Load, or the last frame of it.
public struct LoadResponse: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load

    /// Always true here; a rejection is a status.
    public var accepted: Bool
    /// One `Layer` each, in order.
    public var layers: [LayerVerdictRecord]
    /// The `Model` now served.
    public var model: ModelInfo?
    /// Configuration overrides in effect, `key=value`.
    public var overrides: [String]
    /// One sentence per failed attempt before this one.
    public var attempts: [String]
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
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

    /// The table of its body.
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

    /// Decodes a whole body; see `WireRecord`.
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

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.accepted, accepted)
        for value in layers { writer.record(ID.layers, value) }
        writer.record(ID.model, model)
        for value in overrides { writer.text(ID.overrides, value) }
        for value in attempts { writer.text(ID.attempts, value) }
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}
