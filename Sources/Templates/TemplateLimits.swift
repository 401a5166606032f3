// The bounds of reading and rendering a template.
//
// A template comes with a model file and is untrusted. Every bound counts work or size, never time,
// so the same input gives the same result on every machine.

/// Bounds of a template. The defaults leave known templates a factor of ten or more.
package struct TemplateLimits: Sendable, Equatable {
    // MARK: Reading

    /// Bytes of source. Known templates stay below 19 kB.
    package var sourceSizeMax = 256 << 10
    /// Tokens of source. Known templates stay below 6000.
    package var tokenCountMax = 40_000
    /// Statements, brackets and operators inside each other. Known templates stay below 30.
    package var nestingDepthMax = 64
    /// Bytes of a text literal.
    package var literalSizeMax = 64 << 10

    // MARK: Rendering

    /// Steps of a rendering without input. A step is an instruction, or 16 bytes touched.
    package var stepsMax = 100_000
    /// Further steps for each byte of the variables.
    package var stepsPerInputByteMax = 64
    /// Bytes of the result, and of any text on the way.
    package var textSizeMax = 32 << 20
    /// Elements of a list.
    package var listCountMax = 1 << 20
    /// Numbers in a `range`, as in the reference.
    package var rangeCountMax = 100_000
    /// Macro calls inside each other. Known templates reach 11.
    package var callDepthMax = 100
    /// Conditions of `for … if` that are asked inside each other. Known templates reach 1.
    package var conditionDepthMax = 20
    /// Lists and dictionaries inside each other, where a value is written or compared.
    package var valueDepthMax = 100

    /// The defaults of each field.
    package static let `default` = TemplateLimits()
    /// Starts from the defaults.
    package init() {}
}
