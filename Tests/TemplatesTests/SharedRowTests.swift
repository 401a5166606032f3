// The shared rows: the meaning of constructs, and attacks.
//
// They lie beside the checkout. Without them these tests are reported as skipped.

import Foundation
import TestSupport
import Testing

import Templates

@Suite("shared rows of templates", .enabled(if: Fixtures.exists("jinja/semantics.json")))
struct SharedRowTests {
    private static func json(_ name: String) throws -> TemplateValue {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
        return try TemplateValue(json: Array(data))
    }

    @Test("the meaning of constructs")
    func agreesOnSemantics() throws {
        let rows = try Self.json("jinja/semantics.json")
        let messages = try #require(rows[key: "messages"])
        guard case .list(let cases)? = rows[key: "cases"] else { return }
        for row in cases {
            let source = row[key: "template"].text
            do throws(TemplateError) {
                let rendering = try Template(source: source).render(
                    variables: [("messages", messages)], now: ConstructTests.now)
                #expect(rendering.text.string == row[key: "output"].text, "\(source)")
            } catch {
                let isRefused = error.code == .unsupported && row[key: "beyond"] != nil
                #expect(isRefused || row[key: "error"] != nil, "\(source): \(error)")
            }
        }
    }

    @Test("attacks are refused or stopped")
    func survivesAttacks() throws {
        guard case .list(let cases)? = try Self.json("jinja/hostile.json")[key: "cases"] else {
            return
        }
        for row in cases {
            let want = row[key: "want"].text
            do throws(TemplateError) {
                _ = try Template(source: row[key: "template"].text).render(
                    variables: [("messages", .list([]))], now: ConstructTests.now)
                #expect(want.contains("rendered"), "\(row[key: "id"].text)")
            } catch {
                let stage = error.code.isLoading ? "refused at load" : "stopped while rendering"
                #expect(want.contains(stage), "\(row[key: "id"].text): \(error)")
            }
        }
    }
}

extension TemplateValue? {
    /// The words of a text, or nothing.
    fileprivate var text: String {
        if case .text(let text)? = self { text.string } else { "" }
    }
}
