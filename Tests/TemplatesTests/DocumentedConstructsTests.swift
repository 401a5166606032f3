// docs/templates.md lists the constructs as the interpreter's tables have them.
//
// With ASSAY_WRITE_DOCS=1 the test writes the table into the document instead.

import Foundation
import Templates
import TestSupport
import Testing

struct DocumentedConstructsTests {
    private static let path = Fixtures.checkout.appendingPathComponent("docs/templates.md")
    private static let marks = ("<!-- constructs: begin -->\n", "<!-- constructs: end -->")

    private static var table: String {
        let rows: [(String, [String])] = [
            ("statements", SupportedConstructs.statements),
            ("operators", SupportedConstructs.operators),
            ("filters", SupportedConstructs.filters), ("tests", SupportedConstructs.tests),
            ("methods", SupportedConstructs.methods),
            ("functions", SupportedConstructs.functions),
            ("`loop.`", SupportedConstructs.loopNames),
            ("codes of `strftime_now`", SupportedConstructs.timeCodes),
        ]
        return "| kind | constructs |\n|---|---|\n"
            + rows.map { kind, names in
                "| \(kind) | " + names.map { "`\($0)`" }.joined(separator: " ") + " |\n"
            }.joined()
    }

    @Test func documentHasTheTable() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let range = begin.upperBound..<end.lowerBound
        if ProcessInfo.processInfo.environment["ASSAY_WRITE_DOCS"] == "1" {
            try text.replacingCharacters(in: range, with: Self.table)
                .write(to: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let isSame = text[range] == Self.table
        #expect(isSame, "run this test with ASSAY_WRITE_DOCS=1 to write docs/templates.md anew")
    }
}
