// Load and Unload: putting a model file through the assay and into the registry, and out again.
//
// A Load answers with any number of LoadProgress frames, one per finished layer, then one
// LoadResponse, or an error with status MODEL_REJECTED that names the layer.

/// How hard a load tries. See DESIGN, "The assay".
public enum LoadStrategy: String, Sendable, CaseIterable {
    case strict, graceful, development
}

/// Asks the server to load a file under a name.
public struct LoadRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load

    /// Name the model is served under.
    public var name: String
    /// Path on the server's machine.
    public var path: String
    /// Nil: the server's setting.
    public var strategy: LoadStrategy?
    /// `auto`, `cpu`, `cuda`, `cuda:N`. Nil: the server's setting.
    public var device: String?

    /// A value from its parts; sends nothing.
    public init(
        name: String, path: String, strategy: LoadStrategy? = nil, device: String? = nil
    ) {
        self.name = name
        self.path = path
        self.strategy = strategy
        self.device = device
    }

    private enum ID: UInt16 { case name = 1, path, strategy, device }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Load request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.path, "path", .text, .required, .size(1, Limits.pathSizeMax)),
            FieldLayout(
                ID.strategy, "strategy", .text, .optional,
                .choice("strict|graceful|development")),
            FieldLayout(
                ID.device, "device", .text, .optional, .size(1, Limits.deviceNameSizeMax)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", path: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .name: name = try field.text()
            case .path: path = try field.text()
            case .strategy: strategy = try field.word(LoadStrategy.self)
            case .device: device = try field.text()
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

/// The verdict of one layer of the assay.
public struct LayerVerdictRecord: WireRecord, Equatable {
    /// `file`, `parse`, `compatibility`, `placement` or `validation`.
    public var layer: String
    /// Its verdict.
    public var ok: Bool
    /// How long it took, microseconds.
    public var microseconds: UInt64

    /// A value from its parts; sends nothing.
    public init(layer: String, ok: Bool, microseconds: UInt64) {
        self.layer = layer
        self.ok = ok
        self.microseconds = microseconds
    }

    private enum ID: UInt16 { case layer = 1, ok, microseconds }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Layer",
        [
            FieldLayout(
                ID.layer, "layer", .text, .required,
                .choice("file|parse|compatibility|placement|validation")),
            FieldLayout(ID.ok, "ok", .bool, .required),
            FieldLayout(ID.microseconds, "microseconds", .unsigned, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(layer: "", ok: false, microseconds: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .layer: layer = try field.text()
            case .ok: ok = field.bool
            case .microseconds: microseconds = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.layer, layer)
        writer.bool(ID.ok, ok)
        writer.unsigned(ID.microseconds, microseconds)
    }
}

/// One layer is done; more frames follow.
public struct LoadProgress: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The layer that is done.
    public var layer: LayerVerdictRecord
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(layer: LayerVerdictRecord) { self.layer = layer }

    private enum ID: UInt16 { case layer = 1, frame = 28 }

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
        while let (id, field) = try reader.next() {
            switch id {
            case .layer: layer = try field.record(LayerVerdictRecord.self)
            case .frame: frame = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.layer, layer)
        writer.unsigned(ID.frame, frame, since: 3)
    }
}

/// The load report: last frame of an accepted load.
public struct LoadResponse: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.load

    /// Always true: a rejection is a status.
    public var accepted: Bool
    /// Verdict of every layer, in order.
    public var layers: [LayerVerdictRecord]
    /// The model; nil stands for the server's only one.
    public var model: ModelInfo?
    /// Configuration overrides in effect, `key=value`.
    public var overrides: [String]
    /// One sentence per attempt that failed before this one (graceful strategy).
    public var attempts: [String]
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(
        accepted: Bool, layers: [LayerVerdictRecord], model: ModelInfo? = nil,
        overrides: [String] = [], attempts: [String] = []
    ) {
        self.accepted = accepted
        self.layers = layers
        self.model = model
        self.overrides = overrides
        self.attempts = attempts
    }

    private enum ID: UInt16 { case accepted = 1, layers, model, overrides, attempts, frame = 28 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Load response",
        [
            FieldLayout(ID.accepted, "accepted", .bool, .required),
            FieldLayout(ID.layers, "layers", .record, .repeated(max: Limits.listCountMax)),
            FieldLayout(ID.model, "model", .record),
            FieldLayout(
                ID.overrides, "overrides", .text, .repeated(max: Limits.listCountMax),
                .size(1, Limits.sentenceSizeMax)),
            FieldLayout(
                ID.attempts, "attempts", .text, .repeated(max: Limits.listCountMax),
                .size(1, Limits.sentenceSizeMax)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(accepted: false, layers: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .accepted: accepted = field.bool
            case .layers: layers.append(try field.record(LayerVerdictRecord.self))
            case .model: model = try field.record(ModelInfo.self)
            case .overrides: overrides.append(try field.text())
            case .attempts: attempts.append(try field.text())
            case .frame: frame = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.accepted, accepted)
        for layer in layers { writer.record(ID.layers, layer) }
        writer.record(ID.model, model)
        for override in overrides { writer.text(ID.overrides, override) }
        for attempt in attempts { writer.text(ID.attempts, attempt) }
        writer.unsigned(ID.frame, frame, since: 3)
    }
}

/// Asks the server to stop serving a model once its requests are done.
public struct UnloadRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.unload

    /// Name the model is served under.
    public var name: String

    /// A value from its parts; sends nothing.
    public init(name: String) { self.name = name }

    private enum ID: UInt16 { case name = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Unload request",
        [FieldLayout(ID.name, "name", .text, .required, .size(1, Limits.modelNameSizeMax))])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() { name = try field.text() }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) { writer.text(ID.name, name) }
}

/// Done.
public struct UnloadResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.unload

    /// A value from its parts; sends nothing.
    public init() {}

    private enum ID: UInt16 { case none = 0 }

    /// The table of its body.
    public static let layout = MessageLayout("Unload response", [])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}
