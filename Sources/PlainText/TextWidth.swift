// The columns that text takes on a terminal, and text made to fit.
//
// A scalar takes no column (combining marks, joiners), two (East Asian wide characters, emoji) or
// one. Widths of scalars add up, as in wcswidth(3), which needs a locale that a program may lack.

/// Columns of `text` on a terminal. The text has to be free of control characters (`escaped`).
package func terminalWidth(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + terminalWidth($1) }
}

private func terminalWidth(_ scalar: Unicode.Scalar) -> Int {
    guard scalar.value >= 0x300 else { return scalar.value == 0xAD ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // Vowels and finals of Hangul stand inside the syllable before them.
    if (0x1160...0x11FF).contains(scalar.value) { return 0 }
    return isWide(scalar) ? 2 : 1
}

/// East Asian Width W or F of Unicode: these blocks, and what shows as an emoji by itself.
private func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
        0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B,
        0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FB,
        0x1F200...0x1F265, 0x20000...0x3FFFD:
        true
    default:
        scalar.properties.isEmojiPresentation
    }
}

/// Returns `text` in at most `width` columns. A text that is cut ends with `…`.
package func shortened(_ text: String, to width: Int) -> String {
    guard terminalWidth(text) > width else { return text }
    var (result, used) = ("", 1)
    for character in text {
        used += terminalWidth(String(character))
        guard used <= width else { break }
        result.append(character)
    }
    return result + "…"
}

/// Returns `text` in lines of at most `width` columns, broken at spaces. A longer word has a line
/// of its own, whole.
package func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var room = 0
    for word in text.split(separator: " ") {
        let size = terminalWidth(word) + 1
        if size > room {
            lines.append(String(word))
            room = width - size + 1
        } else {
            lines[lines.count - 1] += " " + word
            room -= size
        }
    }
    return lines
}
