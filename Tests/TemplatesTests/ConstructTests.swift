// Each construct beside the reference: the rows of constructs.json.
//
// The rows stand alone, and `make mutate-templates` shows that they notice a wrong interpreter.

import Foundation
import TestSupport
import Testing

import Templates

@Suite("template constructs")
struct ConstructTests {
    /// A template and what the reference made of it.
    struct Case: Sendable, CustomStringConvertible {
        let source: String
        /// The output, or nil for an error.
        let output: String?
        /// The words of `raise_exception`.
        let raised: String?
        let now: TemplateTime?

        var description: String { source }

        init(_ row: TemplateValue) {
            source = row[key: "source"].words ?? ""
            output = row[key: "output"].words
            raised = row[key: "raised"].words
            now = row[key: "now"].words.map { TemplateTime($0) } ?? ConstructTests.now
        }
    }

    private static let file: TemplateValue = {
        let path = Fixtures.checkout.appendingPathComponent("Tests/TemplatesTests/constructs.json")
        let bytes = (try? Data(contentsOf: path)).map { Array($0) } ?? []
        return (try? TemplateValue(json: bytes)) ?? .none
    }()

    static let all: [Case] = {
        guard case .list(let rows)? = file[key: "rows"] else { return [] }
        return rows.map { Case($0) }
    }()

    static let now = TemplateTime(file[key: "now"].words ?? "")

    static func variables() throws -> [(String, TemplateValue)] {
        guard case .dictionary(let fields)? = file[key: "variables"] else { return [] }
        return fields.keys.indices.compactMap { index in
            guard case .text(let name) = fields.keys[index] else { return nil }
            return (name.string, fields.values[index])
        }
    }

    @Test("the rows are there")
    func readsRows() throws {
        #expect(Self.all.count > 180)
        #expect(try Self.variables().count == 6)
        #expect(Self.now != nil)
        #expect(Self.all.allSatisfy { !$0.source.isEmpty })
    }

    @Test("a construct gives what jinja2 gives", arguments: all)
    func agreesWithReference(_ row: Case) throws {
        let template = try Template(source: row.source)
        let variables = try Self.variables()
        do throws(TemplateError) {
            let rendering = try template.render(variables: variables, now: row.now)
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
        guard let first = try? template.render(variables: variables, now: row.now) else { return }
        let second = try template.render(variables: variables, now: row.now)
        #expect(first.text == second.text)
        #expect(first.steps == second.steps)
    }
}

extension TemplateValue? {
    /// The words of a text, or nil.
    fileprivate var words: String? {
        if case .text(let text)? = self { text.string } else { nil }
    }
}
