// Filters that compare elements: `sort`, `dictsort`, `unique`, `min` and `max`.

extension Evaluator {
    /// Indexes in the order of their keys. Stable. Charges for each comparison.
    mutating func sorted(
        _ indexes: [Int], keys: [TemplateValue], isReversed: Bool
    ) throws(TemplateError) -> [Int] {
        guard indexes.count > 1 else { return indexes }
        let middle = indexes.count / 2
        let left = try sorted(Array(indexes[..<middle]), keys: keys, isReversed: isReversed)
        let right = try sorted(Array(indexes[middle...]), keys: keys, isReversed: isReversed)
        var result: [Int] = []
        result.reserveCapacity(indexes.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            try charge(4)
            let (lower, upper) = (keys[left[first]], keys[right[second]])
            // The right one comes first only where the order demands that.
            let isRightFirst =
                isReversed ? try isLess(lower, upper, "<") : try isLess(upper, lower, "<")
            if isRightFirst {
                result.append(right[second])
                second += 1
            } else {
                result.append(left[first])
                first += 1
            }
        }
        result += left[first...]
        result += right[second...]
        return result
    }

    /// The value that is compared: texts in lower case unless `isCaseSensitive`.
    private mutating func sortKey(
        _ value: TemplateValue, isCaseSensitive: Bool
    ) throws(TemplateError) -> TemplateValue {
        guard !isCaseSensitive, case .text(let text) = value else { return value }
        try charge(text.count)
        return .text(CaseMapping.lower(text))
    }

    mutating func sorted(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["reverse", "case_sensitive", "attribute"], "sort")
        let isReversed = try isTrue(values[0] ?? .boolean(false))
        let isCaseSensitive = try isTrue(values[1] ?? .boolean(false))
        let paths = try paths(values[2])
        let items = try elements(value)
        try charge(items.count * 2)
        var keys: [TemplateValue] = []
        for item in items {
            var parts: [TemplateValue] = []
            for path in paths {
                parts.append(
                    try sortKey(
                        try follow(path, from: item), isCaseSensitive: isCaseSensitive))
            }
            keys.append(.list(parts))
        }
        let order = try sorted(Array(items.indices), keys: keys, isReversed: isReversed)
        return .list(order.map { items[$0] })
    }

    /// Paths with commas between them.
    private func paths(_ value: TemplateValue?) throws(TemplateError) -> [[TemplateValue]] {
        guard case .text(let text)? = value else { return [try path(value)] }
        var paths: [[TemplateValue]] = []
        for part in text.split(at: ",", countMax: -1) { paths.append(try path(.text(part))) }
        return paths
    }

    mutating func dictionarySorted(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["case_sensitive", "by", "reverse"], "dictsort")
        if case .undefined(let reason) = value { throw undefined(reason) }
        guard case .dictionary(let dictionary) = value else {
            throw error("dictsort of \(value.typeName)")
        }
        let isCaseSensitive = try isTrue(values[0] ?? .boolean(false))
        let isReversed = try isTrue(values[2] ?? .boolean(false))
        var isByValue = false
        if let by = values[1] {
            guard case .text(let word) = by, word == "key" || word == "value" else {
                throw error("dictsort by something else than key or value")
            }
            isByValue = word == "value"
        }
        try charge(dictionary.count * 2)
        var keys: [TemplateValue] = []
        for item in isByValue ? dictionary.values : dictionary.keys {
            keys.append(try sortKey(item, isCaseSensitive: isCaseSensitive))
        }
        let order = try sorted(Array(keys.indices), keys: keys, isReversed: isReversed)
        let pairs = dictionary.elements(.items)
        return try checked(.list(order.map { pairs[$0] }))
    }

    mutating func unique(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["case_sensitive", "attribute"], "unique")
        let isCaseSensitive = try isTrue(values[0] ?? .boolean(false))
        let path = try path(values[1])
        var seen: Set<DictionaryKey> = []
        var generator = Generator(elements: [], failure: nil)
        let items = try elements(value)
        try charge(items.count * 2)
        for item in items {
            let key = try sortKey(
                try follow(path, from: item), isCaseSensitive: isCaseSensitive)
            if seen.insert(try self.key(key)).inserted { generator.elements.append(item) }
        }
        generators.append(generator)
        return .object(.generator(generators.count - 1))
    }

    mutating func extreme(
        _ filter: Filter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["case_sensitive", "attribute"], filter.rawValue)
        let isCaseSensitive = try isTrue(values[0] ?? .boolean(false))
        let path = try path(values[1])
        let items = try elements(value)
        try charge(items.count * 2)
        var best: (item: TemplateValue, key: TemplateValue)?
        for item in items {
            let key = try sortKey(
                try follow(path, from: item), isCaseSensitive: isCaseSensitive)
            if let known = best {
                let isBetter =
                    filter == .min
                    ? try isLess(key, known.key, "<") : try isLess(known.key, key, ">")
                if !isBetter { continue }
            }
            best = (item, key)
        }
        return best?.item ?? .undefined
    }
}
