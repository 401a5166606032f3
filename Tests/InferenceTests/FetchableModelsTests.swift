// docs/formats.md lists models that anybody can fetch, from docs/fetch.json: families and formats
// are the engine's, and the memory follows from the shapes.
//
// With ASSAY_WRITE_DOCS=1 the test writes the table into the document instead. Not here: whether a
// file is still published.

import Compute
import Foundation
import Inference
import TestSupport
import Testing

struct FetchableModelsTests {
    private struct List: Decodable { let models: [Entry] }

    private struct Entry: Decodable {
        let name, repository, revision, file, sha256, architecture, use: String
        let bytes, blocks, key_value_heads, head_size, context: Int
        let formats: [String]
        /// The embedding that serves as output matrix too, which is packed in addition.
        let tied_output: TiedOutput?
    }

    private struct TiedOutput: Decodable {
        let vocabulary, width: Int
        let format: String
    }

    private static let path = Fixtures.checkout.appendingPathComponent("docs/formats.md")
    private static let marks = ("<!-- fetch: begin -->\n", "<!-- fetch: end -->")
    /// Positions of cache that the placement layer counts, too.
    private static let positionCount = 4096

    private let models: [Entry]

    init() throws {
        let file = Fixtures.checkout.appendingPathComponent("docs/fetch.json")
        models = try JSONDecoder().decode(List.self, from: Data(contentsOf: file)).models
    }

    @Test func everyModelIsOfAFamilyAndOfFormatsThatTheEngineHas() {
        let formats = Set(WeightFormat.allCases.map(\.name))
        for model in models {
            #expect(ArchitectureDescription.all[model.architecture] != nil, "\(model.name)")
            #expect(formats.isSuperset(of: model.formats), "\(model.name): \(model.formats)")
            #expect(model.tied_output.map { model.formats.contains($0.format) } ?? true)
            #expect(model.sha256.count == 64 && model.revision.count == 40)
            let isHex = (model.sha256 + model.revision).allSatisfy(\.isHexDigit)
            #expect(isHex, "\(model.name)")
            #expect(model.file.hasSuffix(".gguf") && model.repository.contains("/"))
            #expect(["chat", "embeddings"].contains(model.use))
        }
        #expect(Set(models.map(\.file)).count == models.count && models.count >= 5)
    }

    @Test func theDocumentHasTheTable() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let range = begin.upperBound..<end.lowerBound
        let wanted = try table()
        if ProcessInfo.processInfo.environment["ASSAY_WRITE_DOCS"] == "1" {
            try text.replacingCharacters(in: range, with: wanted)
                .write(to: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let isSame = text[range] == wanted
        #expect(isSame, "run this test with ASSAY_WRITE_DOCS=1 to write docs/formats.md anew")
    }

    private func table() throws -> String {
        let sorted = try models.map { ($0, try memory($0)) }.sorted { $0.1 < $1.1 }
        let rows = sorted.map { model, need in
            "| \(model.name), \(model.use) | \(model.repository): `\(model.file)` | "
                + "\(gigabytes(model.bytes, 2)) | \(gigabytes(need, 1)) | `\(model.architecture)` |\n"
        }
        return "| model | file | size | memory | family |\n|---|---|---|---|---|\n" + rows.joined()
    }

    /// Bytes of the file, of a second copy of a tied embedding, and of the cache.
    private func memory(_ model: Entry) throws -> Int {
        let shape = CacheShape(
            kvHeads: Array(repeating: model.key_value_heads, count: model.blocks),
            keyLength: model.head_size, valueLength: model.head_size,
            pageCount: (min(Self.positionCount, model.context) - 1) / CacheShape.pagePositions + 1)
        var tied = 0
        if let output = model.tied_output {
            let format = try #require(WeightFormat.allCases.first { $0.name == output.format })
            tied = output.vocabulary * output.width / format.valuesPerBlock * format.bytesPerBlock
        }
        return model.bytes + tied + (try #require(shape.size))
    }

    /// Rounded up, so that a machine with the printed memory has enough.
    private func gigabytes(_ bytes: Int, _ places: Int) -> String {
        let scale = places == 1 ? 10.0 : 100.0
        return String(format: "%.\(places)f GB", (Double(bytes) / 1e9 * scale).rounded(.up) / scale)
    }
}
