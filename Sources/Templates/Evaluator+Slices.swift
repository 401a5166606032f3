// Characters of texts, and slices of texts and lists.

extension Evaluator {
    /// The number of characters.
    mutating func characterCount(_ text: TemplateText) throws(TemplateError) -> Int {
        if text.storage.isASCII { return text.count }
        try charge(bytes: text.count)
        return text.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }

    mutating func character(
        _ text: TemplateText, at index: Int
    ) throws(TemplateError) -> TemplateText? {
        let count = try characterCount(text)
        guard let position = Self.position(index, count: count) else { return nil }
        if text.storage.isASCII { return text.slice(position..<position + 1) }
        let start = try offset(text, ofCharacter: position)
        return text.slice(
            start..<start + Characters.size(text.storage.bytes[Int(text.start) + start]))
    }

    /// The byte offset of a character, or of the end.
    private mutating func offset(
        _ text: TemplateText, ofCharacter index: Int
    ) throws(TemplateError) -> Int {
        if text.storage.isASCII { return index }
        try charge(bytes: text.count)
        let bytes = text.storage.bytes
        var offset = Int(text.start)
        for _ in 0..<index { offset += Characters.size(bytes[offset]) }
        return offset - Int(text.start)
    }

    // MARK: Slices

    /// `parts` are start, stop and step.
    mutating func slice(
        _ value: TemplateValue, _ parts: [TemplateValue], isLenient: Bool
    ) throws(TemplateError) -> TemplateValue {
        if case .undefined(let reason) = value { throw undefined(reason) }
        var numbers: [Int?] = []
        for part in parts {
            if case .none = part {
                numbers.append(nil)
            } else if let number = part.index {
                numbers.append(number)
            } else if case .largeInteger(let digits) = part {
                numbers.append(digits.isNegativeNumber ? Int.min : Int.max)
            } else {
                if isLenient { return .undefined }
                throw error("a slice needs integers, not \(part.typeName)")
            }
        }
        let count: Int
        switch value {
        case .text(let text): count = try characterCount(text)
        case .list(let items), .tuple(let items): count = items.count
        case .object(.range(let range)): count = range.count
        default:
            if isLenient { return .undefined }
            throw error("\(value.typeName) cannot be sliced")
        }
        guard numbers[2] != 0 else { throw error("a slice with step 0") }
        let part = Slice(start: numbers[0], stop: numbers[1], step: numbers[2] ?? 1, count: count)
        switch value {
        case .text(let text): return .text(try slice(text, part))
        case .list(let items): return .list(try slice(items, part))
        case .tuple(let items): return .tuple(try slice(items, part))
        case .object(.range(let range)): return .object(.range(try slice(range, part)))
        default: return .undefined
        }
    }

    /// The start, stop and step are those of the reference, which prints them.
    private func slice(
        _ range: TemplateRange, _ part: Slice
    ) throws(TemplateError) -> TemplateRange {
        let (step, overflow) = range.step.multipliedReportingOverflow(by: part.step)
        guard !overflow, let start = range.number(at: part.start),
            let stop = range.number(at: part.stop)
        else { throw largeInteger() }
        return TemplateRange(start: start, stop: stop, step: step, count: part.count)
    }

    private mutating func slice(
        _ list: TemplateList, _ part: Slice
    ) throws(TemplateError) -> TemplateList {
        try charge(elements: part.count)
        let items =
            part.step == 1
            ? Array(list.items[part.start..<part.start + part.count])
            : (0..<part.count).map { list.items[part.start + $0 * part.step] }
        return TemplateList(items, depth: list.depth)
    }

    private mutating func slice(
        _ text: TemplateText, _ part: Slice
    ) throws(TemplateError) -> TemplateText {
        if part.step == 1 {
            let start = try offset(text, ofCharacter: part.start)
            let end = try offset(text, ofCharacter: part.start + part.count)
            return text.slice(start..<end)
        }
        try charge(text.count)
        var starts: [Int] = []
        var offset = 0
        while offset < text.count {
            starts.append(offset)
            offset += Characters.size(text.storage.bytes[Int(text.start) + offset])
        }
        var builder = TextBuilder()
        for index in 0..<part.count {
            let start = starts[part.start + index * part.step]
            let size = Characters.size(text.storage.bytes[Int(text.start) + start])
            builder.append(text.slice(start..<start + size))
        }
        return builder.text(isMarked: text.isMarked)
    }
}

extension TemplateRange {
    /// The number at `index`, which may lie outside, or nil outside 64 bits.
    fileprivate func number(at index: Int) -> Int? {
        let (distance, isLarge) = index.multipliedReportingOverflow(by: step)
        let (number, isFar) = start.addingReportingOverflow(distance)
        return isLarge || isFar ? nil : number
    }
}

/// A slice that was clipped to a sequence.
private struct Slice {
    let start: Int
    let stop: Int
    let step: Int
    /// Elements of the slice.
    let count: Int

    init(start: Int?, stop: Int?, step: Int, count: Int) {
        self.step = step
        let lowest = step > 0 ? 0 : -1
        let highest = step > 0 ? count : count - 1
        func clipped(_ index: Int?, _ absent: Int) -> Int {
            guard let index else { return absent }
            return index < 0 ? max(index &+ count, lowest) : min(index, highest)
        }
        let first = clipped(start, step > 0 ? 0 : count - 1)
        let last = clipped(stop, step > 0 ? count : -1)
        self.start = first
        self.stop = last
        if step > 0 {
            self.count = first < last ? (last - first - 1) / step + 1 : 0
        } else {
            self.count = first > last ? Int((UInt(first - last) - 1) / step.magnitude) + 1 : 0
        }
    }
}
