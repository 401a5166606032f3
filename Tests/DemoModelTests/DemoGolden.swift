// What the demo model must answer, written by models/train/goldens.py with PyTorch and the HF
// tokenizers library, and the model run as the tests need it.
//
//   demo.logits.f32   [way][prompt][vocabulary] float32, little-endian; ways: float, exact
//
// Guarantees: a file that does not hold what it says is an error, not a crash.
// Does not: need anything outside the checkout.

import Compute
import DemoModel
import Fidelity
import Foundation
import Goldens
import ModelFiles
import TestSupport
import Tokenizers

struct DemoGolden: Decodable {
    /// How the inputs of the ternary matrices were treated.
    enum Way: String, Decodable, CaseIterable, Sendable {
        /// Not rounded.
        case float
        /// Rounded to 8 bits per token, as in training: the product's default.
        case exact

        var overrides: [String: String] { self == .float ? ["activation_rounding": "none"] : [:] }
    }

    /// Best tokens of one way of computing.
    struct Choices: Decodable {
        /// At every position.
        let best: [Int]
        /// Positions whose two best logits lie too near each other to be sure.
        let nearTies: [Int]
    }

    struct Prompt: Decodable {
        let skill: String
        let hex: String
        let tokens: [Int32]
        let float: Choices
        let exact: Choices
        /// The greedy answer with rounded inputs, without the token that ended it.
        let answer: [Int32]
        let answerText: String
        /// `stop` or, after 96 tokens, `length`.
        let finish: String
        /// The smallest distance of the two best logits on the way.
        let gap: Double

        func choices(_ way: Way) -> Choices { way == .float ? float : exact }
    }

    struct Text: Decodable {
        let hex: String
        /// Ids with names of special tokens taken for text.
        let plain: [Int32]
        /// Ids with them recognised.
        let special: [Int32]
    }

    let vocabulary: Int
    let begin: Int32
    let end: Int32
    let ways: [Way]
    let prompts: [Prompt]
    let texts: [Text]

    private static let folder = Fixtures.checkout.appendingPathComponent(
        "Tests/DemoModelTests/goldens")

    static func read() throws -> DemoGolden {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            DemoGolden.self, from: Data(contentsOf: folder.appendingPathComponent("demo.json")))
    }

    /// One row per prompt, the logits at its last position.
    func logits(_ way: Way) throws -> [[Float]] {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("demo.logits.f32"))
        guard let index = ways.firstIndex(of: way),
            data.count == ways.count * prompts.count * vocabulary * 4
        else { throw GoldenError(description: "demo.logits.f32 has \(data.count) bytes") }
        let start = index * prompts.count * vocabulary
        return data.withUnsafeBytes { bytes in
            prompts.indices.map { row in
                (0..<vocabulary).map { column in
                    let offset = (start + row * vocabulary + column) * 4
                    let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    return Float(bitPattern: UInt32(littleEndian: bits))
                }
            }
        }
    }
}

/// The packaged file, ready to run.
enum Demo {
    static func run(
        _ way: DemoGolden.Way = .exact, on set: InstructionSet = .best, threads: Int = 2
    ) throws -> ModelRun {
        try ModelRun(path: DemoModel.path(), overrides: way.overrides, on: set, threads: threads)
    }

    static func tokenizer() throws -> any Tokenizer {
        try TokenizerFactory.make(from: ParsedModel(ModelFileSet(path: DemoModel.path())))
    }

    /// The packaged file and its seal, copied to `name` in `directory`; `change` alters the bytes
    /// of the model first.
    static func copy(
        to directory: TemporaryDirectory, as name: String = DemoModel.fileName,
        change: (inout [UInt8]) -> Void = { _ in }
    ) throws -> String {
        let path = try DemoModel.path()
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        change(&bytes)
        let seal = try Data(contentsOf: URL(fileURLWithPath: path + ".seal"))
        try directory.write(seal, as: name + ".seal")
        return try directory.write(bytes, as: name)
    }
}
