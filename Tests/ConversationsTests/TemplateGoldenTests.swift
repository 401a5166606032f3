// The shared goldens: what the reference makes of published templates and conversations.
//
// They lie beside the checkout. Without them these tests are reported as skipped.

import Conversations
import Foundation
import Templates
import TestSupport
import Testing

@Suite("template goldens", .enabled(if: Fixtures.exists("templates/conversations.json")))
struct TemplateGoldenTests {
    private static let now = TemplateTime("2026-03-05T09:07:03")

    private static func json(_ name: String) throws -> TemplateValue {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
        return try TemplateValue(json: Array(data))
    }

    private static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: Fixtures.path("templates"))
        return (files ?? []).filter { $0.hasSuffix(".golden.json") }.sorted()
    }()

    private static let conversations: [String: TemplateValue] = {
        guard let value = try? json("templates/conversations.json"), case .list(let list) = value
        else { return [:] }
        return list.reduce(into: [:]) { $0[$1[key: "id"].text] = $1 }
    }()

    @Test("all goldens of a template, from messages as callers send them", arguments: names)
    func rendersGoldens(_ name: String) throws {
        let golden = try Self.json("templates/\(name)")
        let source = try Data(
            contentsOf: URL(
                fileURLWithPath: Fixtures.path("templates/\(golden[key: "template"].text)")))
        let template = try Template(source: Array(source))
        guard case .list(let cases)? = golden[key: "cases"] else { return }
        #expect(!cases.isEmpty)
        for row in cases {
            let id = row[key: "conversation"].text
            let conversation = try #require(Self.conversations[id])
            let answer = Result { () throws(TemplateError) in
                try Self.reference(conversation, golden[key: "context"]).render(
                    template, now: Self.now)
            }
            Self.check(answer, row, "\(name) \(id)")
        }
    }

    private static func check(
        _ answer: Result<Rendering, TemplateError>, _ row: TemplateValue, _ name: String
    ) {
        switch answer {
        case .success(let rendering):
            #expect(rendering.text.string == row[key: "output"].text, "\(name)")
            checkSpans(rendering.text, row, name)
        case .failure(let error):
            let kind = row[key: "error"]?[key: "kind"].text
            #expect(kind != nil, "\(name): \(error)")
            #expect((error.code == .raised) == (kind == "raised"), "\(name): \(error)")
            #expect((error.code == .undefined) == (kind == "undefined"), "\(name): \(error)")
            if kind == "raised" {
                #expect(error.message == row[key: "error"]?[key: "message"].text)
            }
            #expect(error.code != .limit && !error.code.isLoading, "\(name): \(error)")
        }
    }

    /// Words of the caller that are spelled like control tokens have the caller's origin.
    private static func checkSpans(_ text: TemplateText, _ row: TemplateValue, _ name: String) {
        guard case .list(let spans)? = row[key: "caller_tokens"] else { return }
        for span in spans {
            guard case .list(let ends) = span, case .integer(let start) = ends[0],
                case .integer(let end) = ends[1]
            else { continue }
            let inside = text.runs.filter { $0.range.overlaps(start..<end) }
            #expect(inside.allSatisfy { $0.origin > 0 }, "\(name) \(start)")
        }
    }

    /// The conversation as a caller's: message n has the origin n + 1.
    private static func reference(
        _ conversation: TemplateValue, _ context: TemplateValue?
    ) -> ReferenceConversation {
        var messages: [TemplateValue] = []
        if case .list(let list)? = conversation[key: "messages"] {
            for (index, message) in list.enumerated() {
                messages.append(message.attributed(to: UInt32(index + 1)))
            }
        }
        var reference = ReferenceConversation(messages: messages)
        reference.tools = conversation[key: "tools"] ?? context?[key: "tools"] ?? .none
        if case .boolean(let flag)? = conversation[key: "add_generation_prompt"] {
            reference.addGenerationPrompt = flag
        }
        for source in [context, conversation[key: "kwargs"]] {
            guard case .dictionary(let fields)? = source else { continue }
            for (key, value) in zip(fields.keys, fields.values) {
                guard case .text(let name) = key else { continue }
                reference.variables.append((name.string, value))
            }
        }
        return reference
    }
}

extension TemplateValue? {
    /// The words of a text, or nothing.
    fileprivate var text: String {
        if case .text(let text)? = self { text.string } else { "" }
    }
}
