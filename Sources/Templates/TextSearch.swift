// Searching and cutting texts. Slices share the bytes.

import Glibc

extension TemplateText {
    /// The byte offset of the first `part` at or behind `start`, or nil. Linear in both texts.
    package func firstOffset(of part: TemplateText, from start: Int) -> Int? {
        guard !part.isEmpty else { return start <= count ? start : nil }
        guard count - start >= part.count else { return nil }
        return utf8.withUnsafeBytes { text in
            part.utf8.withUnsafeBytes { pattern in
                // A short pattern is compared at each place of its first byte. A long one could
                // cost its length there every time.
                pattern.count <= 16
                    ? ByteSearch.short(pattern, in: text, from: start)
                    : ByteSearch.long(pattern, in: text, from: start)
            }
        }
    }

    package func hasPrefix(_ part: TemplateText) -> Bool {
        count >= part.count && slice(0..<part.count) == part
    }

    func hasSuffix(_ part: TemplateText) -> Bool {
        count >= part.count && slice(count - part.count..<count) == part
    }

    /// The text without the white space at the ends that `sides` names.
    package func strippedOfSpace(_ sides: Sides) -> TemplateText {
        var range = self.range
        if sides != .left {
            range = range.lowerBound..<Characters.endWithoutSpace(storage.bytes, range)
        }
        if sides != .right {
            range = Characters.startWithoutSpace(storage.bytes, range)..<range.upperBound
        }
        return TemplateText(storage, range, isMarked: isMarked)
    }

    /// The text without characters of `set` at the ends.
    func stripped(of set: Set<UInt32>, _ sides: Sides) -> TemplateText {
        let bytes = storage.bytes
        var low = Int(start)
        var high = Int(end)
        if sides != .left {
            while high > low {
                var first = high - 1
                while first > low, bytes[first] & 0xC0 == 0x80 { first -= 1 }
                guard set.contains(Characters.scalar(bytes, first)) else { break }
                high = first
            }
        }
        if sides != .right {
            while low < high, set.contains(Characters.scalar(bytes, low)) {
                low += Characters.size(bytes[low])
            }
        }
        return TemplateText(storage, low..<high, isMarked: isMarked)
    }

    package enum Sides { case both, left, right }

    /// Cuts at `separator`, at most `countMax` times, or everywhere if that is negative.
    func split(at separator: TemplateText, countMax: Int) -> [TemplateText] {
        var parts: [TemplateText] = []
        var start = 0
        while countMax < 0 || parts.count < countMax,
            let cut = firstOffset(of: separator, from: start)
        {
            parts.append(slice(start..<cut))
            start = cut + separator.count
        }
        parts.append(slice(start..<count))
        return parts
    }

    /// Cuts at runs of white space, and drops what is empty.
    func splitAtSpace(countMax: Int) -> [TemplateText] {
        let bytes = storage.bytes
        var parts: [TemplateText] = []
        var position = Characters.startWithoutSpace(bytes, range)
        while position < Int(end) {
            if countMax >= 0, parts.count >= countMax {
                parts.append(TemplateText(storage, position..<Int(end), isMarked: isMarked))
                break
            }
            let start = position
            while position < Int(end), !Characters.isSpace(Characters.scalar(bytes, position)) {
                position += Characters.size(bytes[position])
            }
            parts.append(TemplateText(storage, start..<position, isMarked: isMarked))
            position = Characters.startWithoutSpace(bytes, position..<Int(end))
        }
        return parts
    }

    /// Cuts at line ends as Python's `splitlines` does.
    func lines() -> [TemplateText] {
        let bytes = storage.bytes
        var parts: [TemplateText] = []
        var start = Int(self.start)
        var position = start
        while position < Int(end) {
            let scalar = Characters.scalar(bytes, position)
            var next = position + Characters.size(bytes[position])
            switch scalar {
            case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
                parts.append(TemplateText(storage, start..<position, isMarked: isMarked))
                if scalar == 0x0D, next < Int(end), bytes[next] == 0x0A { next += 1 }
                start = next
            default: break
            }
            position = next
        }
        if start < Int(end) {
            parts.append(TemplateText(storage, start..<Int(end), isMarked: isMarked))
        }
        return parts
    }
}

/// Searches in bytes.
private enum ByteSearch {
    static func short(
        _ pattern: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int
    ) -> Int? {
        guard let base = text.baseAddress, let first = pattern.baseAddress else { return nil }
        var position = start
        let last = text.count - pattern.count
        while position <= last {
            guard let found = memchr(base + position, Int32(pattern[0]), last - position + 1) else {
                return nil
            }
            position = UnsafeRawPointer(found) - base
            if memcmp(base + position, first, pattern.count) == 0 { return position }
            position += 1
        }
        return nil
    }

    /// Knuth, Morris and Pratt: never looks at a byte of the text twice.
    static func long(
        _ pattern: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int
    ) -> Int? {
        var borders = [Int](repeating: 0, count: pattern.count)
        var border = 0
        for index in 1..<pattern.count {
            while border > 0, pattern[index] != pattern[border] { border = borders[border - 1] }
            if pattern[index] == pattern[border] { border += 1 }
            borders[index] = border
        }
        var matched = 0
        for position in start..<text.count {
            while matched > 0, text[position] != pattern[matched] { matched = borders[matched - 1] }
            if text[position] == pattern[matched] { matched += 1 }
            if matched == pattern.count { return position + 1 - pattern.count }
        }
        return nil
    }
}
