// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Swap: assays a model file beside the served one, and switches to it (streamed).

/// Request of Swap: assays a model file beside the served one, and switches to it (streamed).
public struct SwapRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.swap
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 { 4 }

    /// Name of the served model.
    public var name: String
    /// Path of the new model on the server's machine.
    public var path: String
    /// Loading strategy, absent for the server's setting.
    public var strategy: LoadStrategy?
    /// Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting.
    public var device: String?
    /// True asks for frames while a layer runs, with `bytes_read` in the `Layer`.
    public var progress: Bool?
    /// Live requests to compute by both generations and compare before the switch, default 0.
    public var shadow: UInt64
    /// A difference found by the shadow ends the swap, default false.
    public var requireEqual: Bool

    /// Makes a value from the fields.
    public init(
        name: String, path: String, strategy: LoadStrategy? = nil, device: String? = nil,
        progress: Bool? = nil, shadow: UInt64 = 0, requireEqual: Bool = false
    ) {
        self.name = name
        self.path = path
        self.strategy = strategy
        self.device = device
        self.progress = progress
        self.shadow = shadow
        self.requireEqual = requireEqual
    }

    enum ID: UInt16 {
        case name = 1, path = 2, strategy = 3, device = 4, progress = 5, shadow = 6
        case requireEqual = 7
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Swap request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.path, "path", .text, .required, .size(1, 4096)),
            FieldLayout(
                ID.strategy, "strategy", .text, .optional, .choice("strict|graceful|development")),
            FieldLayout(ID.device, "device", .text, .optional, .size(1, 64)),
            FieldLayout(ID.progress, "progress", .bool),
            FieldLayout(ID.shadow, "shadow", .unsigned, .optional, .unsigned(0, 4096)),
            FieldLayout(ID.requireEqual, "require_equal", .bool),
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
            case .shadow: shadow = value.unsigned
            case .requireEqual: requireEqual = value.bool
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
        writer.unsigned(ID.shadow, shadow == 0 ? nil : shadow)
        writer.bool(ID.requireEqual, requireEqual ? true : nil)
    }
}

/// Part of the answer to Swap, followed by more frames.
public struct SwapProgress: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.swap
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The `Layer` just completed, or the running one where it has `bytes_read`.
    public var layer: LayerVerdictRecord?
    /// Step behind the layers.
    public var step: SwapStep?
    /// Requests of the step that were computed.
    public var done: UInt64?
    /// Requests of the step in all.
    public var total: UInt64?
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(
        layer: LayerVerdictRecord? = nil, step: SwapStep? = nil, done: UInt64? = nil,
        total: UInt64? = nil, frame: UInt64? = nil
    ) {
        self.layer = layer
        self.step = step
        self.done = done
        self.total = total
        self.frame = frame
    }

    enum ID: UInt16 { case layer = 1, step = 2, done = 3, total = 4, frame = 28 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Swap progress",
        [
            FieldLayout(ID.layer, "layer", .record),
            FieldLayout(ID.step, "step", .text, .optional, .choice("warm_up|shadow")),
            FieldLayout(ID.done, "done", .unsigned),
            FieldLayout(ID.total, "total", .unsigned),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .layer: layer = try value.record(LayerVerdictRecord.self)
            case .step: step = try value.word(SwapStep.self)
            case .done: done = value.unsigned
            case .total: total = value.unsigned
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.layer, layer)
        writer.text(ID.step, step?.rawValue)
        writer.unsigned(ID.done, done)
        writer.unsigned(ID.total, total)
        writer.unsigned(ID.frame, frame)
    }
}

/// Answer to Swap, or last frame of the answer.
public struct SwapResponse: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.swap

    /// A `Layer` for each layer, in order.
    public var layers: [LayerVerdictRecord]
    /// The `Model` now served.
    public var model: ModelInfo
    /// Generation that answered until the switch.
    public var previousGeneration: UInt64
    /// Configuration overrides in effect, `key=value`.
    public var overrides: [String]
    /// A sentence for each earlier failed attempt.
    public var attempts: [String]
    /// Requests that the new generation computed before the switch.
    public var warmed: UInt64
    /// The `Shadow report`, when the request asked for a shadow.
    public var shadow: ShadowReport?
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(
        layers: [LayerVerdictRecord] = [], model: ModelInfo, previousGeneration: UInt64,
        overrides: [String] = [], attempts: [String] = [], warmed: UInt64,
        shadow: ShadowReport? = nil, frame: UInt64? = nil
    ) {
        self.layers = layers
        self.model = model
        self.previousGeneration = previousGeneration
        self.overrides = overrides
        self.attempts = attempts
        self.warmed = warmed
        self.shadow = shadow
        self.frame = frame
    }

    enum ID: UInt16 {
        case layers = 1, model = 2, previousGeneration = 3, overrides = 4, attempts = 5, warmed = 6
        case shadow = 7, frame = 28
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Swap response",
        [
            FieldLayout(ID.layers, "layers", .record, .repeated(max: 1024)),
            FieldLayout(ID.model, "model", .record, .required),
            FieldLayout(
                ID.previousGeneration, "previous_generation", .unsigned, .required,
                .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.overrides, "overrides", .text, .repeated(max: 1024), .size(1, 2048)),
            FieldLayout(ID.attempts, "attempts", .text, .repeated(max: 1024), .size(1, 2048)),
            FieldLayout(ID.warmed, "warmed", .unsigned, .required),
            FieldLayout(ID.shadow, "shadow", .record),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            model: ModelInfo(
                name: "", state: .loading, provenance: .mock, architecture: "", parameters: 0,
                vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0),
            previousGeneration: 0, warmed: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .layers: layers.append(try value.record(LayerVerdictRecord.self))
            case .model: model = try value.record(ModelInfo.self)
            case .previousGeneration: previousGeneration = value.unsigned
            case .overrides: overrides.append(try value.text())
            case .attempts: attempts.append(try value.text())
            case .warmed: warmed = value.unsigned
            case .shadow: shadow = try value.record(ShadowReport.self)
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for value in layers { writer.record(ID.layers, value) }
        writer.record(ID.model, model)
        writer.unsigned(ID.previousGeneration, previousGeneration)
        for value in overrides { writer.text(ID.overrides, value) }
        for value in attempts { writer.text(ID.attempts, value) }
        writer.unsigned(ID.warmed, warmed)
        writer.record(ID.shadow, shadow)
        writer.unsigned(ID.frame, frame)
    }
}
