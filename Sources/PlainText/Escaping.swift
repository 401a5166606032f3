// Text from elsewhere, made safe for terminals and logs.

/// Returns `text` with every scalar that steers a terminal, begins a line or reorders letters
/// written as `\u{…}`: control characters, separators of lines and the bidirectional marks.
///
/// - Parameter keeping: control characters that stay, for example a newline.
package func escaped(_ text: String, keeping kept: String = "") -> String {
    guard text.unicodeScalars.contains(where: { steers($0) && !kept.unicodeScalars.contains($0) })
    else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if steers(scalar) && !kept.unicodeScalars.contains(scalar) {
            result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// True when every scalar of `text` shows as what it is: none steers (`steers`), and none is a
/// format character, which joins, breaks or hides letters unseen.
package func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { !steers($0) && $0.properties.generalCategory != .format }
}

/// True for control characters (C0, DEL, C1), separators of lines and paragraphs, bidirectional
/// marks, and tags.
package func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069,
        0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
        true
    default:
        false
    }
}
