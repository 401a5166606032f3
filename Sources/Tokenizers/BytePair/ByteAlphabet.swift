// The alphabet in which byte-level vocabularies write bytes.
//
// Guarantees: the alphabet is GPT-2's bijection between the 256 bytes and 256 printable characters.
// Printable Latin-1 bytes stand for themselves, and all further bytes get U+0100, U+0101, … in
// order. So the space is written as U+0120.
// Does not: touch the texts of control and user-defined tokens, which are written plainly.

enum ByteAlphabet {
    /// Byte -> character in UTF-8 (one or two bytes).
    static let encoded: [[UInt8]] = (UInt8.min...UInt8.max).map { byte in
        Array(String(Character(scalars[Int(byte)])).utf8)
    }

    /// Byte -> its character in UTF-8, the first byte lowest. The second is 0 for one byte.
    private static let written: [UInt16] = encoded.map { text in
        text.count == 1 ? UInt16(text[0]) : UInt16(text[0]) | UInt16(text[1]) << 8
    }

    /// Appends the characters of bytes.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        written.withUnsafeBufferPointer { written in
            for byte in bytes {
                let pair = written[Int(byte)]
                text.append(UInt8(truncatingIfNeeded: pair))
                if pair > 0xFF { text.append(UInt8(truncatingIfNeeded: pair >> 8)) }
            }
        }
    }

    /// Character (below U+0144) -> byte, or -1.
    private static let decoded: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
        return table
    }()

    private static let scalars: [Unicode.Scalar] = {
        var next: UInt8 = 0
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                // 68 bytes are not printable, so the characters end at U+0143.
                defer { next += 1 }
                return Unicode.Scalar(0x100 + UInt16(next)) ?? "\u{FFFD}"
            }
        }
    }()

    /// True when every character of a text is in the alphabet.
    static func covers(_ text: ArraySlice<UInt8>) -> Bool {
        String(decoding: text, as: UTF8.self).unicodeScalars.allSatisfy {
            $0.value < decoded.count && decoded[Int($0.value)] >= 0
        }
    }

    /// Appends the bytes behind a token text. Characters outside the alphabet are appended
    /// unchanged.
    static func appendDecoded(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            let first = text[index]
            let isPair = (0xC2...0xC5).contains(first) && index + 1 < text.endIndex
            let point =
                isPair
                ? Int(first & 0x1F) << 6 | Int(text[index + 1] & 0x3F) : Int(first)
            let size = isPair ? 2 : 1
            if (first < 0x80 || isPair), point < decoded.count, decoded[point] >= 0 {
                bytes.append(UInt8(truncatingIfNeeded: decoded[point]))
            } else {
                bytes.append(contentsOf: text[index..<index + size])
            }
            index += size
        }
    }
}
