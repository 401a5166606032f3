// docs/formats.md lists the parts of a tokenizer.json as the readers' table has them.
//
// With ASSAY_WRITE_DOCS=1 the test writes the table into the document instead.

import Foundation
import TestSupport
import Testing
import Tokenizers

struct DocumentedPartsTests {
    private static let path = Fixtures.checkout.appendingPathComponent("docs/formats.md")
    private static let marks = ("<!-- tokenizers: begin -->\n", "<!-- tokenizers: end -->")

    private static var table: String {
        TokenizerParts.Place.allCases.reduce("| part | done | refused |\n|---|---|---|\n") {
            let rows = TokenizerParts.rows.filter { [place = $1] in $0.place == place }
            let done = rows.filter { $0.refusal == nil }.map { row in
                "`\(row.type)`" + (row.limits.isEmpty ? "" : " (not: \(row.limits))")
            }
            let refused = rows.compactMap { row in
                row.refusal.map { "`\(row.type)` (\($0))" }
            }
            return $0 + "| \($1.rawValue) | \(done.joined(separator: ", ")) | "
                + "\(refused.joined(separator: ", ")) |\n"
        }
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
        #expect(isSame, "run this test with ASSAY_WRITE_DOCS=1 to write docs/formats.md anew")
    }
}
