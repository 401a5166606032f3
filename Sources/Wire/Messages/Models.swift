// Models: what is being served.

/// Asks for the list of models.
public struct ModelsRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.models

    /// A value from its parts; sends nothing.
    public init() {}

    private enum ID: UInt16 { case none = 0 }

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

/// One model of the registry.
public struct ModelInfo: WireRecord, Equatable {
    /// Name the model is served under.
    public var name: String
    /// Where it stands.
    public var state: ServingState
    /// Real or mock.
    public var provenance: Provenance
    /// Family such as `llama`; empty while loading.
    public var architecture: String
    /// Weights of the model, a count.
    public var parameters: UInt64
    /// Tokens of the vocabulary.
    public var vocabulary: UInt64
    /// Tokens of context.
    public var context: UInt64
    /// SHA-256 of the bytes that serve; nil for a mock.
    public var fingerprint: [UInt8]?
    /// 1 for the first load under this name, one more for each later one.
    public var generation: UInt64
    /// Device that computes, such as `cpu`.
    public var device: String
    /// Why this device and not the one asked for.
    public var deviceReason: String?
    /// Bytes of memory the model takes.
    public var bytes: UInt64
    /// Its files on disk beside those that were loaded; nil for a mock.
    public var file: FileState?

    /// A value from its parts; sends nothing.
    public init(
        name: String, state: ServingState, provenance: Provenance, architecture: String,
        parameters: UInt64, vocabulary: UInt64, context: UInt64, fingerprint: [UInt8]? = nil,
        generation: UInt64, device: String, deviceReason: String? = nil, bytes: UInt64,
        file: FileState? = nil
    ) {
        self.name = name
        self.state = state
        self.provenance = provenance
        self.architecture = architecture
        self.parameters = parameters
        self.vocabulary = vocabulary
        self.context = context
        self.fingerprint = fingerprint
        self.generation = generation
        self.device = device
        self.deviceReason = deviceReason
        self.bytes = bytes
        self.file = file
    }

    private enum ID: UInt16 {
        case name = 1, state, provenance, architecture, parameters, vocabulary, context
        case fingerprint, generation, device, deviceReason, bytes, file
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Model",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(
                ID.state, "state", .text, .required, .choice("loading|ready|failed|draining")),
            FieldLayout(ID.provenance, "provenance", .unsigned, .required, .unsigned(1, 2)),
            FieldLayout(
                ID.architecture, "architecture", .text, .required, .size(0, Limits.wordSizeMax)),
            FieldLayout(ID.parameters, "parameters", .unsigned, .required),
            FieldLayout(ID.vocabulary, "vocabulary", .unsigned, .required),
            FieldLayout(ID.context, "context", .unsigned, .required),
            FieldLayout(
                ID.fingerprint, "fingerprint", .bytes, .optional,
                .size(Limits.fingerprintSize, Limits.fingerprintSize)),
            FieldLayout(
                ID.generation, "generation", .unsigned, .required,
                .unsigned(0, UInt64(UInt32.max))),
            FieldLayout(
                ID.device, "device", .text, .required, .size(0, Limits.deviceNameSizeMax)),
            FieldLayout(
                ID.deviceReason, "device_reason", .text, .optional,
                .size(1, Limits.sentenceSizeMax)),
            FieldLayout(ID.bytes, "bytes", .unsigned, .required),
            FieldLayout(ID.file, "file", .text, .optional, .choice("unchanged|changed|missing")),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            name: "", state: .failed, provenance: .mock, architecture: "", parameters: 0,
            vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .name: name = try field.text()
            case .state: state = try field.word(ServingState.self)
            case .provenance: provenance = field.unsigned == 1 ? .real : .mock
            case .architecture: architecture = try field.text()
            case .parameters: parameters = field.unsigned
            case .vocabulary: vocabulary = field.unsigned
            case .context: context = field.unsigned
            case .fingerprint: fingerprint = field.ownedBytes
            case .generation: generation = field.unsigned
            case .device: device = try field.text()
            case .deviceReason: deviceReason = try field.text()
            case .bytes: bytes = field.unsigned
            case .file: file = try field.word(FileState.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.text(ID.state, state.rawValue)
        writer.unsigned(ID.provenance, UInt64(provenance.rawValue))
        writer.text(ID.architecture, architecture)
        writer.unsigned(ID.parameters, parameters)
        writer.unsigned(ID.vocabulary, vocabulary)
        writer.unsigned(ID.context, context)
        writer.data(ID.fingerprint, fingerprint)
        writer.unsigned(ID.generation, generation)
        writer.text(ID.device, device)
        writer.text(ID.deviceReason, deviceReason)
        writer.unsigned(ID.bytes, bytes)
        writer.text(ID.file, file?.rawValue, since: 3)
    }
}

/// The list, in order of name.
public struct ModelsResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.models

    /// The models, in order of name.
    public var models: [ModelInfo]

    /// A value from its parts; sends nothing.
    public init(models: [ModelInfo] = []) { self.models = models }

    private enum ID: UInt16 { case models = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Models response",
        [FieldLayout(ID.models, "models", .record, .repeated(max: Limits.listCountMax))])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() {
            models.append(try field.record(ModelInfo.self))
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for model in models { writer.record(ID.models, model) }
    }
}
