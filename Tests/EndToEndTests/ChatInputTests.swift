// What lines of a chat mean, and the file of a conversation: no terminal, no server.

import Foundation
import Testing
import Wire
import assay

@Suite struct ChatInputTests {
    private func entries(_ lines: String...) -> [ChatEntry] {
        var input = ChatInput()
        return lines.compactMap { input.take($0) } + (input.finish().map { [$0] } ?? [])
    }

    @Test func aLineIsAMessageOrACommand() {
        #expect(entries("Hello", " ", "/clear") == [.message("Hello"), .command("/clear")])
        #expect(entries("//x", "/") == [.message("/x"), .command("/")])
        #expect(entries("a / b", " /x") == [.message("a / b"), .message(" /x")])
    }

    @Test func aBackslashAtTheEndGoesOn() {
        #expect(entries("a\\", "b\\", "c") == [.message("a\nb\nc")])
        #expect(entries("a\\") == [.message("a")])
        #expect(entries("/system a\\", "b") == [.command("/system a\nb")])
        #expect(entries("\\", "") == [])
    }

    @Test func quotesHoldLinesAsTheyAre() {
        #expect(entries("\"\"\"a", "", "/b\\", "c\"\"\"") == [.message("a\n\n/b\\\nc")])
        #expect(entries("\"\"\"", "/x", "\"\"\"") == [.message("/x")])
        #expect(entries("\"\"\"one\"\"\"") == [.message("one")])
        #expect(entries("\"\"\"", " ", "\"\"\"") == [])
        #expect(entries("say \"\"\"", "b") == [.message("say \"\"\""), .message("b")])
    }

    @Test func anOpenBlockAtTheEndIsRefused() {
        let refusal = ChatEntry.refused(
            "the input ends in a block; allowed: a line that ends with \"\"\"")
        #expect(entries("\"\"\"a", "b") == [refusal])
    }

    @Test func whatWaitsCanBeThrownAway() {
        var input = ChatInput()
        #expect(input.take("\"\"\"a") == nil && input.isOpen)
        input.drop()
        #expect(!input.isOpen && input.take("b") == .message("b"))
    }

    @Test func aMessageBeyondTheLimitIsRefusedAndTheNextIsNot() {
        var input = ChatInput()
        let half = String(repeating: "x", count: Limits.textSizeMax / 2)
        #expect(input.take(half + "\\") == nil)
        #expect(input.take(half + "\\") == nil)
        guard case .refused(let reason)? = input.take(half) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("allowed: up to \(Limits.textSizeMax)"))
        #expect(input.take("next") == .message("next"))
    }

    // MARK: - Commands

    static let commands: [(String, ChatCommand)] = [
        ("/system", .system(nil)), ("/system Be kind.", .system("Be kind.")),
        ("/system \"\"", .system("")), ("/clear ", .clear), ("/save", .save(nil)),
        ("/save a b.json", .save("a b.json")), ("/load  x ", .load("x")), ("/stats", .stats),
        ("/model", .model(nil)), ("/model demo", .model("demo")), ("/help", .help),
        ("/?", .help), ("/exit", .exit), ("/bye", .exit), ("/quit", .exit),
    ]

    @Test func everyCommandIsRead() throws {
        for (text, command) in Self.commands {
            #expect(try ChatCommand.parse(text) == command)
        }
        for (text, _) in Self.commands where !["/?", "/bye", "/quit"].contains(text) {
            let word = text.split(separator: " ")[0]
            #expect(ChatCommand.list.contains(word + " "), "\(word)")
        }
    }

    @Test func thePageHasEveryCommandOfTheList() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/command-line.md"), encoding: .utf8)
        let words = ChatCommand.list.split(separator: "\n").compactMap { line in
            line.hasPrefix("//") ? nil : line.prefixMatch(of: /\/[a-z]+( \[?[A-Z]+\]?)?/)?.output.0
        }
        #expect(words.count == 8)
        for word in words { #expect(page.contains("`\(word)`"), "\(word)") }
    }

    static let refused: [(String, String)] = [
        ("/hlep", "no command /hlep; nearest: /help"),
        ("/modle x", "no command /modle; nearest: /model"),
        ("/", "no command /; nearest: /"),
        ("/load", "/load: found no file, allowed: the path of a conversation"),
        ("/clear all", "/clear: found \"all\" behind it, allowed: nothing"),
    ]

    @Test func aWrongCommandIsAnsweredWithWhatIsAllowed() {
        for (text, words) in Self.refused {
            let refusal = #expect(throws: ChatCommand.Refusal.self) {
                try ChatCommand.parse(text)
            }
            #expect(refusal?.message.hasPrefix(words) == true, "\(refusal?.message ?? "")")
            #expect(refusal?.advice.isEmpty == false)
        }
    }

    // MARK: - The conversation

    @Test func aQuestionBelongsToTheConversationOnceItIsAnswered() {
        var record = ChatRecord(system: "Be kind.")
        #expect(record.asking("Hi").map(\.role) == [.system, .user])
        #expect(record.all.count == 1)
        record.add("Hi", answer: "Hello\n\"you\"")
        #expect(record.all.map(\.role) == [.system, .user, .assistant])
        #expect(
            record.fileText == """
                {"messages": [
                  {"role":"system","content":"Be kind."},
                  {"role":"user","content":"Hi"},
                  {"role":"assistant","content":"Hello\\n\\"you\\""}
                ]}

                """)
        record.clear()
        #expect(record.all == [ChatMessage(.system, "Be kind.")])
    }
}
