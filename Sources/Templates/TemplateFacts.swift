// The names that a template reads, known without rendering.

/// Properties of a template that show in its text. A value for any thread.
package struct TemplateFacts: Sendable, Equatable {
    /// Names that are read from the caller's variables, sorted. Functions of the language that the
    /// template calls (`raise_exception`, `namespace`) are not among them.
    package internal(set) var variables: [String] = []
    /// Constant keys and attributes that are read of any value, sorted: `role`, `content`.
    package internal(set) var keys: [String] = []
    /// Functions of the language that are called, sorted.
    package internal(set) var functions: [String] = []
    /// Names of macros, sorted.
    package internal(set) var macros: [String] = []
    /// True if a `generation` block is there.
    package internal(set) var hasGenerationBlock = false
    /// Lines of source.
    package internal(set) var lineCount = 0

    package var readsTools: Bool { variables.contains("tools") }
    package var readsTime: Bool { functions.contains("strftime_now") }
}
