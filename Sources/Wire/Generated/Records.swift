// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Records inside messages, and the body of an error.

/// Demands of a request on the model, checked before any work (REQUIREMENT_NOT_MET when unmet).
public struct Requirements: WireRecord, Equatable {
    /// The model must be real, default false.
    public var real: Bool
    /// SHA-256 of the file that must answer.
    public var fingerprint: [UInt8]?
    /// Device that must compute the answer.
    public var device: String?

    /// Makes a value from the fields.
    public init(real: Bool = false, fingerprint: [UInt8]? = nil, device: String? = nil) {
        self.real = real
        self.fingerprint = fingerprint
        self.device = device
    }

    enum ID: UInt16 { case real = 1, fingerprint = 2, device = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Requirements",
        [
            FieldLayout(ID.real, "real", .bool),
            FieldLayout(ID.fingerprint, "fingerprint", .bytes, .optional, .size(32, 32)),
            FieldLayout(ID.device, "device", .text, .optional, .size(1, 64)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .real: real = value.bool
            case .fingerprint: fingerprint = value.ownedBytes
            case .device: device = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.bool(ID.real, real ? true : nil)
        writer.data(ID.fingerprint, fingerprint)
        writer.text(ID.device, device)
    }
}

/// Place of a request in the caller's trace, among its attempts, and among the requests of the
/// connection.
public struct RequestContext: WireRecord, Equatable {
    /// W3C `traceparent` of version 00, the place in the caller's trace.
    public var traceContext: String?
    /// Number of the attempt within the call, default 1.
    public var attempt: UInt64
    /// Priority among the waiting requests of the connection, highest first, default 4.
    public var priority: UInt64

    /// Makes a value from the fields.
    public init(traceContext: String? = nil, attempt: UInt64 = 1, priority: UInt64 = 4) {
        self.traceContext = traceContext
        self.attempt = attempt
        self.priority = priority
    }

    enum ID: UInt16 { case traceContext = 1, attempt = 2, priority = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Request context",
        [
            FieldLayout(ID.traceContext, "trace_context", .text, .optional, .size(55, 55)),
            FieldLayout(ID.attempt, "attempt", .unsigned, .optional, .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.priority, "priority", .unsigned, .optional, .unsigned(0, 9)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .traceContext: traceContext = try value.traceparent()
            case .attempt: attempt = value.unsigned
            case .priority: priority = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.traceContext, traceContext)
        writer.unsigned(ID.attempt, attempt == 1 ? nil : attempt)
        writer.unsigned(ID.priority, priority == 4 ? nil : priority)
    }
}

/// Facts in every answer of a model: the model, device, timing, degradations, server load.
public struct AnswerRecord: WireRecord, Equatable {
    /// Name of the model that answered.
    public var model: String
    /// SHA-256 of the bytes that serve: of the model's file, or of the list of the files' SHA-256,
    /// absent for a mock.
    public var fingerprint: [UInt8]?
    /// Device that computed the answer.
    public var device: String
    /// Time budget of the answer, a `Timing`.
    public var timing: Timing
    /// Reasons for an answer worse than possible, not empty exactly when flag bit 2 is set.
    public var degradations: [String]
    /// Load of the server at the time of the answer.
    public var serverLoad: ServerLoad?
    /// Time that the chat template was given, only for a conversation, seconds since 1970.
    public var templateTime: UInt64?

    /// Makes a value from the fields.
    public init(
        model: String, fingerprint: [UInt8]? = nil, device: String, timing: Timing = Timing(),
        degradations: [String] = [], serverLoad: ServerLoad? = nil, templateTime: UInt64? = nil
    ) {
        self.model = model
        self.fingerprint = fingerprint
        self.device = device
        self.timing = timing
        self.degradations = degradations
        self.serverLoad = serverLoad
        self.templateTime = templateTime
    }

