// Values of flags: each refusal names the flag, the finding and the allowed values.

import PlainText
import Testing

@Suite struct FlagValueTests {
    private enum Color: String, CaseIterable { case red, dark_blue }

    private func sentence(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? FlagError)?.sentence
        }
    }

    @Test func wholeNumbers() throws {
        let read: (String) throws -> Int = FlagValue.whole("--n", -2...7)
        #expect(try read("-2") == -2 && read("7") == 7 && read("007") == 7)
        #expect(sentence { try read("8") } == "--n: found 8, allowed: -2 to 7")
        #expect(sentence { try read("-3") } == "--n: found -3, allowed: -2 to 7")
        for text in ["", "-", "+1", "1.0", "1e1", "0x1", "--1", " 1", "1_0"] {
            let words = "--n: found \"\(text)\", allowed: a whole number, -2 to 7"
            #expect(sentence { try read(text) } == words)
        }
        let long = String(repeating: "9", count: 5000)
        #expect((sentence { try read(long) } ?? "").utf8.count < 200)
    }

    @Test func numbers() throws {
        let read = FlagValue.number("--t", 0...1.5)
        #expect(try read("0.5") == 0.5 && read("1e-3") == 0.001 && read(".5") == 0.5)
        #expect(sentence { try read("-0.5") } == "--t: found -0.5, allowed: 0 to 1.5")
        #expect(sentence { try read("2") } == "--t: found 2, allowed: 0 to 1.5")
        for text in ["", "nan", "inf", "0x1p3", "1e999", "hot", "1,5"] {
            let words = "--t: found \"\(text)\", allowed: a number, 0 to 1.5"
            #expect(sentence { try read(text) } == words)
        }
    }

    @Test func times() throws {
        let read = FlagValue.time("--d", in: .milliseconds, 1...60_000)
        #expect(try read("50") == 50 && read("50ms") == 50 && read("1.5s") == 1500)
        #expect(try read("1m") == 60_000 && read("2000us") == 2)
        for text in ["0", "61s", "50us", "1.5", "-1", "soon"] {
            #expect(
                sentence { try read(text) } == "--d: found \"\(text)\", allowed: 1 to 60000 "
                    + "milliseconds, or a time such as 50ms, 5s, 2m, 1h")
        }
        let span = FlagValue.span("--w", bare: .seconds, upTo: 10)
        #expect(try span("500ms") == 500_000_000 && span("10") == 10_000_000_000)
        #expect(sentence { try span("11s") } != nil)
    }

    @Test func wordsAndSizes() throws {
        let word: (String) throws -> Color = FlagValue.word("--c")
        #expect(try word("dark_blue") == .dark_blue)
        #expect(sentence { try word("Red") } == "--c: found \"Red\", allowed: red, dark_blue")
        let text = FlagValue.text("--m", 1...4)
        #expect(try text("äb") == "äb")
        #expect(sentence { try text("") } == "--m: found an empty text, allowed: 1 to 4 bytes")
        #expect(sentence { try text("abcde") } == "--m: found 5 bytes, allowed: 1 to 4 bytes")
    }

    @Test func theSentenceIsFoundBehindTheParsersWords() {
        let error = FlagError("--n", found: "\"x': y\"", allowed: "1")
        let message = "The value 'x': y' is invalid for '-n <n>': \(error)"
        #expect(FlagError.sentence(in: message) == error.sentence)
        #expect(FlagError.sentence(in: "Unknown option '--n'") == nil)
    }
}
