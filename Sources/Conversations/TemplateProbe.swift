// What a template does, found by rendering conversations of our own.
//
// A template is a program, so its text does not tell what it does with a system text or in which
// form it wants a call. Probe conversations do. Each word of a probe is marked like a caller's, and
// a probe succeeds when the marks arrive.
//
// Guarantees: deterministic. A template that fails every probe gives the usual forms and the error
// of the simplest probe.

import Templates

/// See the head of the file.
struct TemplateProbe {
    private let template: Template
    private let specialVariables: [(String, TemplateValue)]
    private(set) var forms = MessageForms.usual
    private(set) var abilities = ChatTemplateAbilities()
    /// True for a template that fails without tools: then every probe has them.
    private var needsTools = false

    init(_ template: Template, _ specialVariables: [(String, TemplateValue)]) {
        self.template = template
        self.specialVariables = specialVariables
        probeContent()
        if abilities.failure != nil {
            needsTools = true
            probeContent()
        }
        probeSystem()
        probeTools()
        probeAnswer()
    }

    // MARK: - Conversations

    private static let question = ConversationMessage(.user, "Which way is north?")
    private static let answer = ConversationMessage(.assistant, "Up the hill.")
    private static let tools = """
        [{"type":"function","function":{"name":"compass","description":"Says a direction.",\
        "parameters":{"type":"object","properties":{"place":{"type":"string",\
        "description":"Where to stand."}},"required":["place"]}}}]
        """

    /// A question, calls with their results, and no answer yet.
    private static func calling(_ count: Int) -> ChatConversation {
        var turn = ConversationMessage(role: .assistant, content: .absent)
        var messages = [question]
        var results: [ConversationMessage] = []
        // Some templates take ids of nine letters or digits only.
        for (id, place) in [("call00001", "mill"), ("call00002", "barn")].prefix(count) {
            turn.toolCalls.append(
                .init(id: id, name: "compass", arguments: "{\"place\":\"\(place)\"}"))
            var result = ConversationMessage(.tool, "Left of the \(place).")
            result.toolCallID = id
            result.name = "compass"
            results.append(result)
        }
        messages.append(turn)
        return withTools(messages + results)
    }

    private static func withTools(_ messages: [ConversationMessage]) -> ChatConversation {
        var conversation = ChatConversation(messages)
        do throws(ConversationError) {
            try conversation.setTools(tools)
        } catch {
            preconditionFailure("the tools of the probes: \(error)")
        }
        return conversation
    }

    private func conversation(_ messages: ConversationMessage...) -> ChatConversation {
        needsTools ? Self.withTools(messages) : ChatConversation(messages)
    }

    // MARK: - Probes

    /// The rendered text and its marks, or the refusal.
    private func render(
        _ conversation: ChatConversation, _ forms: MessageForms
    ) -> Result<(text: TemplateText, marked: MarkedConversation, usesTime: Bool), ConversationError>
    {
        do throws(ConversationError) {
            let marked = try MarkedConversation(conversation, forms)
            // 2026-01-02: a time of the probe's own, so that the result is the same every day.
            let rendering = try ChatTemplate.render(
                template, marked, conversation, specialVariables, at: 1_767_312_000)
            return .success((rendering.text, marked, rendering.usedTime))
        } catch {
            return .failure(error)
        }
    }

    private mutating func probeContent() {
        abilities.failure = nil
        let conversation = conversation(Self.question)
        var found: [MessageForms.Content: [UInt8]] = [:]
        for form in MessageForms.Content.allCases {
            var forms = MessageForms.usual
            forms.content = [form]
            switch render(conversation, forms) {
            case .success(let result):
                abilities.readsTime = abilities.readsTime || result.usesTime
                if result.text.string.contains("Which way is north?"),
                    !result.text.string.contains("'type'")
                {
                    found[form] = Array(result.text.utf8)
                }
            case .failure(let error):
                if form == .text { abilities.failure = error }
            }
        }
        guard let text = found[.text] else {
            if found[.parts] != nil {
                forms.content = [.parts]
                abilities.failure = nil
            }
            return
        }
        forms.content = found[.parts] == text ? [.text, .parts] : [.text]
    }

    private mutating func probeSystem() {
        let system = ConversationMessage(.system, "Answer in two words.")
        guard
            case .success(let result) = render(conversation(system, Self.question), forms)
        else { return }
        abilities.takesSystem = result.marked.arrives(.content(0), in: result.text)
    }

    /// Tries the forms of calls until all words of both calls arrive, then with a single call.
    private mutating func probeTools() {
        if case .success(let result) = render(Self.withTools([Self.question]), forms) {
            abilities.takesTools = result.marked.arrives(.tool(0), in: result.text)
        }
        for count in [2, 1] {
            var best: (forms: MessageForms, score: Int)?
            for arguments in MessageForms.Arguments.allCases {
                for empty in MessageForms.EmptyContent.allCases {
                    var candidate = forms
                    candidate.arguments = arguments
                    candidate.emptyContent = empty
                    guard case .success(let result) = render(Self.calling(count), candidate) else {
                        continue
                    }
                    let score = (0..<count).reduce(0) { sum, call in
                        let name = MarkedConversation.Use.callName(message: 1, call: call)
                        let use = MarkedConversation.Use.callArguments(message: 1, call: call)
                        guard result.marked.arrives(name, in: result.text),
                            result.marked.arrives(use, in: result.text)
                        else { return sum }
                        return sum + 1
                    }
                    if result.marked.arrives(.content(2), in: result.text) {
                        abilities.takesToolResults = true
                    }
                    if score > best?.score ?? 0 { best = (candidate, score) }
                }
            }
            if let best {
                forms = best.forms
                abilities.callCountMax = best.score == 1 ? 1 : nil
                abilities.writesCalls = true
                return
            }
        }
        // No form writes a past call. Requests with calls are refused when they are rendered.
        forms.arguments = nil
    }

    /// Looks at what stands behind an answer, and at how an answer begins.
    private mutating func probeAnswer() {
        var closed = conversation(Self.question, Self.answer)
        closed.addsGenerationPrompt = false
        if case .success(let result) = render(closed, forms),
            let end = result.marked.end(of: .content(1), in: result.text)
        {
            abilities.turnEnd = Array(result.text.utf8.dropFirst(end))
        }
        if case .success(let result) = render(conversation(Self.question), forms),
            let end = result.marked.end(of: .content(0), in: result.text)
        {
            let opening = String(decoding: result.text.utf8.dropFirst(end), as: UTF8.self)
            abilities.opensThought = opening.hasSuffix("<think>") || opening.hasSuffix("<think>\n")
        }
    }
}

extension MarkedConversation {
    /// True if a visible byte of the words arrives.
    func arrives(_ use: Use, in text: TemplateText) -> Bool {
        text.runs.contains { run in
            run.origin > 0 && uses[Int(run.origin) - 1] == use && text.isVisible(run.range)
        }
    }

    /// The position behind the last byte of the words, or nil.
    func end(of use: Use, in text: TemplateText) -> Int? {
        text.runs.last { $0.origin > 0 && uses[Int($0.origin) - 1] == use }?.range.upperBound
    }
}
