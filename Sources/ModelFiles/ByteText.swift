// UTF-8 checks and printable error texts for the bytes of hostile files.
//
// Guarantees: `printable` gives a short line of visible ASCII for any input, with "…" for a cut.
// `isValidUTF8` follows the Unicode standard's table of well-formed sequences (no overlong
// forms, no surrogates, <= U+10FFFF).
// Does not: repair text.

import Glibc

/// Returns about `countMax` characters at most, and "…" for the rest. Visible ASCII and spaces
/// stay. Quotation marks and all further bytes become `\xNN`.
package func printable(_ bytes: some Sequence<UInt8>, countMax: Int = 80) -> String {
    var text = ""
    for byte in bytes {
        if text.utf8.count >= countMax {
            return text + "…"
        }
        if (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text
}

package func printable(_ text: String, countMax: Int = 200) -> String {
    printable(text.utf8, countMax: countMax)
}

/// True if the bytes are well-formed UTF-8. Linear, allocates nothing.
package func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    let count = bytes.count
    while index < count {
        // Most text in model files is ASCII, so eight bytes are checked at a time.
        if index + 8 <= count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
            continue
        }
        guard let size = sequenceSize(bytes, at: index) else { return false }
        index += size
    }
    return true
}

/// Bytes of the well-formed sequence at `index`, or nil (Unicode standard, table 3-7).
private func sequenceSize(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int? {
    func follows(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
        index + distance < bytes.count && range.contains(bytes[index + distance])
    }
    switch bytes[index] {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: return follows(1) ? 2 : nil
    case 0xE0: return follows(1, 0xA0...0xBF) && follows(2) ? 3 : nil
    case 0xED: return follows(1, 0x80...0x9F) && follows(2) ? 3 : nil
    case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : nil
    case 0xF0: return follows(1, 0x90...0xBF) && follows(2) && follows(3) ? 4 : nil
    case 0xF1...0xF3: return follows(1) && follows(2) && follows(3) ? 4 : nil
    case 0xF4: return follows(1, 0x80...0x8F) && follows(2) && follows(3) ? 4 : nil
    default: return nil
    }
}

/// The C library's text for an errno value. Any thread: `strerror_r` has no shared buffer.
package func systemErrorText(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let base = buffer.baseAddress,
            strerror_r(number, base, buffer.count) == 0
        else { return "error \(number)" }
        return String(cString: base)
    }
}
