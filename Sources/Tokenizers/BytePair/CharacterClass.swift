// The class of a character, which pre-tokenizers ask for at every character.
//
// Guarantees: a lookup is two array reads for any of the 1,114,112 code points. Surrogates and
// unassigned code points are `other`. The table is unpacked once per process from about 2,400 runs
// into about 50 KB.
// Does not: distinguish finer categories than pre-tokenizers use.

/// Classes of characters, in the terms of pre-tokenizer patterns.
package enum CharacterClass: UInt8, Sendable {
    /// Controls, unassigned code points, private use, surrogates.
    case other = 0
    /// `\p{L}`
    case letter = 1
    /// `\p{N}`
    case number = 2
    /// `\s`: the White_Space property.
    case space = 3
    /// `\p{P}`
    case punctuation = 4
    /// `\p{S}`
    case symbol = 5
    /// `\p{M}`
    case mark = 6
    /// Behind the last character.
    case end = 7
}

/// The unpacked table.
package struct CharacterClassTable: Sendable {
    /// Code point / 256 -> page. Equal pages are stored once.
    private var pageIndexes: [UInt16]
    /// Pages of 256 classes, one after the other.
    private var pages: [CharacterClass]

    package static let shared = CharacterClassTable(runs: characterClassRuns)

    init(runs: [UInt32]) {
        var pageIndexes: [UInt16] = []
        var pages: [CharacterClass] = []
        var known: [[CharacterClass]: UInt16] = [:]
        var run = 0
        for first in stride(from: UInt32(0), to: 0x11_0000, by: 256) {
            let page = (first..<first + 256).map { point -> CharacterClass in
                while run + 1 < runs.count, runs[run + 1] >> 3 <= point { run += 1 }
                return CharacterClass(rawValue: UInt8(runs[run] & 7)) ?? .other
            }
            if known[page] == nil {
                known[page] = UInt16(known.count)
                pages.append(contentsOf: page)
            }
            pageIndexes.append(known[page] ?? 0)
        }
        self.pageIndexes = pageIndexes
        self.pages = pages
    }

    /// The table with some ranges of code points as `other`.
    func without(_ ranges: [(first: UInt32, last: UInt32)]) -> CharacterClassTable {
        var table = self
        var own: Set<UInt32> = []
        for range in ranges {
            for point in range.first...range.last {
                let page = point >> 8
                if own.insert(page).inserted {
                    let first = Int(table.pageIndexes[Int(page)]) << 8
                    table.pageIndexes[Int(page)] = UInt16(table.pages.count >> 8)
                    table.pages.append(contentsOf: table.pages[first..<first + 256])
                }
                table.pages[Int(table.pageIndexes[Int(page)]) << 8 | Int(point & 0xFF)] = .other
            }
        }
        return table
    }

    /// The class of a code point, `other` above U+10FFFF.
    @inline(__always)
    package subscript(point: UInt32) -> CharacterClass {
        guard point < 0x11_0000 else { return .other }
        let page = Int(pageIndexes[Int(point >> 8)])
        return pages[page << 8 | Int(point & 0xFF)]
    }
}
