// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Embed: turns inputs into vectors (streamed).

/// Request of Embed: turns inputs into vectors (streamed).
public struct EmbedRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.embed
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if context != nil { return 3 }
        return 2
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Inputs to embed, an `Input` each.
    public var inputs: [Input]
    /// Names of special tokens in a text become special tokens, default false.
    public var parseSpecial: Bool
    /// Add begin and end tokens to a text as the model demands, default true.
    public var addSpecial: Bool
    /// Reduction of the positions to a single vector, absent for the model's own (mean under
    /// revision 2).
    public var pooling: Pooling?
    /// Divide each vector by the Euclidean length, default true.
    public var normalize: Bool
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, inputs: [Input], parseSpecial: Bool = false, addSpecial: Bool = true,
        pooling: Pooling? = nil, normalize: Bool = true, context: RequestContext? = nil,
        requirements: Requirements? = nil
    ) {
        self.model = model
        self.inputs = inputs
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.pooling = pooling
        self.normalize = normalize
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, inputs = 2, parseSpecial = 3, addSpecial = 4, pooling = 5, normalize = 6
        case context = 29, requirements = 30
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Embed request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.inputs, "inputs", .record, .repeated(min: 1, max: 256)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.pooling, "pooling", .text, .optional, .choice("mean|last|cls")),
            FieldLayout(ID.normalize, "normalize", .bool),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(inputs: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .inputs: inputs.append(try value.record(Input.self))
            case .parseSpecial: parseSpecial = value.bool
            case .addSpecial: addSpecial = value.bool
            case .pooling: pooling = try value.word(Pooling.self)
            case .normalize: normalize = value.bool
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        for value in inputs { writer.record(ID.inputs, value) }
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        writer.text(ID.pooling, pooling?.rawValue)
        writer.bool(ID.normalize, normalize ? nil : false)
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Part of the answer to Embed, followed by more frames.
public struct EmbedChunk: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.embed
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The next values.
    public var embeddings: [Float]
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(embeddings: [Float], frame: UInt64? = nil) {
        self.embeddings = embeddings
        self.frame = frame
    }

    enum ID: UInt16 { case embeddings = 1, frame = 28 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Embed chunk",
        [
            FieldLayout(ID.embeddings, "embeddings", .numbers, .required, .count(1, 1_000_000)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(embeddings: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .embeddings: embeddings = value.numbers
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.embeddings, embeddings)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Embed, or last frame of the answer.
public struct EmbedResponse: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.embed

    /// The last values.
    public var embeddings: [Float]
    /// Values per input.
    public var dimensions: UInt64
    /// Number of inputs, equal to the request's.
    public var count: UInt64
    /// Tokens of all inputs together.
    public var promptTokens: UInt64
    /// Reduction that made the vectors.
    public var pooling: Pooling?
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(
        embeddings: [Float], dimensions: UInt64, count: UInt64, promptTokens: UInt64,
        pooling: Pooling? = nil, frame: UInt64? = nil, answer: AnswerRecord
    ) {
        self.embeddings = embeddings
        self.dimensions = dimensions
        self.count = count
        self.promptTokens = promptTokens
        self.pooling = pooling
        self.frame = frame
        self.answer = answer
    }

    enum ID: UInt16 {
        case embeddings = 1, dimensions = 2, count = 3, promptTokens = 4, pooling = 5, frame = 28
        case answer = 31
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Embed response",
        [
            FieldLayout(ID.embeddings, "embeddings", .numbers, .required, .count(0, 1_000_000)),
            FieldLayout(ID.dimensions, "dimensions", .unsigned, .required, .unsigned(1, 131_072)),
            FieldLayout(ID.count, "count", .unsigned, .required, .unsigned(1, 256)),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.pooling, "pooling", .text, .optional, .choice("mean|last|cls")),
            FieldLayout(ID.frame, "frame", .unsigned),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            embeddings: [], dimensions: 0, count: 0, promptTokens: 0,
            answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .embeddings: embeddings = value.numbers
            case .dimensions: dimensions = value.unsigned
            case .count: count = value.unsigned
            case .promptTokens: promptTokens = value.unsigned
            case .pooling: pooling = try value.word(Pooling.self)
            case .frame: frame = value.unsigned
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.embeddings, embeddings)
        writer.unsigned(ID.dimensions, dimensions)
        writer.unsigned(ID.count, count)
        writer.unsigned(ID.promptTokens, promptTokens)
        if writer.revision >= 3 { writer.text(ID.pooling, pooling?.rawValue) }
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
        writer.record(ID.answer, answer)
    }
}
