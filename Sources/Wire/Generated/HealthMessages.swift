// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Health: reports if a model, or the server, accepts work.

/// Request of Health: reports if a model, or the server, accepts work.
public struct HealthRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.health
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if context != nil { return 3 }
        if verify { return 2 }
        return 1
    }

    /// Name of a model, absent for the server as a whole.
    public var model: String?
    /// Verify the model now, default false.
    public var verify: Bool
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, verify: Bool = false, context: RequestContext? = nil,
        requirements: Requirements? = nil
    ) {
        self.model = model
        self.verify = verify
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 { case model = 1, verify = 2, context = 29, requirements = 30 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Health request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.verify, "verify", .bool),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .verify: verify = value.bool
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.bool(ID.verify, verify ? true : nil)
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Answer to Health.
public struct HealthResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.health

    /// Work is accepted.
    public var ready: Bool
    /// State of the model, or of the server.
    public var state: ServingState
    /// Reason for not being ready, or a note.
    public var reason: String?
    /// Result of the comparison with the seal, only after `verify`.
    public var seal: SealState?
    /// Largest distance of a logit from the sealed logit, only with `matched`.
    public var largestDifference: Double?
    /// Files on disk compared with the loaded files, only for one real model.
    public var file: FileState?

    /// Makes a value from the fields.
    public init(
        ready: Bool, state: ServingState, reason: String? = nil, seal: SealState? = nil,
        largestDifference: Double? = nil, file: FileState? = nil
    ) {
        self.ready = ready
        self.state = state
        self.reason = reason
        self.seal = seal
        self.largestDifference = largestDifference
        self.file = file
    }

    enum ID: UInt16 {
        case ready = 1, state = 2, reason = 3, seal = 4, largestDifference = 5, file = 6
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Health response",
        [
            FieldLayout(ID.ready, "ready", .bool, .required),
            FieldLayout(
                ID.state, "state", .text, .required, .choice("loading|ready|failed|draining")),
            FieldLayout(ID.reason, "reason", .text, .optional, .size(1, 2048)),
            FieldLayout(ID.seal, "seal", .text, .optional, .choice("absent|matched|drifted")),
            FieldLayout(
                ID.largestDifference, "largest_difference", .number, .optional, .number(0, 10)),
            FieldLayout(ID.file, "file", .text, .optional, .choice("unchanged|changed|missing")),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(ready: false, state: .loading)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .ready: ready = value.bool
            case .state: state = try value.word(ServingState.self)
            case .reason: reason = try value.text()
            case .seal: seal = try value.word(SealState.self)
            case .largestDifference: largestDifference = value.number
            case .file: file = try value.word(FileState.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.ready, ready)
        writer.text(ID.state, state.rawValue)
        writer.text(ID.reason, reason)
        writer.text(ID.seal, seal?.rawValue)
        writer.number(ID.largestDifference, largestDifference)
        if writer.revision >= 3 { writer.text(ID.file, file?.rawValue) }
    }
}
