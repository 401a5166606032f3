// Methods of texts and dictionaries.

extension Evaluator {
    mutating func method(
        _ method: Method, of receiver: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch receiver {
        case .text(let text): try textMethod(method, text, arguments)
        case .dictionary(let dictionary): try dictionaryMethod(method, dictionary, arguments)
        default: preconditionFailure("no methods of \(receiver.typeName)")
        }
    }

    private mutating func dictionaryMethod(
        _ method: Method, _ dictionary: TemplateDictionary, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard method == .get else {
            try nothing(arguments, method.rawValue)
            return .object(
                .view(method == .keys ? .keys : method == .values ? .values : .items, dictionary))
        }
        guard arguments.keywords.isEmpty, (1...2).contains(arguments.positional.count) else {
            throw error("\"get\" needs a key, and takes a default")
        }
        let key = try key(arguments.positional[0])
        if let position = dictionary.position(of: key) { return dictionary.values[position] }
        return arguments.positional.count == 2 ? arguments.positional[1] : .none
    }

    private mutating func textMethod(
        _ method: Method, _ text: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch method {
        case .split: return try split(text, arguments)
        case .strip: return .text(try strip(text, arguments, .both))
        case .lstrip: return .text(try strip(text, arguments, .left))
        case .rstrip: return .text(try strip(text, arguments, .right))
        case .startswith, .endswith: return .boolean(try affix(method, text, arguments))
        case .replace: return try replacing(text, arguments)
        case .format: return .text(try format(text, arguments))
        case .join: return try joining(text, arguments)
        default: break
        }
        try nothing(arguments, method.rawValue)
        try charge(text.count)
        switch method {
        case .upper: return .text(CaseMapping.upper(text))
        case .lower: return .text(CaseMapping.lower(text))
        case .title: return .text(CaseMapping.titled(text))
        case .capitalize: return .text(CaseMapping.capitalised(text))
        default: preconditionFailure("no method of texts: \(method)")
        }
    }

