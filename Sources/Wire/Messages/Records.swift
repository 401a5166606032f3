// Records that several messages share: what a request demands, what an answer says about itself.

/// Demands of a request, checked before any work: unmet is REQUIREMENT_NOT_MET.
public struct Requirements: WireRecord, Equatable {
    /// True: the addressed model must be real.
    public var real: Bool
    /// SHA-256 of the model file that must answer; 32 bytes.
    public var fingerprint: [UInt8]?
    /// Device that must compute, for example `cpu`.
    public var device: String?

    /// A value from its parts; sends nothing.
    public init(real: Bool = false, fingerprint: [UInt8]? = nil, device: String? = nil) {
        self.real = real
        self.fingerprint = fingerprint
        self.device = device
    }

    private enum ID: UInt16 { case real = 1, fingerprint, device }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Requirements",
        [
            FieldLayout(ID.real, "real", .bool),
            FieldLayout(
                ID.fingerprint, "fingerprint", .bytes, .optional,
                .size(Limits.fingerprintSize, Limits.fingerprintSize)),
            FieldLayout(
                ID.device, "device", .text, .optional, .size(1, Limits.deviceNameSizeMax)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .real: real = field.bool
            case .fingerprint: fingerprint = field.ownedBytes
            case .device: device = try field.text()
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.real, real ? true : nil)
        writer.data(ID.fingerprint, fingerprint)
        writer.text(ID.device, device)
    }
}

/// Time budget of an answer, in microseconds.
public struct Timing: WireRecord, Equatable {
    /// From the last byte read to the request being decoded and admitted.
    public var accept: UInt64
    /// Waiting for the engine.
    public var queue: UInt64
    /// Text to tokens.
    public var tokenize: UInt64
    /// Reading the prompt.
    public var prefill: UInt64
    /// Making tokens.
    public var decode: UInt64
    /// Encoding and handing frames to the socket.
    public var write: UInt64
    /// From receipt to the last frame being handed to the socket.
    public var total: UInt64

    /// A value from its parts; sends nothing.
    public init(
        accept: UInt64 = 0, queue: UInt64 = 0, tokenize: UInt64 = 0, prefill: UInt64 = 0,
        decode: UInt64 = 0, write: UInt64 = 0, total: UInt64 = 0
    ) {
        self.accept = accept
        self.queue = queue
        self.tokenize = tokenize
        self.prefill = prefill
        self.decode = decode
        self.write = write
        self.total = total
    }

    private enum ID: UInt16 {
        case accept = 1, queue, tokenize, prefill, decode, write, total
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Timing",
        [
            FieldLayout(ID.accept, "accept", .unsigned, .required),
            FieldLayout(ID.queue, "queue", .unsigned, .required),
            FieldLayout(ID.tokenize, "tokenize", .unsigned, .required),
            FieldLayout(ID.prefill, "prefill", .unsigned, .required),
            FieldLayout(ID.decode, "decode", .unsigned, .required),
            FieldLayout(ID.write, "write", .unsigned, .required),
            FieldLayout(ID.total, "total", .unsigned, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .accept: accept = field.unsigned
            case .queue: queue = field.unsigned
            case .tokenize: tokenize = field.unsigned
            case .prefill: prefill = field.unsigned
            case .decode: decode = field.unsigned
            case .write: write = field.unsigned
            case .total: total = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigned(ID.accept, accept)
        writer.unsigned(ID.queue, queue)
        writer.unsigned(ID.tokenize, tokenize)
        writer.unsigned(ID.prefill, prefill)
        writer.unsigned(ID.decode, decode)
        writer.unsigned(ID.write, write)
        writer.unsigned(ID.total, total)
    }
}

/// What every answer of a model says about itself: who answered, where, how long, how degraded.
public struct AnswerRecord: WireRecord, Equatable {
    /// The model; nil stands for the server's only one.
    public var model: String
    /// SHA-256 of the bytes that serve; nil for a mock.
    public var fingerprint: [UInt8]?
    /// Device that computes, such as `cpu`.
    public var device: String
    /// How long each part took.
    public var timing: Timing
    /// One word or sentence per degradation (`cpu_fallback`, `truncated_context`, …). Not empty
    /// exactly when the frame's degraded flag is set.
    public var degradations: [String]

    /// A value from its parts; sends nothing.
    public init(
        model: String, fingerprint: [UInt8]? = nil, device: String, timing: Timing = Timing(),
        degradations: [String] = []
    ) {
        self.model = model
        self.fingerprint = fingerprint
        self.device = device
        self.timing = timing
        self.degradations = degradations
    }

    private enum ID: UInt16 { case model = 1, fingerprint, device, timing, degradations }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Answer",
        [
            FieldLayout(
                ID.model, "model", .text, .required, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(
                ID.fingerprint, "fingerprint", .bytes, .optional,
                .size(Limits.fingerprintSize, Limits.fingerprintSize)),
            FieldLayout(
                ID.device, "device", .text, .required, .size(1, Limits.deviceNameSizeMax)),
            FieldLayout(ID.timing, "timing", .record, .required),
            FieldLayout(
                ID.degradations, "degradations", .text, .repeated(max: Limits.listCountMax),
                .size(1, Limits.sentenceSizeMax)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(model: "", device: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .fingerprint: fingerprint = field.ownedBytes
            case .device: device = try field.text()
            case .timing: timing = try field.record(Timing.self)
            case .degradations: degradations.append(try field.text())
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.data(ID.fingerprint, fingerprint)
        writer.text(ID.device, device)
        writer.record(ID.timing, timing)
        for degradation in degradations { writer.text(ID.degradations, degradation) }
    }
}

extension String {
    /// The longest prefix of whole characters that fits in `size` bytes.
    package func clipped(toSize size: Int) -> String {
        guard utf8.count > size else { return self }
        var used = 0
        var end = startIndex
        while end < endIndex {
            let next = index(after: end)
            used += self[end..<next].utf8.count
            if used > size { break }
            end = next
        }
        return String(self[..<end])
    }
}
