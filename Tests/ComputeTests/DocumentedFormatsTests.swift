// docs/models.md lists the tensor formats with their sizes as the engine's table has them.
//
// With ASSAY_WRITE_DOCS=1 the test writes the list into the document instead.

import Compute
import Foundation
import TestSupport
import Testing

struct DocumentedFormatsTests {
    private static let path = Fixtures.checkout.appendingPathComponent("docs/models.md")
    private static let marks = ("<!-- formats: begin -->\n", "<!-- formats: end -->")

    @Test func documentHasTheTable() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let range = begin.upperBound..<end.lowerBound
        let wanted = try Self.table() + "\n"
        if ProcessInfo.processInfo.environment["ASSAY_WRITE_DOCS"] == "1" {
            try text.replacingCharacters(in: range, with: wanted)
                .write(to: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let isSame = text[range] == wanted
        #expect(isSame, "run this test with ASSAY_WRITE_DOCS=1 to write docs/models.md anew")
    }

    /// Bits of a weight in a matrix of whole blocks and whole tiles.
    private static func table() throws -> String {
        let rows = 256, columns = 8192
        let lines = try WeightFormat.allCases.sorted { $0.name < $1.name }.map { format in
            let file = try #require(format.fileSize(rows: rows, columns: columns))
            let packed = try #require(format.packedSize(rows: rows, columns: columns))
            let bits = [file - format.trailerSize, packed].map { size in
                String(format: "%.2f", Double(size * 8) / Double(rows * columns))
            }
            return "| \(format.name) | \(bits[0]) | \(bits[1]) |"
        }
        return (["| format | bits in the file | bits in memory |", "|---|---|---|"] + lines)
            .joined(separator: "\n")
    }
}
