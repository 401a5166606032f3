// One step of `normalizer` in a tokenizer.json.
//
// Guarantees: the text that the tokenizers library makes. A step that changes nothing costs one
// pass over the bytes at most.
// Does not: read JSON (`StepReader` does), or look at ill-formed text.

enum NormalizerStep: Sendable {
    /// NFC, NFD, NFKC, NFKD.
    case form(UnicodeForm)
    /// Each match replaced by a text.
    case replace(TextPattern, [UInt8])
    /// A text in front of every text that is not empty.
    case prepend([UInt8])
    /// White space taken off the ends.
    case strip(left: Bool, right: Bool)
    /// Each character by its own lower case.
    case lowercase
    /// Combining marks left out.
    case stripAccents
    /// Each byte written as a character of `ByteAlphabet`.
    case byteLevel
    /// Control characters left out, unusual white space written as a space.
    case nmt

    func apply(_ text: inout NormalizedText) {
        switch self {
        case .form(let form): form.apply(&text)
        case .replace(let pattern, let content):
            text.rewrite(classes: pattern.classes) { scalars, rewriter in
                var gap = 0
                while let match = pattern.find(scalars, from: gap) {
                    rewriter.keep(gap..<match.lowerBound)
                    rewriter.replace(match, with: content)
                    gap = match.upperBound
                }
                rewriter.keep(gap..<scalars.end)
            }
        case .prepend(let prefix):
            if !text.bytes.isEmpty { text.prepend(prefix) }
        case .strip(let left, let right): Self.strip(&text, left: left, right: right)
        case .lowercase: Self.lowercase(&text)
        case .stripAccents: Self.stripAccents(&text)
        case .byteLevel:
            text.rewrite { scalars, rewriter in
                for place in 0..<scalars.end {
                    let byte = Int(scalars.bytes[place])
                    rewriter.replace(place..<place + 1, with: ByteAlphabet.encoded[byte])
                }
            }
        case .nmt: Self.nmt(&text)
        }
    }

    private static func strip(_ text: inout NormalizedText, left: Bool, right: Bool) {
        let range = text.bytes.withUnsafeBufferPointer { bytes -> Range<Int> in
            let scalars = ScalarText(
                bytes: bytes, classes: CharacterClassTable.shared, end: bytes.count)
            let start = left ? scalars.skip(0) { $0.kind == .space } : 0
            let end = right ? scalars.trailingSpaceStart(from: start) : bytes.count
            return start..<end
        }
        text.trim(to: range)
    }

    private static func lowercase(_ text: inout NormalizedText) {
        mapScalars(&text) { scalar in
            if scalar.value < 0x80 {
                return (0x41...0x5A).contains(scalar.value) ? [UInt8(scalar.value | 0x20)] : nil
            }
            let mapping = scalar.properties.lowercaseMapping
            return mapping.unicodeScalars.elementsEqual([scalar]) ? nil : Array(mapping.utf8)
        }
    }

    private static func stripAccents(_ text: inout NormalizedText) {
        mapScalars(&text) { scalar in
            scalar.value >= 0x300 && LibraryCharacters.isCombiningMark(scalar) ? [] : nil
        }
    }

    private static func nmt(_ text: inout NormalizedText) {
        mapScalars(&text) { scalar in
            switch scalar.value {
            case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: []
            case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
                0xFFFD:
                [0x20]
            default: nil
            }
        }
    }

    /// Replaces each character for which `change` gives bytes.
    private static func mapScalars(
        _ text: inout NormalizedText, _ change: (Unicode.Scalar) -> [UInt8]?
    ) {
        text.rewrite { scalars, rewriter in
            var runStart = 0
            var offset = 0
            while offset < scalars.end {
                let character = scalars.character(at: offset)
                let end = offset + character.size
                if let scalar = Unicode.Scalar(character.point), let changed = change(scalar) {
                    rewriter.keep(runStart..<offset)
                    rewriter.replace(offset..<end, with: changed)
                    runStart = end
                }
                offset = end
            }
            rewriter.keep(runStart..<scalars.end)
        }
    }
}
