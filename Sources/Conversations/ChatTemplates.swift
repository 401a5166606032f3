// The templates of a model, from their texts to the one that renders a conversation.
//
//     ChatTemplateSources --CheckedTemplates--> language checked --probed()--> ChatTemplates
//     place and text                                              in their forms

import Templates

/// A template in the supported language.
struct CheckedTemplate: Sendable {
    let source: ChatTemplateSource
    let template: Template

    init(_ source: ChatTemplateSource) throws(ChatTemplateRefusal) {
        self.source = source
        do throws(TemplateError) {
            template = try Template(source: source.text)
        } catch {
            throw ChatTemplateRefusal(place: source.place, error)
        }
    }
}

/// A template outside the supported language. A value for any thread.
public struct ChatTemplateRefusal: Error, Sendable, Equatable {
    /// File or key.
    public let place: String
    /// True for a construct outside the supported language, false for a text that is no template.
    public let isUnsupported: Bool
    /// The sentence, without the line.
    public let found: String
    /// The line of the template from 1, or 0 where no line is known.
    public let line: Int

    init(place: String, _ error: TemplateError) {
        self.place = place
        isUnsupported = error.code == .unsupported
        found = error.message
        line = error.line
    }
}

/// Templates whose language is checked, before any conversation was rendered. A value for any
/// thread.
public struct CheckedTemplates: Sendable {
    private let standard: CheckedTemplate?
    private let toolUse: CheckedTemplate?
    /// Names and texts of the model's special tokens.
    private let specialTokens: [SpecialTokenText]

    /// Reads every template that a request may use.
    ///
    /// - Throws: the first template's refusal.
    public init(
        _ sources: ChatTemplateSources, specialTokens: [SpecialTokenText]
    ) throws(ChatTemplateRefusal) {
        standard = try sources.standard.map(CheckedTemplate.init)
        toolUse = try sources.toolUse.map(CheckedTemplate.init)
        self.specialTokens = specialTokens
    }

    /// Renders the probe conversations of every template.
    public func probed() -> ChatTemplates {
        ChatTemplates(
            standard: standard.map { ChatTemplate($0, specialTokens: specialTokens) },
            toolUse: toolUse.map { ChatTemplate($0, specialTokens: specialTokens) })
    }
}

/// The templates of a model, ready to render. A value for any thread.
public struct ChatTemplates: Sendable {
    /// The template of conversations, or nil.
    public let standard: ChatTemplate?
    /// The template of conversations with tools, where the model has one of its own.
    public let toolUse: ChatTemplate?

    init(standard: ChatTemplate?, toolUse: ChatTemplate?) {
        self.standard = standard
        self.toolUse = toolUse
    }

    /// No templates.
    public static let none = ChatTemplates(standard: nil, toolUse: nil)

    /// Returns the template that renders `conversation`, as the reference chooses, or nil when the
    /// model has none for it.
    package func template(for conversation: ChatConversation) -> ChatTemplate? {
        conversation.tools == nil ? standard : toolUse ?? standard
    }
}
