/// The result of a rendering. A value for any thread.
package struct Rendering: Sendable {
    /// The text with the origin of each byte.
    package let text: TemplateText
    /// Steps of work, see `TemplateLimits.stepsMax`. The same input gives the same number.
    package let steps: Int
    /// True if the template asked for the time.
    package let usedTime: Bool

    package init(text: TemplateText, steps: Int, usedTime: Bool) {
        self.text = text
        self.steps = steps
        self.usedTime = usedTime
    }
}
