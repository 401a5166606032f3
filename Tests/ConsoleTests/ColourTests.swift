// Colours: only on a terminal that has them and where nobody said no, and never by foreign text.

import Console
import PlainText
import Testing

@Suite struct ColourTests {
    @Test(arguments: [
        (true, ["TERM": "xterm"], true, true),
        (true, ["TERM": "xterm", "NO_COLOR": ""], true, true),
        (true, ["TERM": "xterm", "NO_COLOR": "1"], true, false),
        (true, ["TERM": "dumb"], false, false),
        (true, [:], false, false),
        (false, ["TERM": "xterm"], false, false),
    ])
    func aTerminalShowsWhatItCanAndMay(
        _ isTerminal: Bool, _ environment: [String: String], _ canRewrite: Bool, _ hasColour: Bool
    ) {
        let ability = TerminalAbility(isTerminal: isTerminal) { environment[$0] }
        #expect(ability.canRewrite == canRewrite && ability.hasColour == hasColour)
    }

    @Test func codesSurroundTheStyledPartAlone() {
        let text = StyledText("MOCK", .alarm) + " a" + StyledText("b", .bold)
        #expect(text.text(hasColour: false) { $0 } == "MOCK ab")
        #expect(
            text.text(hasColour: true) { $0 }
                == "\u{1B}[1;31mMOCK\u{1B}[0m a\u{1B}[1mb\u{1B}[0m")
    }

    @Test func foreignTextInAStyleIsEscaped() {
        let text = StyledText("\u{1B}[2J", .alarm)
        #expect(
            text.text(hasColour: true) { escaped($0) } == "\u{1B}[1;31m\\u{1B}[2J\u{1B}[0m")
    }
}
