// The filter `tojson`, as the reference of chat templates has it: Python's `json.dumps` without
// escapes outside ASCII.

/// How JSON is written.
struct JSONStyle {
    var isASCII = false
    /// The white space of one level, or nil for one line.
    var indent: TemplateText?
    var itemSeparator = commaAndSpace
    var keySeparator = colonAndSpace
    var sortsKeys = false

    private static let commaAndSpace: TemplateText = ", "
    private static let colonAndSpace: TemplateText = ": "
}

extension Evaluator {
    mutating func json(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        var builder = TextBuilder()
        try write(json: value, try style(arguments), level: 0, to: &builder)
        return .text(builder.text())
    }

    private mutating func style(_ arguments: CallArguments) throws(TemplateError) -> JSONStyle {
        var style = JSONStyle()
        guard !arguments.isEmpty else { return style }
        let values = try bound(
            arguments, ["ensure_ascii", "indent", "separators", "sort_keys"], "tojson")
        if let flag = values[0] { style.isASCII = try isTrue(flag) }
        if let flag = values[3] { style.sortsKeys = try isTrue(flag) }
        switch values[1] {
        case nil, TemplateValue.none?: break
        case .text(let text)?: style.indent = text
        case let width?:
            guard let width = width.index else { throw error("an indent that is no integer") }
            try check(size: max(width, 0))
            try charge(bytes: max(width, 0))
            style.indent = TemplateText(bytes: [UInt8](repeating: 0x20, count: max(width, 0)))
        }
        if style.indent != nil { style.itemSeparator = "," }
        switch values[2] {
        case nil, TemplateValue.none?: break
        case let pair?:
            let parts = try elements(pair)
            guard parts.count == 2, case .text(let item) = parts[0], case .text(let key) = parts[1]
            else { throw error("separators that are no two texts") }
            style.itemSeparator = item
            style.keySeparator = key
        }
        return style
    }

    private mutating func write(
        json value: TemplateValue, _ style: JSONStyle, level: Int, to builder: inout TextBuilder
    ) throws(TemplateError) {
        try charge(1)
        switch value {
        case .none: builder.append("null")
        case .boolean(let flag): builder.append(flag ? "true" : "false")
        case .integer(let number): builder.append(String(number))
        case .largeInteger(let digits): builder.append(digits)
        case .float(let number): builder.append(Self.json(number))
        case .text(let text): try write(json: text, style, to: &builder)
        case .list(let items), .tuple(let items):
            try write(items.items, style, level: level, to: &builder)
        case .dictionary(let dictionary): try write(dictionary, style, level: level, to: &builder)
        case .undefined, .object: throw error("\(value.typeName) has no JSON")
        }
        try check(size: builder.count)
    }

    private static func json(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return FloatText.text(number)
    }

    private mutating func write(
        _ items: [TemplateValue], _ style: JSONStyle, level: Int, to builder: inout TextBuilder
    ) throws(TemplateError) {
        guard !items.isEmpty else { return builder.append("[]") }
        builder.append("[")
        for (index, item) in items.enumerated() {
            if index > 0 { try write(separator: style.itemSeparator, to: &builder) }
            try newLine(style, level: level + 1, to: &builder)
            try write(json: item, style, level: level + 1, to: &builder)
        }
        try newLine(style, level: level, to: &builder)
        builder.append("]")
    }

    private mutating func write(
        _ dictionary: TemplateDictionary, _ style: JSONStyle, level: Int,
        to builder: inout TextBuilder
    ) throws(TemplateError) {
        guard dictionary.count > 0 else { return builder.append("{}") }
        var order: [Int]?
        if style.sortsKeys {
            order = try sorted(
                Array(0..<dictionary.count), keys: dictionary.keys, isReversed: false)
        }
        builder.append("{")
        for place in 0..<dictionary.count {
            let index = order?[place] ?? place
            if place > 0 { try write(separator: style.itemSeparator, to: &builder) }
            try newLine(style, level: level + 1, to: &builder)
            try write(key: dictionary.keys[index], style, to: &builder)
            try write(separator: style.keySeparator, to: &builder)
            try write(json: dictionary.values[index], style, level: level + 1, to: &builder)
        }
        try newLine(style, level: level, to: &builder)
        builder.append("}")
    }

    private mutating func write(
        separator: TemplateText, to builder: inout TextBuilder
    ) throws(TemplateError) {
        try charge(bytes: separator.count)
        try check(size: builder.count + separator.count)
        builder.append(separator)
    }

    private mutating func newLine(
        _ style: JSONStyle, level: Int, to builder: inout TextBuilder
    ) throws(TemplateError) {
        guard let indent = style.indent else { return }
        let (size, overflow) = indent.count.multipliedReportingOverflow(by: level)
        try check(size: overflow ? Int.max : builder.count + size)
        try charge(bytes: size)
        builder.append("\n")
        for _ in 0..<level { builder.append(indent) }
    }

    private mutating func write(
        key: TemplateValue, _ style: JSONStyle, to builder: inout TextBuilder
    ) throws(TemplateError) {
        let word: String
        switch key {
        case .text(let text): return try write(json: text, style, to: &builder)
        case .none: word = "null"
        case .boolean(let flag): word = flag ? "true" : "false"
        case .integer(let number): word = String(number)
        case .largeInteger(let digits): word = digits.string
        case .float(let number): word = Self.json(number)
        default: throw error("\(key.typeName) is no key of JSON")
        }
        builder.append("\"")
        builder.append(word)
        builder.append("\"")
    }

    // MARK: Texts

    private mutating func write(
        json text: TemplateText, _ style: JSONStyle, to builder: inout TextBuilder
    ) throws(TemplateError) {
        try charge(text.count / 4)
        try check(size: builder.count + text.count)
        builder.append("\"")
        if !style.isASCII, text.withBytes({ $0.allSatisfy(Self.isPlain) }) {
            builder.append(text)
        } else {
            for (scalar, origin) in text.scalarsWithOrigins {
                Self.write(json: scalar, style, to: &builder, origin: origin)
            }
        }
        builder.append("\"")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func write(
        json scalar: UInt32, _ style: JSONStyle, to builder: inout TextBuilder, origin: UInt32
    ) {
        switch scalar {
        case 0x22: builder.append("\\\"", origin: origin)
        case 0x5C: builder.append("\\\\", origin: origin)
        case 0x0A: builder.append("\\n", origin: origin)
        case 0x0D: builder.append("\\r", origin: origin)
        case 0x09: builder.append("\\t", origin: origin)
        case 0x08: builder.append("\\b", origin: origin)
        case 0x0C: builder.append("\\f", origin: origin)
        case 0..<0x20: escape(scalar, to: &builder, origin: origin)
        default:
            guard style.isASCII, scalar > 0x7E else {
                return builder.append(scalar: scalar, origin: origin)
            }
            if scalar > 0xFFFF {
                escape(0xD800 + ((scalar - 0x10000) >> 10), to: &builder, origin: origin)
                escape(0xDC00 + ((scalar - 0x10000) & 0x3FF), to: &builder, origin: origin)
            } else {
                escape(scalar, to: &builder, origin: origin)
            }
        }
    }

    private static func escape(_ unit: UInt32, to builder: inout TextBuilder, origin: UInt32) {
        builder.append("\\u", origin: origin)
        Hexadecimal.digits(unit, 4, to: &builder, origin: origin)
    }
}
