// The forms in which a template wants what JSON can say in several ways.
//
// Templates disagree: arguments of a call come as an object or as JSON text, an answer that only
// calls has content '', null or none, content is a text or a list of parts. No fixed choice fits
// them all, so the choice is made for each template by probe conversations (`TemplateProbe`).

/// Choices for one template. A value for any thread.
public struct MessageForms: Sendable, Equatable {
    /// Form of a call's arguments.
    public enum Arguments: String, Sendable, CaseIterable { case object, text }
    /// Form of the content of a turn that only calls tools.
    public enum EmptyContent: String, Sendable, CaseIterable { case empty, absent, null }
    /// Form of a content.
    public enum Content: String, Sendable, CaseIterable { case text, parts }

    /// Nil when the template writes no past calls in any form.
    public var arguments: Arguments?
    /// Content of a turn that only calls tools.
    public var emptyContent = EmptyContent.empty
    /// Forms that give the same words. Empty when every probe fails.
    public var content: [Content] = [.text]

    /// The forms that most templates take.
    static let usual = MessageForms(arguments: .object)
}
