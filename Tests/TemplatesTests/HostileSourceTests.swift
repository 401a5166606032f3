// Sources and values from a random generator: errors, never crashes.

import TestSupport
import Testing

import Templates

@Suite("hostile templates")
struct HostileSourceTests {
    private static let words = [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "if", "else", "elif", "endif", "for", "in",
        "endfor", "set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter",
        "x", "messages", "loop", ".", "[", "]", "(", ")", "{", "}", ",", ":", "|", "~", "*", "/",
        "not", "and", "or", "is", "1", "1.5", "'a'", "\"é\"", "\n", " ", "tojson", "upper", "join",
        "defined", "=", "==", "<", "ns", "namespace", "range", "caller", "break", "raw", "endraw",
        "generation", "endgeneration", "true", "none", "\\", "'", "é", "\r", "0x", "1_", "e5",
    ]

    @Test("sources of random words end with a text or an error")
    func survivesRandomWords() throws {
        var generator = SeededGenerator(
            seed: SeededGenerator.fuzzSeed("HostileSourceTests.survivesRandomWords"))
        let message = TemplateValue.dictionary([
            ("role", .text("user")), ("content", .text("Hi é")),
        ])
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...30, using: &generator)
            let source = (0..<count).map { _ in Self.words.randomElement(using: &generator) ?? "" }
            let glue = Bool.random(using: &generator) ? " " : ""
            try render(source.joined(separator: glue), [("messages", .list([message]))])
        }
    }

    @Test("templates with changed bytes end with a text or an error")
    func survivesChangedBytes() throws {
        var generator = SeededGenerator(
            seed: SeededGenerator.fuzzSeed("HostileSourceTests.survivesChangedBytes"))
        let sources = ConstructTests.all.map { Array($0.source.utf8) }
        let variables = try ConstructTests.variables()
        for _ in 0..<20_000 {
            var source = sources.randomElement(using: &generator) ?? []
            source += sources.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: source.indices, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: source[place] = UInt8.random(in: 0...127, using: &generator)
                case 1: source.remove(at: place)
                default: source.insert(source[place], at: place)
                }
                if source.isEmpty { source = [0x20] }
            }
            try render(String(decoding: source, as: UTF8.self), variables)
        }
    }

    private func render(_ source: String, _ variables: [(String, TemplateValue)]) throws {
        do throws(TemplateError) {
            let template = try Template(source: source)
            let text = try template.render(variables: variables, now: ConstructTests.now).text
            #expect(String(validating: text.utf8, as: UTF8.self) != nil)
            #expect(text.runs.reduce(0) { $0 + $1.range.count } == text.count)
        } catch {
            #expect(!error.message.isEmpty || error.code == .raised)
        }
    }
}
