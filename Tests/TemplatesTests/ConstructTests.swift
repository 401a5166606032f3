// Each construct beside the reference.

import Testing

import Templates

@Suite("template constructs")
struct ConstructTests {
    @Test("a construct gives what jinja2 gives", arguments: all)
    func agreesWithReference(_ row: Case) throws {
        let template = try Template(source: row.source)
        let variables = try Self.variables()
        do throws(TemplateError) {
            let rendering = try template.render(variables: variables, now: Self.now)
            #expect(rendering.text.string == row.output)
        } catch {
            #expect(row.output == nil, "\(error)")
            #expect((error.code == .raised) == (row.raised != nil), "\(error)")
            if let raised = row.raised { #expect(error.message == raised) }
            #expect(!error.code.isLoading)
        }
    }

    @Test("a second rendering gives the same bytes and steps", arguments: all)
    func isRepeatable(_ row: Case) throws {
        let template = try Template(source: row.source)
        let variables = try Self.variables()
        guard let first = try? template.render(variables: variables, now: Self.now) else { return }
        let second = try template.render(variables: variables, now: Self.now)
        #expect(first.text == second.text)
        #expect(first.steps == second.steps)
    }

    static let now = TemplateTime("2026-03-05T09:07:03")

    static func variables() throws -> [(String, TemplateValue)] {
        let json = """
            {"word":"ab cd","numbers":[3,1,2],"table":{"b":1,"A":[2],"items":5},"nothing":null,\
            "big":12345678901234567890,"messages":[{"role":"user","content":"Hey <you>","n":1.0},\
            {"role":"assistant","content":"Yes","tool_calls":[{"function":{"name":"f"}}]}]}
            """
        guard case .dictionary(let fields) = try TemplateValue(json: Array(json.utf8)) else {
            return []
        }
        return fields.keys.indices.compactMap { index in
            guard case .text(let name) = fields.keys[index] else { return nil }
            return (name.string, fields.values[index])
        }
    }
}
