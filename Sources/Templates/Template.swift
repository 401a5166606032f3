// A chat template: read and checked once, rendered any number of times.
//
// Guarantees: whatever the language has beyond the supported constructs (`SupportedConstructs`) is
// refused here by name and line, not at the first request. A rendering sees variables and the time
// handed in, nothing else, and stays within the limits.
// Does not: change a conversation, or choose variables.

/// A checked template. Safe to share between threads.
package final class Template: Sendable {
    /// Facts that show in the text.
    package let facts: TemplateFacts
    package let limits: TemplateLimits
    let program: Program

    /// Reads and checks `source`, UTF-8, with any line ends. Work is linear in the source.
    ///
    /// - Throws: `template_invalid` or `template_unsupported`, with the line.
    package init(
        source: [UInt8], limits: TemplateLimits = .default
    ) throws(TemplateError) {
        var lexer = try Lexer(source, limits: limits)
        var parser = Parser(try lexer.tokens(), limits: limits)
        let body = try parser.template()
        var compiler = Compiler()
        program = try compiler.program(body)
        var facts = compiler.facts
        facts.lineCount = lexer.lineCount
        facts.hasGenerationBlock = parser.hasGenerationBlock
        self.facts = facts
        self.limits = limits
    }

    /// The same for a string.
    package convenience init(
        source: String, limits: TemplateLimits = .default
    ) throws(TemplateError) {
        try self.init(source: Array(source.utf8), limits: limits)
    }

    /// Renders with `variables`. Of equal names the last one counts. Runs on any thread, also on
    /// several at once, with 512 KiB of stack.
    ///
    /// - Throws: `template_raised`, `template_limit`, `template_undefined` or `template_error`.
    package func render(
        variables: [(String, TemplateValue)], now: TemplateTime?
    ) throws(TemplateError) -> Rendering {
        var evaluator = try Evaluator(program, limits: limits, variables: variables, now: now)
        return try evaluator.run()
    }
}
