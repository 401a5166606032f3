// Steps, sizes and errors of a rendering.

extension Evaluator {
    mutating func charge(_ steps: Int) throws(TemplateError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else { throw tooManySteps() }
    }

    /// Charges for touching `bytes` bytes.
    mutating func charge(bytes: Int) throws(TemplateError) { try charge(bytes >> 4) }

    /// Charges for touching `count` elements of a list.
    mutating func charge(elements count: Int) throws(TemplateError) { try charge(count) }

    func check(size: Int) throws(TemplateError) {
        guard size <= limits.textSizeMax else {
            throw TemplateError(.limit, "a text of more than \(limits.textSizeMax) bytes")
        }
    }

    func check(listCount count: Int) throws(TemplateError) {
        guard count <= limits.listCountMax else {
            throw TemplateError(.limit, "a list of more than \(limits.listCountMax) elements")
        }
    }

    /// Checks the bounds of a list, a tuple or a dictionary that was made, and returns it.
    func checked(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        guard value.depth <= limits.valueDepthMax else {
            throw TemplateError(.limit, "a value deeper than \(limits.valueDepthMax)")
        }
        if case .list(let items) = value { try check(listCount: items.count) }
        return value
    }

    func tooManySteps() -> TemplateError {
        TemplateError(.limit, "more than \(stepsTotal) steps")
    }

    // MARK: Errors

    func error(_ sentence: String) -> TemplateError { TemplateError(.error, sentence) }

    /// The error of using an undefined value.
    func undefined(_ reason: TemplateUndefined) -> TemplateError {
        if reason.isDenied {
            return error("the attribute \"\(name(reason) ?? "?")\" would change a value")
        }
        guard let name = name(reason) else {
            return TemplateError(.undefined, "the value is undefined")
        }
        return TemplateError(.undefined, "'\(name)' is undefined")
    }

    private func name(_ reason: TemplateUndefined) -> String? {
        if reason.name >= 0 { return program.names[Int(reason.name)].string }
        return reason.name <= -3 ? program.variables[Int(-3 - reason.name)] : nil
    }
}
