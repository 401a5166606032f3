// What probe conversations have shown about a template, for the report and for callers.

/// See the head of the file. A value for any thread.
public struct ChatTemplateAbilities: Sendable, Equatable {
    /// Reasoning before an answer.
    public enum Thinking: String, Sendable, CaseIterable { case none, optional, always }

    /// The text of a system message arrives.
    public internal(set) var takesSystem = false
    /// The definition of a tool arrives.
    public internal(set) var takesTools = false
    /// Past calls arrive.
    public internal(set) var writesCalls = false
    /// Results of tools arrive.
    public internal(set) var takesToolResults = false
    /// Most calls of one turn, or nil for any number.
    public internal(set) var callCountMax: Int?
    /// The template asks for the time.
    public internal(set) var readsTime = false
    /// An answer begins inside a thought.
    public internal(set) var opensThought = false
    /// What the template writes behind an answer.
    public internal(set) var turnEnd: [UInt8] = []
    /// The refusal of a conversation of one user message, in any form, or nil.
    public internal(set) var failure: ConversationError?

    init() {}
}

extension ChatTemplate {
    /// Names of the caller's variables that the template reads, sorted.
    public var variables: [String] { template.facts.variables }

    /// Reasoning: chosen by a variable, always, or not foreseen.
    public var thinking: ChatTemplateAbilities.Thinking {
        let names = ["enable_thinking", "reasoning_effort", "thinking", "thinking_budget"]
        if names.contains(where: variables.contains) { return .optional }
        return abilities.opensThought ? .always : .none
    }
}
