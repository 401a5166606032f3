// The body of every response whose status is not OK, whatever its kind.

/// What went wrong, for a program (`code`, `field`) and for a person (`message`).
public struct ErrorBody: WireRecord, Equatable {
    /// Stable reason in snake_case.
    public var code: String
    /// One sentence: tried, found, allowed, where.
    public var message: String
    /// Path of the refused field.
    public var field: String?
    /// Pause before another attempt.
    public var retryAfterMilliseconds: UInt64?
    /// Layer of the assay that rejected the model. With MODEL_REJECTED.
    public var layer: String?

    /// A value from its parts; sends nothing.
    public init(
        code: String, message: String, field: String? = nil,
        retryAfterMilliseconds: UInt64? = nil, layer: String? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.layer = layer
    }

    /// The body that reports `error` to the peer whose bytes caused it.
    public init(_ error: WireError) {
        self.init(code: error.code.name, message: error.message, field: error.field)
    }

    private enum ID: UInt16 { case code = 1, message, field, retryAfterMilliseconds, layer }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Error",
        [
            FieldLayout(ID.code, "code", .text, .required, .size(1, Limits.wordSizeMax)),
            FieldLayout(
                ID.message, "message", .text, .required, .size(0, Limits.sentenceSizeMax)),
            FieldLayout(ID.field, "field", .text, .optional, .size(1, Limits.wordSizeMax)),
            FieldLayout(
                ID.retryAfterMilliseconds, "retry_after_milliseconds", .unsigned, .optional,
                .unsigned(0, Limits.retryAfterMillisecondsMax)),
            FieldLayout(
                ID.layer, "layer", .text, .optional,
                .choice("file|parse|compatibility|placement|validation")),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(code: "", message: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .code: code = try value.text()
            case .message: message = try value.text()
            case .field: field = try value.text()
            case .retryAfterMilliseconds: retryAfterMilliseconds = value.unsigned
            case .layer: layer = try value.text()
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.code, code)
        writer.text(ID.message, message)
        writer.text(ID.field, field)
        writer.unsigned(ID.retryAfterMilliseconds, retryAfterMilliseconds)
        writer.text(ID.layer, layer)
    }

    /// The same with every part inside its limit.
    func clipped() -> ErrorBody {
        var result = self
        result.code = code.clipped(toSize: Limits.wordSizeMax)
        result.message = message.clipped(toSize: Limits.sentenceSizeMax)
        result.field = field?.clipped(toSize: Limits.wordSizeMax)
        result.retryAfterMilliseconds = retryAfterMilliseconds.map {
            min($0, Limits.retryAfterMillisecondsMax)
        }
        return result
    }
}
