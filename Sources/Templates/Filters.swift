// Filters that change one value, and the choice of all filters.

extension Evaluator {
    mutating func filter(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch filter {
        case .tojson: return try json(value, arguments)
        case .trim: return try trim(value, arguments)
        case .length:
            try nothing(arguments, "length")
            return .integer(try length(value))
        case .default: return try defaulted(value, arguments)
        case .string, .safe, .escape: return try textKind(filter, value, arguments)
        case .upper, .lower, .capitalize, .title: return try cased(filter, value, arguments)
        case .replace: return try replaced(value, arguments)
        case .indent: return try indented(value, arguments)
        case .join: return try joined(value, arguments)
        case .int: return try integer(value, arguments)
        case .float: return try float(value, arguments)
        case .abs: return try absolute(value, arguments)
        default: return try sequenceFilter(filter, value, arguments)
        }
    }

    func nothing(_ arguments: CallArguments, _ name: String) throws(TemplateError) {
        guard arguments.isEmpty else { throw error("\"\(name)\" takes no arguments") }
    }

    private mutating func trim(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let characters = arguments.isEmpty ? nil : try bound(arguments, ["chars"], "trim")[0]
        return .text(try stripped(try text(value), characters, .both))
    }

    /// The number of elements or characters.
    mutating func length(_ value: TemplateValue) throws(TemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .text(let text): return try characterCount(text)
        case .list(let items), .tuple(let items): return items.count
        case .dictionary(let dictionary): return dictionary.count
        case .object(.range(let range)): return range.count
        case .object(.view(_, let dictionary)): return dictionary.count
        case .object(.loop(let loop)): return try elementCount(loop)
        default: throw error("\(value.typeName) has no length")
        }
    }

    private mutating func defaulted(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["default_value", "boolean"], "default")
        let alsoFalse = try values[1].map { (flag) throws(TemplateError) in try isTrue(flag) }
        if case .undefined = value { return values[0] ?? .text(TemplateText.empty) }
        if alsoFalse == true, try !isTrue(value) { return values[0] ?? .text(TemplateText.empty) }
        return value
    }

    private mutating func textKind(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try nothing(arguments, filter.rawValue)
        var text = try text(value)
        switch filter {
        case .safe: text.isMarked = true
        case .escape: text = text.isMarked ? text : try escaped(text)
        default: break
        }
        return .text(text)
    }

    private mutating func cased(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try nothing(arguments, filter.rawValue)
        let text = try text(value)
        try charge(text.count)
        switch filter {
        case .upper: return .text(CaseMapping.upper(text))
        case .lower: return .text(CaseMapping.lower(text))
        case .capitalize: return .text(CaseMapping.capitalised(text))
        default: return .text(CaseMapping.wordsTitled(text))
        }
    }

    private mutating func replaced(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["old", "new", "count"], required: 2, "replace")
        let count = try countMax(values[2])
        let old = try text(values[0] ?? .undefined)
        let new = try text(values[1] ?? .undefined)
        return .text(try replace(try text(value).unmarked, old, new, countMax: count))
    }

    /// A count where negative numbers and none mean no bound.
    func countMax(_ value: TemplateValue?) throws(TemplateError) -> Int {
        switch value {
        case nil, TemplateValue.none?: return -1
        case let count?:
            guard let count = count.index else { throw error("a count that is no integer") }
            return count
        }
    }

    private mutating func indented(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["width", "first", "blank"], "indent")
        let indent: TemplateText
        switch values[0] {
        case nil: indent = "    "
        case .text(let text)?: indent = text
        case let count?:
            guard let count = count.index else { throw error("an indent that is no integer") }
            try check(size: max(count, 0))
            try charge(bytes: max(count, 0))
            indent = TemplateText(bytes: [UInt8](repeating: 0x20, count: max(count, 0)))
        }
        if case .undefined(let reason) = value { throw undefined(reason) }
        guard case .text(let text) = value else { throw error("indent of \(value.typeName)") }
        try charge(text.count)
        let isFirst = try values[1].map { (flag) throws(TemplateError) in try isTrue(flag) }
        let isBlank = try values[2].map { (flag) throws(TemplateError) in try isTrue(flag) }
        let lines = text.lines() + (text.endsLine ? [TemplateText.empty] : [])
        try check(size: text.count + lines.count * (indent.count + 1))
        try charge(bytes: lines.count * (indent.count + 1))
        var builder = TextBuilder()
        if isFirst == true { builder.append(indent) }
        for (index, line) in lines.enumerated() {
            if index > 0 {
                builder.append("\n")
                if isBlank == true || !line.isEmpty { builder.append(indent) }
            }
            builder.append(line)
        }
        return .text(builder.text(isMarked: text.isMarked))
    }

    private mutating func joined(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["d", "attribute"], "join")
        let separator = try values[0].map { (value) throws(TemplateError) in
            try text(value)
        }
        let path = try path(values[1])
        let items = try elements(value)
        try charge(items.count)
        var builder = TextBuilder()
        for (index, item) in items.enumerated() {
            if index > 0, let separator {
                try charge(bytes: separator.count)
                try check(size: builder.count + separator.count)
                builder.append(separator)
            }
            try write(try follow(path, from: item), to: &builder)
        }
        return .text(builder.text())
    }
}

extension TemplateText {
    /// True for the empty text and for a text with a line end at its end: splitting into lines
    /// leaves out an empty last line.
    var endsLine: Bool {
        guard !isEmpty else { return true }
        var last = Int(end) - 1
        while storage.bytes[last] & 0xC0 == 0x80 { last -= 1 }
        switch Characters.scalar(storage.bytes, last) {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: return true
        default: return false
        }
    }
}
