// docs/formats.md lists families and keys as the engine's tables have them.
//
// With ASSAY_WRITE_DOCS=1 the test writes the list into the document instead.

import Foundation
import Inference
import TestSupport
import Testing

struct DocumentedKeysTests {
    private static let path = Fixtures.checkout.appendingPathComponent("docs/formats.md")
    private static let marks = ("<!-- keys: begin -->\n", "<!-- keys: end -->")

    @Test func documentHasTheTables() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let range = begin.upperBound..<end.lowerBound
        let wanted = KeyDocumentation.markdown + "\n"
        if ProcessInfo.processInfo.environment["ASSAY_WRITE_DOCS"] == "1" {
            try text.replacingCharacters(in: range, with: wanted)
                .write(to: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let isSame = text[range] == wanted
        #expect(isSame, "run this test with ASSAY_WRITE_DOCS=1 to write docs/formats.md anew")
    }
}
