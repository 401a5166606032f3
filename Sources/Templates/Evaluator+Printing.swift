// Values as text: what `{{ }}` prints, and Python's `repr` inside lists and dictionaries.

extension Evaluator {
    /// The text of a value, as `{{ }}` prints it. A text stays as it is, marks too.
    mutating func text(_ value: TemplateValue) throws(TemplateError) -> TemplateText {
        if case .text(let text) = value { return text }
        var builder = TextBuilder()
        try write(value, to: &builder)
        return builder.text()
    }

    /// Appends the text of a value.
    mutating func write(
        _ value: TemplateValue, to builder: inout TextBuilder
    ) throws(TemplateError) {
        switch value {
        case .text(let text):
            try charge(bytes: text.count)
            try check(size: builder.count + text.count)
            builder.append(text)
        case .undefined: break
        default: try represent(value, to: &builder)
        }
    }

    /// Appends what Python's `repr` gives.
    private mutating func represent(
        _ value: TemplateValue, to builder: inout TextBuilder
    ) throws(TemplateError) {
        try charge(1)
        try check(size: builder.count)
        switch value {
        case .undefined: builder.append("Undefined")
        case .none: builder.append("None")
        case .boolean(let flag): builder.append(flag ? "True" : "False")
        case .integer(let number): builder.append(String(number))
        case .largeInteger(let digits): builder.append(digits)
        case .float(let number): builder.append(FloatText.text(number))
        case .text(let text): try represent(text, to: &builder)
        case .list(let items): try represent(items.items, "[", "]", to: &builder)
        case .tuple(let items):
            try represent(items.items, "(", items.count == 1 ? ",)" : ")", to: &builder)
        case .dictionary(let dictionary): try represent(dictionary, to: &builder)
        case .object(let object): try represent(object, to: &builder)
        }
    }

    private mutating func represent(
        _ items: [TemplateValue], _ open: StaticString, _ close: StaticString,
        to builder: inout TextBuilder
    ) throws(TemplateError) {
        builder.append(open)
        for (index, item) in items.enumerated() {
            if index > 0 { builder.append(", ") }
            try represent(item, to: &builder)
        }
        builder.append(close)
    }

    private mutating func represent(
        _ dictionary: TemplateDictionary, to builder: inout TextBuilder
    ) throws(TemplateError) {
        builder.append("{")
        for index in 0..<dictionary.count {
            if index > 0 { builder.append(", ") }
            try represent(dictionary.keys[index], to: &builder)
            builder.append(": ")
            try represent(dictionary.values[index], to: &builder)
        }
        builder.append("}")
    }

    private mutating func represent(
        _ object: TemplateObject, to builder: inout TextBuilder
    ) throws(TemplateError) {
        switch object {
        case .range(let range):
            builder.append("range(\(range.start), \(range.stop)")
            builder.append(range.step == 1 ? ")" : ", \(range.step))")
        case .view(let view, let dictionary):
            builder.append("dict_\(view)([")
            for (index, item) in dictionary.elements(view).enumerated() {
                if index > 0 { builder.append(", ") }
                try represent(item, to: &builder)
            }
            builder.append("])")
        case .macro(let function, _):
            builder.append("<Macro ")
            try represent(TemplateText(program.functions[function].name), to: &builder)
            builder.append(">")
        case .loop(let loop):
            let count = try elementCount(loop)
            builder.append("<LoopContext \(loops[loop].index + 1)/\(count)>")
        case .namespace(let number):
            // A namespace may hold itself, and the reference would print for ever.
            let namespace = namespaces[number].dictionary
            guard !namespace.values.contains(where: \.holdsObject) else {
                throw error("a namespace with objects cannot be printed")
            }
            builder.append("<Namespace ")
            try represent(namespace, to: &builder)
            builder.append(">")
        case .generator, .function, .method:
            throw error("\(TemplateValue.object(object).typeName) cannot be printed")
        }
    }

    /// Appends a text with quotation marks and escapes.
    private mutating func represent(
        _ text: TemplateText, to builder: inout TextBuilder
    ) throws(TemplateError) {
        try charge(text.count / 2)
        try check(size: builder.count + text.count)
        let hasSingle = text.utf8.contains(UInt8(ascii: "'"))
        let quote =
            hasSingle && !text.utf8.contains(UInt8(ascii: "\""))
            ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        if text.isMarked { builder.append("Markup(") }
        builder.append(byte: quote, origin: 0)
        for (scalar, origin) in text.scalarsWithOrigins {
            switch scalar {
            case UInt32(quote), 0x5C:
                builder.append("\\", origin: origin)
                builder.append(scalar: scalar, origin: origin)
            case 0x09: builder.append("\\t", origin: origin)
            case 0x0A: builder.append("\\n", origin: origin)
            case 0x0D: builder.append("\\r", origin: origin)
            default:
                if Characters.isPrintable(scalar) {
                    builder.append(scalar: scalar, origin: origin)
                } else {
                    Hexadecimal.escape(scalar, to: &builder, origin: origin)
                }
            }
        }
        builder.append(byte: quote, origin: 0)
        if text.isMarked { builder.append(")") }
    }
}

/// Escapes with hexadecimal digits in lower case.
enum Hexadecimal {
    /// `\xHH`, `\uHHHH` or `\UHHHHHHHH`, whichever fits first.
    static func escape(_ scalar: UInt32, to builder: inout TextBuilder, origin: UInt32) {
        if scalar < 0x100 {
            builder.append("\\x", origin: origin)
            digits(scalar, 2, to: &builder, origin: origin)
        } else if scalar < 0x10000 {
            builder.append("\\u", origin: origin)
            digits(scalar, 4, to: &builder, origin: origin)
        } else {
            builder.append("\\U", origin: origin)
            digits(scalar, 8, to: &builder, origin: origin)
        }
    }

    static func digits(
        _ value: UInt32, _ count: Int, to builder: inout TextBuilder, origin: UInt32
    ) {
        for place in stride(from: count - 1, through: 0, by: -1) {
            let digit = UInt8(value >> UInt32(place * 4) & 0xF)
            builder.append(byte: digit < 10 ? 0x30 + digit : 0x57 + digit, origin: origin)
        }
    }
}

extension TemplateValue {
    /// True if a rendering's own object is inside.
    var holdsObject: Bool {
        switch self {
        case .object: true
        case .list(let items), .tuple(let items): items.contains(where: \.holdsObject)
        case .dictionary(let dictionary): dictionary.values.contains(where: \.holdsObject)
        default: false
        }
    }
}
