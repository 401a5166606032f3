// The normalization forms of Unicode: NFC, NFD, NFKC, NFKD (Unicode standard, annex 15).
//
// Guarantees: the text that the tokenizers library makes. Text that is normal already is copied in
// runs. Time is n log n at worst, in the longest run of combining characters.
// Does not: look at ill-formed text. The caller repairs the text first.

/// A normalization form.
struct UnicodeForm: Sendable, Equatable {
    /// True for NFC and NFKC.
    let composes: Bool
    /// True for NFKC and NFKD.
    let isCompatible: Bool

    private var mask: NormalizationTables.Roles {
        var mask: NormalizationTables.Roles = composes ? [.notComposed] : [.decomposes, .combines]
        if isCompatible { mask.insert(.isCompatible) }
        return mask
    }

    func apply(_ text: inout NormalizedText) {
        if text.bytes.allSatisfy({ $0 < 0x80 }) { return }
        let tables = NormalizationTables.shared
        let mask = mask
        text.rewrite { scalars, rewriter in
            var runStart = 0
            var last = 0
            var offset = 0
            while offset < scalars.end {
                let character = scalars.character(at: offset)
                if tables.roles(character.point).isDisjoint(with: mask) {
                    last = offset
                    offset += character.size
                    continue
                }
                // A composing form may join the character with the one in front.
                let start = composes ? max(last, runStart) : offset
                rewriter.keep(runStart..<start)
                offset = segmentEnd(scalars, from: offset, mask, tables)
                rewriter.replace(start..<offset, with: normal(scalars, start..<offset, tables))
                runStart = offset
                last = offset
            }
            rewriter.keep(runStart..<scalars.end)
        }
    }

    /// The place of the next character that needs no work and cannot join the one in front.
    private func segmentEnd(
        _ text: ScalarText, from start: Int, _ mask: NormalizationTables.Roles,
        _ tables: NormalizationTables
    ) -> Int {
        text.skip(start) { !tables.roles($0.point).isDisjoint(with: mask) }
    }

    private func normal(
        _ text: ScalarText, _ range: Range<Int>, _ tables: NormalizationTables
    ) -> [UInt8] {
        var points: [UInt32] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            let character = text.character(at: offset)
            tables.appendDecomposed(character.point, isCompatible: isCompatible, to: &points)
            offset += character.size
        }
        order(&points)
        if composes { compose(&points, tables) }
        var bytes: [UInt8] = []
        for point in points { appendUTF8(point, to: &bytes) }
        return bytes
    }

    /// Sorts each run of combining characters by class. Equal classes keep their order.
    private func order(_ points: inout [UInt32]) {
        let classes = points.map { NormalizationTables.combiningClass($0) }
        var start = 0
        while start < points.count {
            guard classes[start] != 0 else {
                start += 1
                continue
            }
            let end = classes[start...].firstIndex(of: 0) ?? points.count
            let order = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
            points.replaceSubrange(start..<end, with: order.map { points[$0] })
            start = end
        }
    }

    /// Joins each starter with the characters behind it that are not blocked.
    private func compose(_ points: inout [UInt32], _ tables: NormalizationTables) {
        var result: [UInt32] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for point in points {
            let combiningClass = NormalizationTables.combiningClass(point)
            let isBlocked = result.count - 1 != starter && lastClass >= combiningClass
            if let place = starter, !isBlocked,
                let joined = tables.composed(result[place], point)
            {
                result[place] = joined
                continue
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(point)
        }
        points = result
    }
}
