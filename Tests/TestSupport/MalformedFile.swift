// The catalogue of broken model files: one builder per defect, each with the answer it must get.
//
// Every entry starts from a file that is right and changes one thing, byte-exactly. Layer and
// code are written as text: they are the stable names that outside callers rely on.
// The entries are in MalformedFile+….swift, one file per part of the format.

import Testing

/// A broken file and the refusal it must get.
package struct MalformedFile: Sendable, CustomTestStringConvertible {
    /// The defect in words; unique.
    package let name: String
    /// The layer that must refuse it.
    package let layer: String
    /// The code it must be refused with.
    package let code: String
    /// A text the message must contain: the key, the tensor, or the number at fault.
    package let mention: String
    /// Makes the file's bytes.
    package let bytes: @Sendable () -> [UInt8]

    /// True if the text names what it must name.
    package func isNamed(in text: String) -> Bool { mention.isEmpty || text.contains(mention) }

    /// The defect, for test reports.
    package var testDescription: String { name }

    /// Every entry of every part.
    package static var all: [MalformedFile] {
        foreign + header + metadata + alignment + tensorEntries + tensorPlaces + hyperParameters
            + tensorSets + vocabularies + weights
    }

    /// A file of these bytes.
    static func plain(
        _ name: String, code: String, mention: String = "", _ bytes: [UInt8]
    ) -> MalformedFile {
        MalformedFile(name: name, layer: "parse", code: code, mention: mention) { bytes }
    }

    /// The smallest complete file, with one change.
    static func parse(
        _ name: String, code: String, mention: String = "",
        _ change: @escaping @Sendable (inout GGUFBuilder) -> Void
    ) -> MalformedFile {
        MalformedFile(name: name, layer: "parse", code: code, mention: mention) {
            var builder = smallest
            change(&builder)
            return builder.build()
        }
    }

    /// A valid tiny llama, with one change.
    static func llama(
        _ name: String, layer: String = "compatibility", code: String, mention: String = "",
        encoding: WeightEncoding = .f32,
        _ change: @escaping @Sendable (inout GGUFBuilder) -> Void
    ) -> MalformedFile {
        MalformedFile(name: name, layer: layer, code: code, mention: mention) {
            var builder = models[encoding] ?? .tinyLlama(encoding: encoding)
            change(&builder)
            return builder.build()
        }
    }

    /// Made once: building a model takes longer than refusing it.
    private static let models: [WeightEncoding: GGUFBuilder] = Dictionary(
        uniqueKeysWithValues: WeightEncoding.allCases.map { ($0, .tinyLlama(encoding: $0)) })

    /// Three keys and two tensors of 32 bytes: well-formed, but no model.
    package static let smallest: GGUFBuilder = {
        var builder = GGUFBuilder()
        builder.add("general.architecture", .string("llama"))
        builder.add("test.number", .uint32(42))
        builder.add("test.words", .strings(["one", "two"]))
        let data = [UInt8](repeating: 1, count: 32)
        builder.tensors = [
            .init("first", [4, 2], format: 0, data: data),
            .init("second", [8], format: 0, data: data),
        ]
        return builder
    }()
}
