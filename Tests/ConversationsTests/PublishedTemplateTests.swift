// Published templates, where their folder is at hand: what the probes find in them.

import Conversations
import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite(.enabled(if: Fixtures.exists("templates/index.json"))) struct PublishedTemplateTests {
    private struct Published {
        let name: String
        let hasTools: Bool
        let template: ChatTemplate
    }

    private func published() throws -> [Published] {
        let index = try JSONDocument(bytes("index.json")).root
        return try index.elements.map { entry in
            let name = try #require(entry["name"]?.asString)
            let context = entry["context"].map { Array($0.members) } ?? []
            let tokens = context.compactMap { member in
                member.value.asString.map {
                    SpecialTokenText(name: String(decoding: member.key, as: UTF8.self), text: $0)
                }
            }
            let source = ChatTemplateSource(place: name, text: try bytes(name + ".jinja"))
            let checked = try CheckedTemplates(ChatTemplateSources(source), specialTokens: tokens)
            return Published(
                name: name,
                hasTools: entry["uses"]?.elements.contains { $0.asString == "tools" } == true,
                template: try #require(checked.probed().standard))
        }
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: Fixtures.path("templates/" + name))))
    }

    /// Two calls of one turn arrive in 71 of the 95 templates with tools, in one form or another;
    /// the reference's renderings say the same.
    @Test func callsArriveInTheFormThatProbesChoose() throws {
        let published = try published()
        let tools = published.filter(\.hasTools).map(\.template)
        #expect(tools.count == 95)
        let writing = tools.filter(\.abilities.writesCalls)
        #expect(writing.filter { $0.abilities.callCountMax == nil }.count == 71)
        #expect(writing.filter { $0.abilities.callCountMax == 1 }.count == 6)
    }

    @Test func everyTemplateTakesAUserMessage() throws {
        for entry in try published() {
            // Fails for tools that are none, in the reference too; its other half has tools.
            if entry.name == "CohereForAI-c4ai-command-r-v01" { continue }
            #expect(entry.template.abilities.failure == nil, "\(entry.name)")
        }
    }
}