    enum ID: UInt16 {
        case model = 1, fingerprint = 2, device = 3, timing = 4, degradations = 5, serverLoad = 6
        case templateTime = 7
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Answer",
        [
            FieldLayout(ID.model, "model", .text, .required, .size(1, 128)),
            FieldLayout(ID.fingerprint, "fingerprint", .bytes, .optional, .size(32, 32)),
            FieldLayout(ID.device, "device", .text, .required, .size(1, 64)),
            FieldLayout(ID.timing, "timing", .record, .required),
            FieldLayout(
                ID.degradations, "degradations", .text, .repeated(max: 1024), .size(1, 2048)),
            FieldLayout(ID.serverLoad, "server_load", .record),
            FieldLayout(
                ID.templateTime, "template_time", .unsigned, .optional,
                .unsigned(0, 253_402_300_799)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(model: "", device: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .fingerprint: fingerprint = value.ownedBytes
            case .device: device = try value.text()
            case .timing: timing = try value.record(Timing.self)
            case .degradations: degradations.append(try value.text())
            case .serverLoad: serverLoad = try value.record(ServerLoad.self)
            case .templateTime: templateTime = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.data(ID.fingerprint, fingerprint)
        writer.text(ID.device, device)
        writer.record(ID.timing, timing)
        for value in degradations { writer.text(ID.degradations, value) }
        if writer.revision >= 3 { writer.record(ID.serverLoad, serverLoad) }
        if writer.revision >= 3 { writer.unsigned(ID.templateTime, templateTime) }
    }
}

/// Load of the server with one model, or with all models together.
public struct ServerLoad: WireRecord, Equatable {
    /// Requests waiting for the engine.
    public var queued: UInt64
    /// Requests running on the engine.
    public var running: UInt64
    /// Estimated wait of a new request, microseconds.
    public var waitMicroseconds: UInt64
    /// Pages of the key-value cache in use.
    public var cachePagesUsed: UInt64
    /// Pages of the key-value cache in all.
    public var cachePages: UInt64

    /// Makes a value from the fields.
    public init(
        queued: UInt64 = 0, running: UInt64 = 0, waitMicroseconds: UInt64 = 0,
        cachePagesUsed: UInt64 = 0, cachePages: UInt64 = 0
    ) {
        self.queued = queued
        self.running = running
        self.waitMicroseconds = waitMicroseconds
        self.cachePagesUsed = cachePagesUsed
        self.cachePages = cachePages
    }

    enum ID: UInt16 {
        case queued = 1, running = 2, waitMicroseconds = 3, cachePagesUsed = 4, cachePages = 5
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Server load",
        [
            FieldLayout(ID.queued, "queued", .unsigned, .required),
            FieldLayout(ID.running, "running", .unsigned, .required),
            FieldLayout(ID.waitMicroseconds, "wait_microseconds", .unsigned, .required),
            FieldLayout(ID.cachePagesUsed, "cache_pages_used", .unsigned, .required),
            FieldLayout(ID.cachePages, "cache_pages", .unsigned, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .queued: queued = value.unsigned
            case .running: running = value.unsigned
            case .waitMicroseconds: waitMicroseconds = value.unsigned
            case .cachePagesUsed: cachePagesUsed = value.unsigned
            case .cachePages: cachePages = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigned(ID.queued, queued)
        writer.unsigned(ID.running, running)
        writer.unsigned(ID.waitMicroseconds, waitMicroseconds)
        writer.unsigned(ID.cachePagesUsed, cachePagesUsed)
        writer.unsigned(ID.cachePages, cachePages)
    }
}

/// Time budget of an answer, in microseconds.
public struct Timing: WireRecord, Equatable {
    /// From last byte read to request admitted, microseconds.
    public var accept: UInt64
    /// Waiting for the engine, microseconds.
    public var queue: UInt64
    /// Turning text into tokens, microseconds.
    public var tokenize: UInt64
    /// Reading the prompt, microseconds.
    public var prefill: UInt64
    /// Making tokens, microseconds.
    public var decode: UInt64
    /// Writing frames to the socket, microseconds.
    public var write: UInt64
    /// From receipt to last frame, microseconds.
    public var total: UInt64

    /// Makes a value from the fields.
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

    enum ID: UInt16 {
        case accept = 1, queue = 2, tokenize = 3, prefill = 4, decode = 5, write = 6, total = 7
    }

    /// Table of the body.
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

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .accept: accept = value.unsigned
            case .queue: queue = value.unsigned
            case .tokenize: tokenize = value.unsigned
            case .prefill: prefill = value.unsigned
            case .decode: decode = value.unsigned
            case .write: write = value.unsigned
            case .total: total = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
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

/// A turn of a conversation.
public struct ChatMessage: WireRecord, Equatable {
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if role == .tool
            || contentJson != nil
            || reasoningContent != nil
            || name != nil
            || !toolCalls.isEmpty
            || toolCallId != nil
        {
            return 3
        }
        return 2
    }

    /// Speaker of the turn, `tool` from revision 3 on.
    public var role: ChatRole
    /// Text of the turn, may be empty.
    public var content: String
    /// JSON text of a content that is no text (`null`, a list of parts), beside an empty
    /// `content`.
    public var contentJson: String?
    /// Reasoning of the turn, apart from `content`.
    public var reasoningContent: String?
    /// Name of the speaker, or of the tool whose result the turn is.
    public var name: String?
    /// Calls of tools that the turn makes, a `Tool call` each.
    public var toolCalls: [ToolCall]
    /// Id of the call whose result the turn is.
    public var toolCallId: String?

    /// Makes a value from the fields.
    public init(
        role: ChatRole, content: String, contentJson: String? = nil,
        reasoningContent: String? = nil, name: String? = nil, toolCalls: [ToolCall] = [],
        toolCallId: String? = nil
    ) {
        self.role = role
        self.content = content
        self.contentJson = contentJson
        self.reasoningContent = reasoningContent
        self.name = name
        self.toolCalls = toolCalls
        self.toolCallId = toolCallId
    }

    enum ID: UInt16 {
        case role = 1, content = 2, contentJson = 3, reasoningContent = 4, name = 5, toolCalls = 6
        case toolCallId = 7
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Chat message",
        [
            FieldLayout(ID.role, "role", .text, .required, .choice("system|user|assistant|tool")),
            FieldLayout(ID.content, "content", .text, .required, .size(0, 4_000_000)),
            FieldLayout(ID.contentJson, "content_json", .text, .optional, .size(1, 4_000_000)),
            FieldLayout(
                ID.reasoningContent, "reasoning_content", .text, .optional, .size(1, 4_000_000)),
            FieldLayout(ID.name, "name", .text, .optional, .size(1, 256)),
            FieldLayout(ID.toolCalls, "tool_calls", .record, .repeated(max: 128)),
            FieldLayout(ID.toolCallId, "tool_call_id", .text, .optional, .size(1, 256)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(role: .system, content: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .role: role = try value.word(ChatRole.self)
            case .content: content = try value.text()
            case .contentJson: contentJson = try value.text()
            case .reasoningContent: reasoningContent = try value.text()
            case .name: name = try value.text()
            case .toolCalls: toolCalls.append(try value.record(ToolCall.self))
            case .toolCallId: toolCallId = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.role, role.rawValue)
        writer.text(ID.content, content)
        if writer.revision >= 3 { writer.text(ID.contentJson, contentJson) }
        if writer.revision >= 3 { writer.text(ID.reasoningContent, reasoningContent) }
        if writer.revision >= 3 { writer.text(ID.name, name) }
        if writer.revision >= 3 { for value in toolCalls { writer.record(ID.toolCalls, value) } }
        if writer.revision >= 3 { writer.text(ID.toolCallId, toolCallId) }
    }
}

/// Call of a tool in a turn of a conversation.
public struct ToolCall: WireRecord, Equatable {
    /// Id of the call, for the result's `tool_call_id`.
    public var id: String?
    /// Name of the tool.
    public var name: String
    /// JSON text of the arguments, an object as a rule.
    public var arguments: String

    /// Makes a value from the fields.
    public init(id: String? = nil, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    enum ID: UInt16 { case id = 1, name = 2, arguments = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Tool call",
        [
            FieldLayout(ID.id, "id", .text, .optional, .size(1, 256)),
            FieldLayout(ID.name, "name", .text, .required, .size(1, 256)),
            FieldLayout(ID.arguments, "arguments", .text, .required, .size(1, 1_000_000)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", arguments: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .id: self.id = try value.text()
            case .name: name = try value.text()
            case .arguments: arguments = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.id, id)
        writer.text(ID.name, name)
        writer.text(ID.arguments, arguments)
    }
}

/// Variable of the model's chat template.
public struct TemplateVariable: WireRecord, Equatable {
    /// Name of the variable (`enable_thinking`, `reasoning_effort`).
    public var name: String
    /// JSON text of the value.
    public var value: String

    /// Makes a value from the fields.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    enum ID: UInt16 { case name = 1, value = 2 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Template variable",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.value, "value", .text, .required, .size(1, 65536)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", value: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .value: self.value = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.text(ID.value, value)
    }
}

/// Facts about the chat template that rendered a conversation.
public struct ChatTemplateInfo: WireRecord, Equatable {
    /// Place of the template in the model's files (`tokenizer.chat_template`,
    /// `chat_template.jinja`).
    public var source: String
    /// SHA-256 of the template's text.
    public var fingerprint: [UInt8]
    /// The template writes `tools`.
    public var readsTools: Bool
    /// Form in which the template gets the arguments of past calls, absent when none are written.
    public var toolArguments: ToolArguments?
    /// Reasoning before an answer: not foreseen, chosen by a variable, or always.
    public var thinking: Thinking
    /// The template writes the time.
    public var readsTime: Bool
    /// Names of variables that the template reads, in order of name.
    public var variables: [String]

    /// Makes a value from the fields.
    public init(
        source: String = "", fingerprint: [UInt8] = [], readsTools: Bool = false,
        toolArguments: ToolArguments? = nil, thinking: Thinking = .none, readsTime: Bool = false,
        variables: [String] = []
    ) {
        self.source = source
        self.fingerprint = fingerprint
        self.readsTools = readsTools
        self.toolArguments = toolArguments
        self.thinking = thinking
        self.readsTime = readsTime
        self.variables = variables
    }

    enum ID: UInt16 {
        case source = 1, fingerprint = 2, readsTools = 3, toolArguments = 4, thinking = 5
        case readsTime = 6, variables = 7
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Chat template",
        [
            FieldLayout(ID.source, "source", .text, .required, .size(1, 512)),
            FieldLayout(ID.fingerprint, "fingerprint", .bytes, .required, .size(32, 32)),
            FieldLayout(ID.readsTools, "reads_tools", .bool, .required),
            FieldLayout(
                ID.toolArguments, "tool_arguments", .text, .optional, .choice("object|text")),
            FieldLayout(ID.thinking, "thinking", .text, .required, .choice("none|optional|always")),
            FieldLayout(ID.readsTime, "reads_time", .bool, .required),
            FieldLayout(ID.variables, "variables", .text, .repeated(max: 1024), .size(1, 128)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .source: source = try value.text()
            case .fingerprint: fingerprint = value.ownedBytes
            case .readsTools: readsTools = value.bool
            case .toolArguments: toolArguments = try value.word(ToolArguments.self)
            case .thinking: thinking = try value.word(Thinking.self)
            case .readsTime: readsTime = value.bool
            case .variables: variables.append(try value.text())
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.source, source)
        writer.data(ID.fingerprint, fingerprint)
        writer.bool(ID.readsTools, readsTools)
        writer.text(ID.toolArguments, toolArguments?.rawValue)
        writer.text(ID.thinking, thinking.rawValue)
        writer.bool(ID.readsTime, readsTime)
        for value in variables { writer.text(ID.variables, value) }
    }
}

extension Input {
    enum ID: UInt16 { case text = 1, tokens = 2 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Input",
        [
            FieldLayout(ID.text, "text", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(1, 1_000_000)),
        ])
}

extension Logprobs {
    enum ID: UInt16 { case tokens = 1, logprobs = 2, topCount = 3, topTokens = 4, topLogprobs = 5 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Logprobs",
        [
            FieldLayout(ID.tokens, "tokens", .unsigneds, .required, .count(0, 1_000_000)),
            FieldLayout(ID.logprobs, "logprobs", .numbers, .required, .count(0, 1_000_000)),
            FieldLayout(ID.topCount, "top_count", .unsigned, .optional, .unsigned(0, 64)),
            FieldLayout(ID.topTokens, "top_tokens", .unsigneds, .optional, .count(0, 1_000_000)),
            FieldLayout(ID.topLogprobs, "top_logprobs", .numbers, .optional, .count(0, 1_000_000)),
        ])
}

/// Body of every response whose status is not OK, of any kind.
public struct ErrorBody: WireRecord, Equatable {
    /// Stable reason in snake_case.
    public var code: String
    /// Sentence with the attempt, the finding, the allowed values and the place.
    public var message: String
    /// Path of the refused field (`requirements.device`), or `#9` for an unknown id.
    public var field: String?
    /// Pause before another attempt, milliseconds.
    public var retryAfterMilliseconds: UInt64?
    /// Layer that refused the model, with MODEL_REJECTED.
    public var layer: String?
    /// Load of the server at the time of the refusal.
    public var serverLoad: ServerLoad?

    /// Makes a value from the fields.
    public init(
        code: String, message: String, field: String? = nil, retryAfterMilliseconds: UInt64? = nil,
        layer: String? = nil, serverLoad: ServerLoad? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.layer = layer
        self.serverLoad = serverLoad
    }

    enum ID: UInt16 {
        case code = 1, message = 2, field = 3, retryAfterMilliseconds = 4, layer = 5, serverLoad = 6
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Error",
        [
            FieldLayout(ID.code, "code", .text, .required, .size(1, 128)),
            FieldLayout(ID.message, "message", .text, .required, .size(0, 2048)),
            FieldLayout(ID.field, "field", .text, .optional, .size(1, 128)),
            FieldLayout(
                ID.retryAfterMilliseconds, "retry_after_milliseconds", .unsigned, .optional,
                .unsigned(0, 3_600_000)),
            FieldLayout(
                ID.layer, "layer", .text, .optional,
                .choice("file|parse|compatibility|placement|validation")),
            FieldLayout(ID.serverLoad, "server_load", .record),
        ])

    /// Decodes a whole body, see `WireRecord`.
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
            case .serverLoad: serverLoad = try value.record(ServerLoad.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.code, code)
        writer.text(ID.message, message)
        writer.text(ID.field, field)
        writer.unsigned(ID.retryAfterMilliseconds, retryAfterMilliseconds)
        writer.text(ID.layer, layer)
        if writer.revision >= 3 { writer.record(ID.serverLoad, serverLoad) }
    }
}

/// A model that is served, loading or failed.
public struct ModelInfo: WireRecord, Equatable {
    /// Name under which the model is served.
    public var name: String
    /// State of the model.
    public var state: ServingState
    /// 1 real, 2 mock.
    public var provenance: Provenance
    /// Architecture family (`llama`), empty while loading.
    public var architecture: String
    /// Number of weights.
    public var parameters: UInt64
    /// Size of the vocabulary, tokens.
    public var vocabulary: UInt64
    /// Size of the context, tokens.
    public var context: UInt64
    /// SHA-256 of the bytes that serve, absent for a mock.
    public var fingerprint: [UInt8]?
    /// 1 for the first load under the name, 1 more for each later load.
    public var generation: UInt64
    /// Device of the model (`cpu`, `cuda:0`).
    public var device: String
    /// Reason for a device different from the requested device.
    public var deviceReason: String?
    /// Memory taken, bytes.
    public var bytes: UInt64
    /// Files on disk compared with the loaded files, absent for a mock.
    public var file: FileState?
    /// A `Model label` for each label.
    public var labels: [ModelLabel]
    /// True for a model that stays in memory until it is unpinned.
    public var pinned: Bool?
    /// Generation that Rollback returns to, absent for none.
    public var heldGeneration: UInt64?
    /// True for a model that was put out of memory and is loaded for its next request.
    public var evicted: Bool?
    /// State of the model's circuit breaker, absent for a server without.
    public var breaker: BreakerState?
    /// Failure that the breaker opened for.
    public var breakerReason: String?
    /// Time since the breaker changed its state, seconds.
    public var breakerSeconds: Double?
    /// Time since the weights in memory were last compared with the seal, seconds.
    public var sealAgeSeconds: Double?
    /// Reason of the last swap or reload that failed while the model went on.
    public var loadFailure: String?

    /// Makes a value from the fields.
    public init(
        name: String, state: ServingState, provenance: Provenance, architecture: String,
        parameters: UInt64, vocabulary: UInt64, context: UInt64, fingerprint: [UInt8]? = nil,
        generation: UInt64, device: String, deviceReason: String? = nil, bytes: UInt64,
        file: FileState? = nil, labels: [ModelLabel] = [], pinned: Bool? = nil,
        heldGeneration: UInt64? = nil, evicted: Bool? = nil, breaker: BreakerState? = nil,
        breakerReason: String? = nil, breakerSeconds: Double? = nil, sealAgeSeconds: Double? = nil,
        loadFailure: String? = nil
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
        self.labels = labels
        self.pinned = pinned
        self.heldGeneration = heldGeneration
        self.evicted = evicted
        self.breaker = breaker
        self.breakerReason = breakerReason
        self.breakerSeconds = breakerSeconds
        self.sealAgeSeconds = sealAgeSeconds
        self.loadFailure = loadFailure
    }

    enum ID: UInt16 {
        case name = 1, state = 2, provenance = 3, architecture = 4, parameters = 5, vocabulary = 6
        case context = 7, fingerprint = 8, generation = 9, device = 10, deviceReason = 11
        case bytes = 12, file = 13, labels = 14, pinned = 15, heldGeneration = 16, evicted = 17
        case breaker = 18, breakerReason = 19, breakerSeconds = 20, sealAgeSeconds = 21
        case loadFailure = 22
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Model",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(
                ID.state, "state", .text, .required, .choice("loading|ready|failed|draining")),
            FieldLayout(ID.provenance, "provenance", .unsigned, .required, .unsigned(1, 2)),
            FieldLayout(ID.architecture, "architecture", .text, .required, .size(0, 128)),
            FieldLayout(ID.parameters, "parameters", .unsigned, .required),
            FieldLayout(ID.vocabulary, "vocabulary", .unsigned, .required),
            FieldLayout(ID.context, "context", .unsigned, .required),
            FieldLayout(ID.fingerprint, "fingerprint", .bytes, .optional, .size(32, 32)),
            FieldLayout(
                ID.generation, "generation", .unsigned, .required, .unsigned(0, 4_294_967_295)),
            FieldLayout(ID.device, "device", .text, .required, .size(0, 64)),
            FieldLayout(ID.deviceReason, "device_reason", .text, .optional, .size(1, 2048)),
            FieldLayout(ID.bytes, "bytes", .unsigned, .required),
            FieldLayout(ID.file, "file", .text, .optional, .choice("unchanged|changed|missing")),
            FieldLayout(ID.labels, "labels", .record, .repeated(max: 64)),
            FieldLayout(ID.pinned, "pinned", .bool),
            FieldLayout(
                ID.heldGeneration, "held_generation", .unsigned, .optional,
                .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.evicted, "evicted", .bool),
            FieldLayout(ID.breaker, "breaker", .text, .optional, .choice("closed|open|half_open")),
            FieldLayout(ID.breakerReason, "breaker_reason", .text, .optional, .size(1, 2048)),
            FieldLayout(
                ID.breakerSeconds, "breaker_seconds", .number, .optional, .number(0, 1e+12)),
            FieldLayout(
                ID.sealAgeSeconds, "seal_age_seconds", .number, .optional, .number(0, 1e+12)),
            FieldLayout(ID.loadFailure, "load_failure", .text, .optional, .size(1, 2048)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            name: "", state: .loading, provenance: .mock, architecture: "", parameters: 0,
            vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .state: state = try value.word(ServingState.self)
            case .provenance: provenance = value.unsigned == 1 ? .real : .mock
            case .architecture: architecture = try value.text()
            case .parameters: parameters = value.unsigned
            case .vocabulary: vocabulary = value.unsigned
            case .context: context = value.unsigned
            case .fingerprint: fingerprint = value.ownedBytes
            case .generation: generation = value.unsigned
            case .device: device = try value.text()
            case .deviceReason: deviceReason = try value.text()
            case .bytes: bytes = value.unsigned
            case .file: file = try value.word(FileState.self)
            case .labels: labels.append(try value.record(ModelLabel.self))
            case .pinned: pinned = value.bool
            case .heldGeneration: heldGeneration = value.unsigned
            case .evicted: evicted = value.bool
            case .breaker: breaker = try value.word(BreakerState.self)
            case .breakerReason: breakerReason = try value.text()
            case .breakerSeconds: breakerSeconds = value.number
            case .sealAgeSeconds: sealAgeSeconds = value.number
            case .loadFailure: loadFailure = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
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
        if writer.revision >= 3 { writer.text(ID.file, file?.rawValue) }
        if writer.revision >= 4 { for value in labels { writer.record(ID.labels, value) } }
        if writer.revision >= 4 { writer.bool(ID.pinned, pinned) }
        if writer.revision >= 4 { writer.unsigned(ID.heldGeneration, heldGeneration) }
        if writer.revision >= 4 { writer.bool(ID.evicted, evicted) }
        if writer.revision >= 4 { writer.text(ID.breaker, breaker?.rawValue) }
        if writer.revision >= 4 { writer.text(ID.breakerReason, breakerReason) }
        if writer.revision >= 4 { writer.number(ID.breakerSeconds, breakerSeconds) }
        if writer.revision >= 4 { writer.number(ID.sealAgeSeconds, sealAgeSeconds) }
        if writer.revision >= 4 { writer.text(ID.loadFailure, loadFailure) }
    }
}

/// Verdict of a layer of the assay.
public struct LayerVerdictRecord: WireRecord, Equatable {
    /// Layer of the assay.
    public var layer: String
    /// Verdict of the layer, true when passed, or when the layer still runs.
    public var ok: Bool
    /// Time taken, microseconds, 0 while the layer runs.
    public var microseconds: UInt64
    /// Bytes of the files read so far, by a layer that still runs.
    public var bytesRead: UInt64?
    /// Bytes of the files as a whole, beside `bytes_read`.
    public var bytesTotal: UInt64?

    /// Makes a value from the fields.
    public init(
        layer: String, ok: Bool, microseconds: UInt64, bytesRead: UInt64? = nil,
        bytesTotal: UInt64? = nil
    ) {
        self.layer = layer
        self.ok = ok
        self.microseconds = microseconds
        self.bytesRead = bytesRead
        self.bytesTotal = bytesTotal
    }

    enum ID: UInt16 { case layer = 1, ok = 2, microseconds = 3, bytesRead = 4, bytesTotal = 5 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Layer",
        [
            FieldLayout(
                ID.layer, "layer", .text, .required,
                .choice("file|parse|compatibility|placement|validation")),
            FieldLayout(ID.ok, "ok", .bool, .required),
            FieldLayout(ID.microseconds, "microseconds", .unsigned, .required),
            FieldLayout(ID.bytesRead, "bytes_read", .unsigned),
            FieldLayout(ID.bytesTotal, "bytes_total", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(layer: "", ok: false, microseconds: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .layer: layer = try value.text()
            case .ok: ok = value.bool
            case .microseconds: microseconds = value.unsigned
            case .bytesRead: bytesRead = value.unsigned
            case .bytesTotal: bytesTotal = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.layer, layer)
        writer.bool(ID.ok, ok)
        writer.unsigned(ID.microseconds, microseconds)
        writer.unsigned(ID.bytesRead, bytesRead)
        writer.unsigned(ID.bytesTotal, bytesTotal)
    }
}

/// Label of a generation of a model.
public struct ModelLabel: WireRecord, Equatable {
    /// Label, named in requests as `NAME:LABEL`.
    public var label: String
    /// Generation that the label stands for.
    public var generation: UInt64
    /// Share of the requests for the plain name that the generation answers, absent for none.
    public var share: Double?

    /// Makes a value from the fields.
    public init(label: String, generation: UInt64, share: Double? = nil) {
        self.label = label
        self.generation = generation
        self.share = share
    }

    enum ID: UInt16 { case label = 1, generation = 2, share = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Model label",
        [
            FieldLayout(ID.label, "label", .text, .required, .size(1, 64)),
            FieldLayout(
                ID.generation, "generation", .unsigned, .required, .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.share, "share", .number, .optional, .number(0, 1)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(label: "", generation: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .label: label = try value.text()
            case .generation: generation = value.unsigned
            case .share: share = value.number
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.label, label)
        writer.unsigned(ID.generation, generation)
        writer.number(ID.share, share)
    }
}

/// Comparison of a new generation with the one that serves.
public struct ShadowReport: WireRecord, Equatable {
    /// Live requests that both generations computed.
    public var compared: UInt64
    /// Those with equal answers.
    public var equal: UInt64
    /// Largest divergence between the answers, 0 where all are equal.
    public var divergenceMax: Double
    /// Sentence about the first request with different answers.
    public var firstDifference: String?

    /// Makes a value from the fields.
    public init(
        compared: UInt64, equal: UInt64, divergenceMax: Double, firstDifference: String? = nil
    ) {
        self.compared = compared
        self.equal = equal
        self.divergenceMax = divergenceMax
        self.firstDifference = firstDifference
    }

    enum ID: UInt16 { case compared = 1, equal = 2, divergenceMax = 3, firstDifference = 4 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Shadow report",
        [
            FieldLayout(ID.compared, "compared", .unsigned, .required),
            FieldLayout(ID.equal, "equal", .unsigned, .required),
            FieldLayout(ID.divergenceMax, "divergence_max", .number, .required, .number(0, 1e+300)),
            FieldLayout(ID.firstDifference, "first_difference", .text, .optional, .size(1, 2048)),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(compared: 0, equal: 0, divergenceMax: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .compared: compared = value.unsigned
            case .equal: equal = value.unsigned
            case .divergenceMax: divergenceMax = value.number
            case .firstDifference: firstDifference = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigned(ID.compared, compared)
        writer.unsigned(ID.equal, equal)
        writer.number(ID.divergenceMax, divergenceMax)
        writer.text(ID.firstDifference, firstDifference)
    }
}

/// Score of a continuation.
public struct Score: WireRecord, Equatable {
    /// Log-probabilities of the scored tokens.
    public var logprobs: Logprobs
    /// Sum of the log-probabilities, for the continuation as a whole.
    public var logprob: Double
    /// Every token was the most probable token at its position.
    public var greedy: Bool

    /// Makes a value from the fields.
    public init(logprobs: Logprobs, logprob: Double, greedy: Bool) {
        self.logprobs = logprobs
        self.logprob = logprob
        self.greedy = greedy
    }

    enum ID: UInt16 { case logprobs = 1, logprob = 2, greedy = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Continuation score",
        [
            FieldLayout(ID.logprobs, "logprobs", .record, .required),
            FieldLayout(ID.logprob, "logprob", .number, .required),
            FieldLayout(ID.greedy, "greedy", .bool, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(logprobs: Logprobs(), logprob: 0, greedy: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .logprobs: logprobs = try value.record(Logprobs.self)
            case .logprob: logprob = value.number
            case .greedy: greedy = value.bool
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.logprobs, logprobs)
        writer.number(ID.logprob, logprob)
        writer.bool(ID.greedy, greedy)
    }
}

/// Counter, split by provenance so that no work of a mock counts as real.
public struct CounterRecord: WireRecord, Equatable {
    /// Name of the counter.
    public var name: String
    /// Count for real answers.
    public var real: UInt64
    /// Count for mock answers.
    public var mock: UInt64

    /// Makes a value from the fields.
    public init(name: String, real: UInt64, mock: UInt64) {
        self.name = name
        self.real = real
        self.mock = mock
    }

    enum ID: UInt16 { case name = 1, real = 2, mock = 3 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Counter",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
            FieldLayout(ID.real, "real", .unsigned, .required),
            FieldLayout(ID.mock, "mock", .unsigned, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", real: 0, mock: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            case .real: real = value.unsigned
            case .mock: mock = value.unsigned
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.unsigned(ID.real, real)
        writer.unsigned(ID.mock, mock)
    }
}
