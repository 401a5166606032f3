// Unicode's decompositions and compositions, unpacked from the generated lists.
//
// Guarantees: a lookup for a code point without any role is two array reads. Unpacked once per
// process, when the first vocabulary that normalises is read. The data are those of the tokenizers
// library: its own decompositions, and the combining classes of Unicode 9.0. A character of a later
// version has the class 0 there.
// Does not: normalise. `UnicodeForm` does.

struct NormalizationTables: Sendable {
    /// Roles of a code point.
    struct Roles: OptionSet, Sendable {
        let rawValue: UInt8
        /// NFC replaces the character, or may join it with the character in front.
        static let notComposed = Roles(rawValue: 1)
        /// The combining class is not 0.
        static let combines = Roles(rawValue: 2)
        /// The character has a canonical decomposition.
        static let decomposes = Roles(rawValue: 4)
        /// The character has another decomposition under NFKD than under NFD.
        static let isCompatible = Roles(rawValue: 8)
    }

    static let shared = NormalizationTables()

    /// The major version of Unicode behind the combining classes.
    private static let major = 9

    private var pageIndexes = [UInt16](repeating: 0, count: 0x11_0000 >> 8)
    private var pages = [Roles](repeating: [], count: 256)
    private var canonical: [UInt32: ArraySlice<UInt32>] = [:]
    private var compatible: [UInt32: ArraySlice<UInt32>] = [:]
    /// first << 32 | second -> composed.
    private var pairs: [UInt64: UInt32] = [:]

    private init() {
        var whole: [ArraySlice<UInt32>: UInt32] = [:]
        Self.forEach(canonicalDecompositions) { point, target, isExcluded in
            canonical[point] = target
            add(.decomposes, to: point)
            if isExcluded { add(.notComposed, to: point) } else { whole[target] = point }
        }
        Self.forEach(compatibilityDecompositions) { point, target, _ in
            compatible[point] = target
            add(.isCompatible, to: point)
        }
        for (target, point) in whole {
            let front = target.dropLast()
            guard let second = target.last,
                let first = front.count == 1 ? front.first : whole[front]
            else { continue }
            pairs[UInt64(first) << 32 | UInt64(second)] = point
            add(.notComposed, to: second)
        }
        for point in Hangul.syllables {
            add(.decomposes, to: point)
        }
        for point in Hangul.vowels { add(.notComposed, to: point) }
        for point in Hangul.finals { add(.notComposed, to: point) }
        for point in UInt32(0)..<0x2_0000 where CharacterClassTable.shared[point] == .mark {
            if Self.combiningClass(point) != 0 { add([.combines, .notComposed], to: point) }
        }
    }

    @inline(__always)
    func roles(_ point: UInt32) -> Roles {
        guard point < 0x11_0000 else { return [] }
        return pages[Int(pageIndexes[Int(point >> 8)]) << 8 | Int(point & 0xFF)]
    }

    /// The combining class, 0 for a character that is newer than the library's data.
    static func combiningClass(_ point: UInt32) -> UInt8 {
        guard let properties = Unicode.Scalar(point)?.properties,
            let age = properties.age, age.major <= major
        else { return 0 }
        return properties.canonicalCombiningClass.rawValue
    }

    /// Appends the full decomposition of a character.
    func appendDecomposed(_ point: UInt32, isCompatible: Bool, to points: inout [UInt32]) {
        if isCompatible, let target = compatible[point] {
            points.append(contentsOf: target)
        } else if let target = canonical[point] {
            points.append(contentsOf: target)
        } else if Hangul.syllables.contains(point) {
            Hangul.appendDecomposed(point, to: &points)
        } else {
            points.append(point)
        }
    }

    /// The character that two characters compose to, or nil.
    func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.composed(first, second) ?? pairs[UInt64(first) << 32 | UInt64(second)]
    }

    private mutating func add(_ roles: Roles, to point: UInt32) {
        if pageIndexes[Int(point >> 8)] == 0 {
            pageIndexes[Int(point >> 8)] = UInt16(pages.count >> 8)
            pages.append(contentsOf: repeatElement([], count: 256))
        }
        pages[Int(pageIndexes[Int(point >> 8)]) << 8 | Int(point & 0xFF)].formUnion(roles)
    }

    /// Calls `body` with each entry of a generated list.
    private static func forEach(
        _ list: [UInt32],
        _ body: (_ point: UInt32, _ target: ArraySlice<UInt32>, _ isExcluded: Bool) -> Void
    ) {
        var index = 0
        while index < list.count {
            let point = list[index] & 0x1F_FFFF
            let length = Int(list[index] >> 21 & 0x1F)
            if length == 0 {
                for offset in 0..<list[index + 1] {
                    body(point + offset, [list[index + 2] + offset], true)
                }
                index += 3
            } else {
                body(point, list[index + 1...index + length], list[index] >> 31 == 1)
                index += 1 + length
            }
        }
    }
}

/// Hangul syllables, which are composed by arithmetic (Unicode standard, section 3.12).
private enum Hangul {
    static let syllables: Range<UInt32> = 0xAC00..<0xAC00 + 19 * 21 * 28
    static let leads: Range<UInt32> = 0x1100..<0x1113
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    /// The first number stands for no final consonant and is no character of a syllable.
    static let finals: Range<UInt32> = 0x11A8..<0x11C3

    static func appendDecomposed(_ point: UInt32, to points: inout [UInt32]) {
        let index = point - syllables.lowerBound
        points.append(leads.lowerBound + index / (21 * 28))
        points.append(vowels.lowerBound + index % (21 * 28) / 28)
        if index % 28 != 0 { points.append(finals.lowerBound - 1 + index % 28) }
    }

    static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leads.contains(first), vowels.contains(second) {
            let lead = first - leads.lowerBound
            return syllables.lowerBound + (lead * 21 + second - vowels.lowerBound) * 28
        }
        guard syllables.contains(first), (first - syllables.lowerBound) % 28 == 0,
            finals.contains(second)
        else { return nil }
        return first + second - (finals.lowerBound - 1)
    }
}
