// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Render: renders a conversation by the model's chat template.

/// Request of Render: renders a conversation by the model's chat template.
public struct RenderRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.render
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 { 3 }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Conversation to render.
    public var messages: [ChatMessage]
    /// JSON text of a list of tools.
    public var tools: String?
    /// Further variables of the chat template.
    public var templateVariables: [TemplateVariable]
    /// End with the template's opening of an answer, default true.
    public var addGenerationPrompt: Bool
    /// Leave the last message open instead, to be continued, default false.
    public var continueFinalMessage: Bool
    /// Time for the chat template, absent for the server's time, seconds since 1970.
    public var templateTime: UInt64?
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, messages: [ChatMessage], tools: String? = nil,
        templateVariables: [TemplateVariable] = [], addGenerationPrompt: Bool = true,
        continueFinalMessage: Bool = false, templateTime: UInt64? = nil,
        context: RequestContext? = nil, requirements: Requirements? = nil
    ) {
        self.model = model
        self.messages = messages
        self.tools = tools
        self.templateVariables = templateVariables
        self.addGenerationPrompt = addGenerationPrompt
        self.continueFinalMessage = continueFinalMessage
        self.templateTime = templateTime
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, messages = 2, tools = 3, templateVariables = 4, addGenerationPrompt = 5
        case continueFinalMessage = 6, templateTime = 7, context = 29, requirements = 30
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Render request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.messages, "messages", .record, .repeated(min: 1, max: 1024)),
            FieldLayout(ID.tools, "tools", .text, .optional, .size(1, 1_000_000)),
            FieldLayout(ID.templateVariables, "template_variables", .record, .repeated(max: 64)),
            FieldLayout(ID.addGenerationPrompt, "add_generation_prompt", .bool),
            FieldLayout(ID.continueFinalMessage, "continue_final_message", .bool),
            FieldLayout(
                ID.templateTime, "template_time", .unsigned, .optional,
                .unsigned(0, 253_402_300_799)),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ],
        excludes: [(ID.addGenerationPrompt, ID.continueFinalMessage)])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(messages: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .messages: messages.append(try value.record(ChatMessage.self))
            case .tools: tools = try value.text()
            case .templateVariables:
                templateVariables.append(try value.record(TemplateVariable.self))
            case .addGenerationPrompt: addGenerationPrompt = value.bool
            case .continueFinalMessage: continueFinalMessage = value.bool
            case .templateTime: templateTime = value.unsigned
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
        try reader.checkExclusions()
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        for value in messages { writer.record(ID.messages, value) }
        writer.text(ID.tools, tools)
        for value in templateVariables { writer.record(ID.templateVariables, value) }
        writer.bool(ID.addGenerationPrompt, addGenerationPrompt ? nil : false)
        writer.bool(ID.continueFinalMessage, continueFinalMessage ? true : nil)
        writer.unsigned(ID.templateTime, templateTime)
        writer.record(ID.context, context)
        writer.record(ID.requirements, requirements)
    }
}

/// Answer to Render.
public struct RenderResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.render

    /// Conversation as the template writes it.
    public var text: String
    /// Token ids that a Generate of the conversation reads.
    public var tokens: [UInt32]
    /// Facts about the template, a `Chat template`.
    public var template: ChatTemplateInfo
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(text: String, tokens: [UInt32], template: ChatTemplateInfo, answer: AnswerRecord) {
        self.text = text
        self.tokens = tokens
        self.template = template
        self.answer = answer
    }

    enum ID: UInt16 { case text = 1, tokens = 2, template = 3, answer = 31 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Render response",
        [
            FieldLayout(ID.text, "text", .text, .required, .size(0, 4_000_000)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .required, .count(0, 1_000_000)),
            FieldLayout(ID.template, "template", .record, .required),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            text: "", tokens: [], template: ChatTemplateInfo(),
            answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .text: text = try value.text()
            case .tokens: tokens = value.unsigneds
            case .template: template = try value.record(ChatTemplateInfo.self)
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.text, text)
        writer.unsigneds(ID.tokens, tokens)
        writer.record(ID.template, template)
        writer.record(ID.answer, answer)
    }
}
