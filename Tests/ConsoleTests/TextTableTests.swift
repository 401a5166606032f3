// Tables: aligned whatever stands in them, cut only where allowed, and safe to look at.

import PlainText
import Testing

@Suite struct TextTableTests {
    private func table(_ rows: [[String]], indentation: Int = 0) -> TextTable {
        var table = TextTable(
            [.text("NAME"), .number("SIZE"), .reason("NOTE")], indentation: indentation)
        for row in rows { table.add(row.map { StyledText($0) }) }
        return table
    }

    private func lines(_ rows: [[String]], isWhole: Bool = false) -> [String] {
        table(rows).lines(isWhole: isWhole).map(\.plain)
    }

    @Test func columnsAreAlignedAndNumbersStandAtTheRight() {
        #expect(
            lines([["a", "7", "x y"], ["longer", "1234567", ""], ["", "", "z"]]) == [
                "NAME       SIZE  NOTE",
                "a             7  x y",
                "longer  1234567  -",
                "-             -  z",
            ])
    }

    @Test func wideAndCombiningCharactersCountAsTheyShow() {
        #expect(
            lines([["日本", "1", "n"], ["e\u{301}", "1", "n"], ["🦊", "1", "n"]]) == [
                "NAME  SIZE  NOTE",
                "日本     1  n",
                "e\u{301}        1  n",
                "🦊       1  n",
            ])
    }

    @Test func aCellIsOneLineThatSteersNothing() {
        let found = lines([["a\nb", "\u{1B}[2J", "\u{202E}x"]])
        #expect(found[1] == "a\\u{A}b  \\u{1B}[2J  \\u{202E}x")
        #expect(found[0] == "NAME          SIZE  NOTE")
    }

    @Test func onlyAReasonIsCutAndALastLineSaysSo() {
        let reason = String(repeating: "why ", count: 60)
        let name = String(repeating: "n", count: 40)
        let cut = lines([[name, "1", reason], ["b", "22", "short"]])
        #expect(cut.count == 4)
        #expect(cut.allSatisfy { $0.count <= TextTable.widthMax })
        #expect(cut[1].hasPrefix(name) && cut[1].hasSuffix("…") && cut[1].count == 100)
        #expect(cut[3].contains("--verbose"))
        let whole = lines([[name, "1", reason], ["b", "22", "short"]], isWhole: true)
        #expect(whole.count == 3 && whole[1].hasSuffix(reason))
    }

    @Test func aNameTooLongForTheTableIsWholeAllTheSame() {
        let name = String(repeating: "n", count: 128)
        let found = lines([[name, "1", "because"]])
        #expect(found[1] == name + "     1  bec…")
    }

    @Test func whatFitsIsNotCut() {
        let name = String(repeating: "n", count: 90)
        #expect(lines([[name, "1", "12"]])[1] == name + "     1  12")
    }

    @Test func rowsPrintedOneByOneStayAligned() {
        let columns: [TextTable.Column] = [
            .text("LAYER", widthMin: 13), .number("TIME", widthMin: 9),
        ]
        let rows: [[StyledText]] = [["file", "0.144 ms"], ["compatibility", "12.0 s"]]
        let single = rows.map { row in
            var table = TextTable(columns)
            table.add(row)
            return table.lines().map(\.plain)
        }
        #expect(single[0] == ["LAYER               TIME", "file            0.144 ms"])
        #expect(single[1] == ["LAYER               TIME", "compatibility     12.0 s"])
    }

    @Test func aTableWithoutHeadingsHasNoLineForThem() {
        var table = TextTable([.text(""), .text("")], indentation: 2)
        table.add(["state", "ready"])
        #expect(table.lines().map(\.plain) == ["  state  ready"])
        #expect(!table.isEmpty && TextTable([]).isEmpty)
    }

    @Test func aStyleStaysWithItsCell() {
        var table = TextTable([.text("NAME"), .text("MARK")])
        table.add(["a", StyledText("MOCK", .alarm)])
        let line = table.lines()[1]
        #expect(line.plain == "a     MOCK")
        #expect(line.parts.filter { $0.style == .alarm }.map(\.text) == ["MOCK"])
    }

    @Test(arguments: [
        ("plain", 5), ("", 0), ("e\u{301}", 1), ("汉字", 4), ("한국", 4), ("\u{1112}\u{1161}", 2),
        ("ｆｕｌｌ", 8), ("ﾊﾝｶｸ", 4), ("👩‍🚀", 4), ("a\u{200D}b\u{AD}", 2), ("ü…µ", 3),
    ])
    func widthsAreThoseOfTerminals(_ text: String, _ width: Int) {
        #expect(terminalWidth(text) == width)
    }

    @Test func aTextIsCutBetweenCharacters() {
        #expect(shortened("abcdef", to: 6) == "abcdef")
        #expect(shortened("abcdefg", to: 6) == "abcde…")
        #expect(shortened("日本語日本", to: 6) == "日本…")
        #expect(shortened("e\u{301}e\u{301}e\u{301}", to: 2) == "e\u{301}…")
    }

    @Test func aTextIsWrappedAtSpacesAndWordsAreWhole() {
        #expect(wrapped("one two three", to: 7) == ["one two", "three"])
        #expect(wrapped("a abcdefghij b c", to: 5) == ["a", "abcdefghij", "b c"])
        #expect(wrapped("", to: 5) == [])
        #expect(wrapped("日本 語", to: 7) == ["日本 語"])
        #expect(wrapped("日本 語", to: 6) == ["日本", "語"])
    }
}
