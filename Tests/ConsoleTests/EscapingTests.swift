// Text from elsewhere on a terminal and in a log.

import PlainText
import Testing

@Suite struct EscapingTests {
    @Test(arguments: [
        ("plain text, ünïcode, 汉字, 👩‍🚀", "plain text, ünïcode, 汉字, 👩‍🚀"),
        ("\u{1B}[2J\u{1B}]0;owned\u{7}", "\\u{1B}[2J\\u{1B}]0;owned\\u{7}"),
        ("a\nb\r\tc\0", "a\\u{A}b\\u{D}\\u{9}c\\u{0}"),
        ("\u{9B}31m\u{7F}", "\\u{9B}31m\\u{7F}"),
        ("\u{202E}evil\u{2066}\u{200F}", "\\u{202E}evil\\u{2066}\\u{200F}"),
        ("\u{2028}\u{2029}\u{FEFF}\u{E0041}", "\\u{2028}\\u{2029}\\u{FEFF}\\u{E0041}"),
    ])
    func whatSteersATerminalIsWrittenOut(_ text: String, _ expected: String) {
        #expect(escaped(text) == expected)
    }

    @Test func keptCharactersStay() {
        #expect(escaped("a\n\tb\u{1B}", keeping: "\n\t") == "a\n\tb\\u{1B}")
        #expect(escaped("\r\n", keeping: "\n") == "\\u{D}\n")
    }
}
