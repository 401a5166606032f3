// Embed: texts in, one vector each out.
//
// Values are row-major, inputs × dimensions, cut anywhere into frames: any number of EmbedChunk
// (flag more), then one EmbedResponse with the rest.

/// How the vectors of an input's positions become one.
public enum Pooling: String, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// The last one.
    case last
    /// The first one.
    case cls
}

/// Asks for the embeddings of inputs.
public struct EmbedRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.embed
    /// Embed came with revision 2.
    public var revisionNeeded: UInt64 { 2 }

    /// Nil: the server's only model.
    public var model: String?
    /// What is embedded, each by itself; 1 to 256.
    public var inputs: [Input]
    /// True: names of special tokens in text become those tokens.
    public var parseSpecial = false
    /// True: begin and end tokens are added to text as the model asks for.
    public var addSpecial = true
    /// How an input's positions become one vector.
    public var pooling = Pooling.mean
    /// True: each vector is divided by its Euclidean length; zero stays zero.
    public var normalize = true
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, inputs: [Input]) {
        self.model = model
        self.inputs = inputs
    }

    private enum ID: UInt16 {
        case model = 1, inputs, parseSpecial, addSpecial, pooling, normalize
        case requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Embed request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(
                ID.inputs, "inputs", .record, .repeated(min: 1, max: Limits.inputCountMax)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.pooling, "pooling", .text, .optional, .choice("mean|last|cls")),
            FieldLayout(ID.normalize, "normalize", .bool),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(inputs: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .inputs: inputs.append(try field.record(Input.self))
            case .parseSpecial: parseSpecial = field.bool
            case .addSpecial: addSpecial = field.bool
            case .pooling: pooling = try field.word(Pooling.self)
            case .normalize: normalize = field.bool
            case .requirements: requirements = try field.record(Requirements.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        for input in inputs { writer.record(ID.inputs, input) }
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        writer.text(ID.pooling, pooling == .mean ? nil : pooling.rawValue)
        writer.bool(ID.normalize, normalize ? nil : false)
        writer.record(ID.requirements, requirements)
    }
}

/// Part of the values; more frames follow.
public struct EmbedChunk: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.embed
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// Values, row-major: inputs by dimensions.
    public var embeddings: [Float]
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(embeddings: [Float]) { self.embeddings = embeddings }

    private enum ID: UInt16 { case embeddings = 1, frame = 28 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Embed chunk",
        [
            FieldLayout(
                ID.embeddings, "embeddings", .numbers, .required,
                .count(1, Limits.embeddingCountMax)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(embeddings: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .embeddings: embeddings = field.numbers
            case .frame: frame = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.embeddings, embeddings)
        writer.unsigned(ID.frame, frame, since: 3)
    }
}

/// The rest of the values and what they are.
public struct EmbedResponse: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.embed

    /// Values not sent in chunks.
    public var embeddings: [Float]
    /// Values per input.
    public var dimensions: UInt64
    /// Inputs in all.
    public var count: UInt64
    /// Tokens of all inputs together.
    public var promptTokens: UInt64
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(
        embeddings: [Float], dimensions: UInt64, count: UInt64, promptTokens: UInt64,
        answer: AnswerRecord
    ) {
        self.embeddings = embeddings
        self.dimensions = dimensions
        self.count = count
        self.promptTokens = promptTokens
        self.answer = answer
    }

    private enum ID: UInt16 {
        case embeddings = 1, dimensions, count, promptTokens, frame = 28, answer = 31
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Embed response",
        [
            FieldLayout(
                ID.embeddings, "embeddings", .numbers, .required,
                .count(0, Limits.embeddingCountMax)),
            FieldLayout(
                ID.dimensions, "dimensions", .unsigned, .required,
                .unsigned(1, Limits.embeddingDimensionsMax)),
            FieldLayout(
                ID.count, "count", .unsigned, .required,
                .unsigned(1, UInt64(Limits.inputCountMax))),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.frame, "frame", .unsigned),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            embeddings: [], dimensions: 0, count: 0, promptTokens: 0,
            answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .embeddings: embeddings = field.numbers
            case .dimensions: dimensions = field.unsigned
            case .count: count = field.unsigned
            case .promptTokens: promptTokens = field.unsigned
            case .frame: frame = field.unsigned
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.embeddings, embeddings)
        writer.unsigned(ID.dimensions, dimensions)
        writer.unsigned(ID.count, count)
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.unsigned(ID.frame, frame, since: 3)
        writer.record(ID.answer, answer)
    }
}