    private mutating func split(
        _ text: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["sep", "maxsplit"], "split")
        if case TemplateValue.none? = values[1] { throw error("\"split\" with a count of none") }
        let countMax = try countMax(values[1])
        try charge(bytes: text.count * 2)
        let parts: [TemplateText]
        switch values[0] {
        case nil, TemplateValue.none?: parts = text.splitAtSpace(countMax: countMax)
        case .text(let separator)?:
            guard !separator.isEmpty else { throw error("\"split\" at the empty text") }
            parts = text.split(at: separator, countMax: countMax)
        case let other?: throw error("\"split\" at \(other.typeName)")
        }
        try charge(parts.count)
        try check(listCount: parts.count)
        return .list(parts.map { .text($0) })
    }

    private mutating func strip(
        _ text: TemplateText, _ arguments: CallArguments, _ sides: TemplateText.Sides
    ) throws(TemplateError) -> TemplateText {
        guard !arguments.isEmpty else { return try stripped(text, nil, sides) }
        guard arguments.keywords.isEmpty, arguments.positional.count == 1 else {
            throw error("\"strip\" takes one text")
        }
        return try stripped(text, arguments.positional[0], sides)
    }

    /// Takes white space, or the characters of a text, from the ends.
    mutating func stripped(
        _ text: TemplateText, _ characters: TemplateValue?, _ sides: TemplateText.Sides
    ) throws(TemplateError) -> TemplateText {
        switch characters {
        case nil, TemplateValue.none?:
            let result = text.strippedOfSpace(sides)
            try charge(bytes: text.count - result.count)
            return result
        case .text(let set)?:
            try charge(set.count)
            let result = text.stripped(of: Set(set.scalarsWithOrigins.map(\.scalar)), sides)
            try charge((text.count - result.count) / 2)
            return result
        case let other?: throw error("\"strip\" of \(other.typeName)")
        }
    }

    private mutating func affix(
        _ method: Method, _ text: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> Bool {
        guard arguments.keywords.isEmpty, arguments.positional.count == 1 else {
            throw error("\"\(method.rawValue)\" with other arguments than one is not supported")
        }
        var candidates = [arguments.positional[0]]
        if case .tuple(let items) = candidates[0] { candidates = items.items }
        for candidate in candidates {
            guard case .text(let part) = candidate else {
                throw error("\"\(method.rawValue)\" of \(candidate.typeName)")
            }
            try charge(1)
            try charge(bytes: part.count)
            if method == .startswith ? text.hasPrefix(part) : text.hasSuffix(part) { return true }
        }
        return false
    }

    // MARK: Replacing

    private mutating func replacing(
        _ text: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard arguments.keywords.isEmpty, (2...3).contains(arguments.positional.count),
            case .text(let old) = arguments.positional[0],
            case .text(var new) = arguments.positional[1]
        else { throw error("\"replace\" needs two texts, and takes a count") }
        var count = -1
        if arguments.positional.count == 3 {
            guard let number = arguments.positional[2].index else {
                throw error("a count that is no integer")
            }
            count = number
        }
        if text.isMarked, !new.isMarked { new = try escaped(new) }
        return .text(try replace(text, old, new, countMax: count))
    }

    /// Replaces at most `countMax` times, or everywhere if that is negative. Keeps the mark.
    mutating func replace(
        _ text: TemplateText, _ old: TemplateText, _ new: TemplateText, countMax: Int
    ) throws(TemplateError) -> TemplateText {
        try charge(bytes: text.count)
        var builder = TextBuilder()
        if old.isEmpty {
            try insert(new, into: text, countMax: countMax, &builder)
            return builder.text(isMarked: text.isMarked)
        }
        var start = 0
        var count = 0
        while countMax < 0 || count < countMax, let found = text.firstOffset(of: old, from: start) {
            try charge(1)
            try charge(bytes: new.count)
            try check(size: builder.count + found - start + new.count)
            builder.append(text.slice(start..<found))
            builder.append(new)
            start = found + old.count
            count += 1
        }
        guard count > 0 else { return text }
        try check(size: builder.count + text.count - start)
        builder.append(text.slice(start..<text.count))
        return builder.text(isMarked: text.isMarked)
    }

    /// Inserts a text before each character and at the end.
    private mutating func insert(
        _ new: TemplateText, into text: TemplateText, countMax: Int, _ builder: inout TextBuilder
    ) throws(TemplateError) {
        var offset = 0
        var count = 0
        while offset <= text.count {
            if countMax < 0 || count < countMax {
                try charge(1)
                try charge(bytes: new.count)
                try check(size: builder.count + new.count)
                builder.append(new)
                count += 1
            }
            guard offset < text.count else { break }
            let size = Characters.size(text.storage.bytes[Int(text.start) + offset])
            try charge(1)
            builder.append(text.slice(offset..<offset + size))
            offset += size
        }
    }

    // MARK: Joining and formatting

    private mutating func joining(
        _ separator: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard arguments.keywords.isEmpty, arguments.positional.count == 1 else {
            throw error("\"join\" takes one list")
        }
        let items = try elements(arguments.positional[0])
        try charge(items.count)
        var builder = TextBuilder()
        for (index, item) in items.enumerated() {
            if index > 0 { try write(.text(separator), to: &builder) }
            if separator.isMarked {
                let text = try text(item)
                try write(.text(text.isMarked ? text : try escaped(text)), to: &builder)
                continue
            }
            guard case .text = item else { throw error("\"join\" of \(item.typeName)") }
            try write(item, to: &builder)
        }
        return .text(builder.text(isMarked: separator.isMarked))
    }

    /// `{}`, `{0}` and `{name}` in a text.
    private mutating func format(
        _ text: TemplateText, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateText {
        try charge(text.count)
        var builder = TextBuilder()
        var position = 0
        var nextIndex = 0
        let bytes = Array(text.utf8)
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
                var end = position
                while end < bytes.count, bytes[end] != UInt8(ascii: "{"),
                    bytes[end] != UInt8(ascii: "}")
                {
                    end += 1
                }
                builder.append(text.slice(position..<end))
                position = end
                continue
            }
            if position + 1 < bytes.count, bytes[position + 1] == byte {
                builder.append(text.slice(position..<position + 1))
                position += 2
                continue
            }
            guard byte == UInt8(ascii: "{"),
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "}"))
            else { throw error("\"format\" with a single bracket") }
            let field = text.slice(position + 1..<end)
            let value = try self.field(field, &nextIndex, arguments)
            var part = try self.text(value)
            if text.isMarked, !part.isMarked { part = try escaped(part) }
            try write(.text(part), to: &builder)
            position = end + 1
        }
        return builder.text(isMarked: text.isMarked)
    }

    private func field(
        _ field: TemplateText, _ nextIndex: inout Int, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        if field.isEmpty {
            guard nextIndex >= 0 else { throw error("\"format\" mixes two ways of numbering") }
            nextIndex += 1
            guard nextIndex <= arguments.positional.count else {
                throw error("\"format\" with too few arguments")
            }
            return arguments.positional[nextIndex - 1]
        }
        if field.utf8.allSatisfy(Characters.isDigit) {
            guard nextIndex <= 0 else { throw error("\"format\" mixes two ways of numbering") }
            nextIndex = -1
            guard let index = Int(field.string), index < arguments.positional.count else {
                throw error("\"format\" with too few arguments")
            }
            return arguments.positional[index]
        }
        guard field.utf8.allSatisfy(Characters.isNamePart) else {
            throw error("a format that is not supported")
        }
        for (name, value) in arguments.keywords where name == field { return value }
        throw error("\"format\" without the argument that a field names")
    }
}
