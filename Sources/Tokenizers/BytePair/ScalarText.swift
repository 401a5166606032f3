// A text as code points with classes, read in place from its bytes.
//
// Guarantees: reading at any character boundary inside the text takes constant time. Behind the end
// of the visible range stands a character of class `end`.
// Does not: check the encoding. The bytes are valid UTF-8 or come from `wellFormed`, which may
// leave surrogates, encoded like any character of three bytes.

import ModelFiles

/// One character of a `ScalarText`.
struct ClassifiedCharacter {
    var point: UInt32
    /// Bytes of the character, 0 at the end.
    var size: Int
    var kind: CharacterClass
}

/// Bytes to be split, and the visible range of them.
struct ScalarText {
    let bytes: UnsafeBufferPointer<UInt8>
    let classes: CharacterClassTable
    /// Nothing at or behind this offset is visible.
    var end: Int

    /// The character at an offset.
    @inline(__always)
    func character(at offset: Int) -> ClassifiedCharacter {
        guard offset < end else { return ClassifiedCharacter(point: 0, size: 0, kind: .end) }
        let first = UInt32(bytes[offset])
        let size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var point = first
        if size > 1 {
            point = first & (0x7F >> UInt32(size))
            for next in offset + 1..<min(offset + size, bytes.count) {
                point = point << 6 | UInt32(bytes[next]) & 0x3F
            }
        }
        return ClassifiedCharacter(point: point, size: size, kind: classes[point])
    }

    /// The offset behind the longest run of characters that satisfy a condition.
    @inline(__always)
    func skip(_ offset: Int, while condition: (ClassifiedCharacter) -> Bool) -> Int {
        var offset = offset
        while true {
            let character = character(at: offset)
            guard character.size > 0, condition(character) else { return offset }
            offset += character.size
        }
    }
}

/// Repairs the ill-formed parts of a text like llama.cpp, or returns nil for a text without
/// ill-formed parts.
///
/// Each byte of a stray or cut sequence becomes U+FFFD. Overlong forms are written in their short
/// form, and surrogates stay. Sequences above U+10FFFF, which llama.cpp does not survive, become
/// U+FFFD.
func wellFormed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    if isValidUTF8(UnsafeRawBufferPointer(text)) { return nil }
    var repaired: [UInt8] = []
    repaired.reserveCapacity(text.count + text.count / 8)
    var offset = 0
    while offset < text.count {
        let (point, size) = looseScalar(text, offset)
        appendUTF8(point, to: &repaired)
        offset += size
    }
    return repaired
}

/// Reads a code point by lead byte and continuation bits alone. Returns U+FFFD of size 1 on
/// failure.
private func looseScalar(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> (UInt32, Int) {
    let first = UInt32(text[offset])
    let size: Int
    switch first {
    case 0x00...0x7F: return (first, 1)
    case 0xC0...0xDF: size = 2
    case 0xE0...0xEF: size = 3
    case 0xF0...0xF7: size = 4
    default: return (0xFFFD, 1)
    }
    guard offset + size <= text.count else { return (0xFFFD, 1) }
    var point = first & (0x7F >> UInt32(size))
    for next in offset + 1..<offset + size {
        guard text[next] & 0xC0 == 0x80 else { return (0xFFFD, 1) }
        point = point << 6 | UInt32(text[next]) & 0x3F
    }
    return point <= 0x10FFFF ? (point, size) : (0xFFFD, 1)
}

/// UTF-8 by the general pattern, surrogates included.
func appendUTF8(_ point: UInt32, to bytes: inout [UInt8]) {
    switch point {
    case 0..<0x80:
        bytes.append(UInt8(point))
    case 0x80..<0x800:
        bytes.append(0xC0 | UInt8(point >> 6))
        bytes.append(0x80 | UInt8(point & 0x3F))
    case 0x800..<0x1_0000:
        bytes.append(0xE0 | UInt8(point >> 12))
        bytes.append(0x80 | UInt8(point >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(point & 0x3F))
    default:
        bytes.append(0xF0 | UInt8(point >> 18))
        bytes.append(0x80 | UInt8(point >> 12 & 0x3F))
        bytes.append(0x80 | UInt8(point >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(point & 0x3F))
    }
}
