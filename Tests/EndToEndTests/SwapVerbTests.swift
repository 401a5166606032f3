// Swap, rollback, alias and pin from the command line: each verb once, as JSON and as a person
// sees it.

import Foundation
import TestSupport
import Testing

@Suite struct SwapVerbTests {
    /// What the verbs and models print, as far as the tests look.
    private struct Row: Decodable {
        struct Label: Decodable, Equatable {
            let label: String
            let generation: UInt64
            let share: Double?
        }
        let model: String?
        let provenance: String
        let fingerprint: String
        let generation: UInt64
        let previous_generation: UInt64?
        let held_generation: UInt64?
        let labels: [Label]
        let pinned: Bool
        let load_failure: String?
    }

    private struct Listed: Decodable {
        let models: [Row]
    }

    private struct Answer: Decodable {
        let generation: UInt64
        let tokens: [UInt32]
    }

    private let directory: TemporaryDirectory
    private let first: String
    private let second: String
    private let server: ServerProcess

    init() throws {
        directory = try TemporaryDirectory()
        first = try directory.write(GGUFBuilder.tinyLlama().build(), as: "first.gguf")
        second = try directory.write(GGUFBuilder.tinyLlama(seed: 2).build(), as: "second.gguf")
        server = try ServerProcess(model: first)
    }

    private func assay(_ words: [String], status: Int32 = 0) throws -> Program.Outcome {
        let outcome = try Program.run(
            "assay", words, environment: ["ASSAY_SERVER": server.addresses[0]])
        #expect(outcome.status == status, "\(words): \(outcome.errors)")
        return outcome
    }

    private func json<Value: Decodable>(_ words: [String], as type: Value.Type) throws -> Value {
        let output = try assay(words + ["--json"]).output
        return try JSONDecoder().decode(type, from: Data(output.utf8))
    }

    private func row() throws -> Row {
        try #require(try json(["models"], as: Listed.self).models.first)
    }

    /// Generation that answers a name.
    private func generation(_ name: String) throws -> UInt64 {
        try json(["generate", "--tokens", "1,300", "-n", "2", "-m", name], as: Answer.self)
            .generation
    }

    // MARK: - Tests

    @Test func aSwapIsAnsweredWithBothGenerationsAndRolledBack() throws {
        let before = try row()
        let swapped = try json(["swap", "m=" + second], as: Row.self)
        #expect(swapped.model == "m" && swapped.provenance == "real")
        #expect(swapped.generation == 2 && swapped.previous_generation == 1)
        #expect(swapped.held_generation == 1 && swapped.fingerprint != before.fingerprint)
        #expect(try generation("m") == 2)
        let back = try json(["rollback", "m"], as: Row.self)
        #expect(back.generation == 1 && back.held_generation == 2)
        #expect(back.fingerprint == before.fingerprint)
        #expect(try generation("m") == 1)

        let shown = try assay(["swap", "m=" + second]).output
        #expect(shown.contains("LAYER") && shown.contains("validation     ok"), "\(shown)")
        #expect(shown.contains("\nm: generation 3 answers, generation 1 is held for a rollback\n"))
        #expect(shown.contains("\n[provenance: real | model: m | fingerprint: "))
    }

    @Test func labelsAndPinsAreShownAndHold() throws {
        _ = try assay(["swap", "m=" + second])
        let labelled = try json(["alias", "m:old", "1", "--share", "0.25"], as: Row.self)
        #expect(labelled.labels == [.init(label: "old", generation: 1, share: 0.25)])
        #expect(try generation("m:old") == 1)
        #expect(try json(["pin", "m"], as: Row.self).pinned)
        let table = try assay(["models"]).output.split(separator: "\n")
        let widths = table.map(\.count)
        #expect(table.count >= 3 && widths.allSatisfy { $0 <= 100 }, "\(table)")
        #expect(table[1].contains("pinned; 1 held"), "\(table)")
        #expect(table[2].hasPrefix("m:old ") && table[2].hasSuffix("25 % of m"), "\(table)")
        let refused = try assay(["unload", "m"], status: 2).errors
        #expect(refused.contains("assay pin NAME --off"), "\(refused)")
        #expect(try assay(["alias", "m:old", "0"]).output.hasPrefix("m:old is removed\n"))
        #expect(try assay(["pin", "m", "--off"]).output.hasPrefix("m is not pinned\n"))
        #expect(try row().labels.isEmpty)
        _ = try assay(["unload", "m"])
    }

    @Test func aSwapToABrokenFileLeavesTheOldGenerationAndSaysSo() throws {
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        let outcome = try assay(["swap", "m=" + broken], status: 65)
        #expect(outcome.output.contains("REJECTED"), "\(outcome.output)")
        #expect(outcome.errors.contains("MODEL_REJECTED"), "\(outcome.errors)")
        let row = try row()
        #expect(row.generation == 1 && row.held_generation == nil)
        #expect(row.load_failure?.hasPrefix("parse layer (not_gguf): ") == true)
        let health = try assay(["health", "m"]).output
        #expect(health.contains("ready (ready): the last swap of m failed"), "\(health)")
        #expect(try generation("m") == 1)
        let refused = try assay(["rollback", "m"], status: 2).errors
        #expect(refused.contains("assay swap NAME=PATH"), "\(refused)")
    }
}
