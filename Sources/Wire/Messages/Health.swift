// Health: may this server, or this model, be sent work?

/// Asks about one model, or about the server when none is named.
public struct HealthRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.health
    /// `verify` came with revision 2.
    public var revisionNeeded: UInt64 { verify ? 2 : 1 }

    /// The model; nil stands for the server's only one.
    public var model: String?
    /// Whether to verify the model now: its files, its seal, its answers. Takes a while.
    public var verify: Bool
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(
        model: String? = nil, verify: Bool = false, requirements: Requirements? = nil
    ) {
        self.model = model
        self.verify = verify
        self.requirements = requirements
    }

    private enum ID: UInt16 { case model = 1, verify, requirements = 30 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Health request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.verify, "verify", .bool),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .verify: verify = field.bool
            case .requirements: requirements = try field.record(Requirements.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.bool(ID.verify, verify ? true : nil)
        writer.record(ID.requirements, requirements)
    }
}

/// Life of a model in the registry, and of the server as a whole.
public enum ServingState: String, Sendable, CaseIterable {
    case loading, ready, failed, draining
}

/// The files of a served model on disk, beside those that were loaded.
public enum FileState: String, Sendable, CaseIterable {
    /// The same file, size and time of change.
    case unchanged
    /// Another file, or a changed one, lies there now.
    case changed
    /// Nothing lies there any more.
    case missing
}

/// What verifying a model said about its seal.
public enum SealState: String, Sendable, CaseIterable {
    /// No seal lies beside the model; it was run twice with the same bits.
    case absent
    /// File, tokens and logits are those of the seal.
    case matched
    /// They are not any more.
    case drifted
}

/// The verdict.
public struct HealthResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.health

    /// True when work is accepted.
    public var ready: Bool
    /// Where it stands.
    public var state: ServingState
    /// Why not, or what to know.
    public var reason: String?
    /// Only when the request asked to verify.
    public var seal: SealState?
    /// How far a logit lay from the sealed one at most; only with a seal that matched.
    public var largestDifference: Double?
    /// Of one real model: its files on disk.
    public var file: FileState?

    /// A value from its parts; sends nothing.
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

    private enum ID: UInt16 { case ready = 1, state, reason, seal, largestDifference, file }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Health response",
        [
            FieldLayout(ID.ready, "ready", .bool, .required),
            FieldLayout(
                ID.state, "state", .text, .required, .choice("loading|ready|failed|draining")),
            FieldLayout(
                ID.reason, "reason", .text, .optional, .size(1, Limits.sentenceSizeMax)),
            FieldLayout(ID.seal, "seal", .text, .optional, .choice("absent|matched|drifted")),
            FieldLayout(
                ID.largestDifference, "largest_difference", .number, .optional, .number(0, 10)),
            FieldLayout(ID.file, "file", .text, .optional, .choice("unchanged|changed|missing")),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(ready: false, state: .failed)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .ready: ready = field.bool
            case .state: state = try field.word(ServingState.self)
            case .reason: reason = try field.text()
            case .seal: seal = try field.word(SealState.self)
            case .largestDifference: largestDifference = field.number
            case .file: file = try field.word(FileState.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.ready, ready)
        writer.text(ID.state, state.rawValue)
        writer.text(ID.reason, reason)
        writer.text(ID.seal, seal?.rawValue)
        writer.number(ID.largestDifference, largestDifference)
        writer.text(ID.file, file?.rawValue, since: 3)
    }
}
