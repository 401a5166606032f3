// Nothing that carries a meaning is passed over in silence.

import Inference
import ModelFiles
import TestSupport
import Testing

struct MeaningTests {
    private static let gguf: [String: GGUFBuilder] = Dictionary(
        uniqueKeysWithValues: ["llama", "qwen2", "qwen3", "phi2", "phi3", "smollm3", "bitnet"]
            .compactMap { family in (try? GGUFBuilder.tiny(family)).map { (family, $0) } })
    private static let checkpoints: [String: CheckpointBuilder] = Dictionary(
        uniqueKeysWithValues: [
            "LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Phi3ForCausalLM",
        ].map { ($0, .tiny($0)) })

    private func plan(_ model: Meaning.Model, changed: Bool) throws -> ModelPlan {
        switch model {
        case .gguf(let family, let change):
            var builder = try Self.gguf[family] ?? GGUFBuilder.tiny(family)
            if changed { change(&builder) }
            return try ModelPlan(file: builder.parsed())
        case .checkpoint(let className, let change):
            var builder = Self.checkpoints[className] ?? .tiny(className)
            if changed { change(&builder) }
            return try builder.plan()
        }
    }

    @Test func thereAreThreeHundredFiles() {
        #expect(Meaning.all.count >= 300)
        #expect(Set(Meaning.all.map(\.description)).count == Meaning.all.count)
    }

    @Test func everyFileIsRefusedByName() throws {
        var served: [String] = []
        for meaning in Meaning.all {
            do {
                _ = try plan(meaning.model, changed: true)
                served.append(meaning.description)
            } catch let error as InferenceError {
                let isNamed = error.message.contains(meaning.culprit)
                #expect(isNamed, "\(meaning.description): \(error)")
            } catch let error as ModelFileError {
                #expect(error.message.contains(meaning.culprit), "\(meaning.description): \(error)")
            }
        }
        #expect(served.isEmpty, "\(served.count) of \(Meaning.all.count) were served")
    }

    /// The refusals above come from the additions.
    @Test func everyModelLoadsWithoutTheAddition() throws {
        var seen: Set<String> = []
        for meaning in Meaning.all {
            let name =
                switch meaning.model {
                case .gguf(let family, _): family
                case .checkpoint(let className, _): className
                }
            guard seen.insert(name).inserted else { continue }
            _ = try plan(meaning.model, changed: false)
        }
        #expect(seen.count >= 10)
    }
}

extension CheckpointBuilder {
    /// Writes, opens, parses and plans the model.
    func plan(overrides: [String: String] = [:]) throws -> ModelPlan {
        let directory = try TemporaryDirectory()
        for (name, bytes) in files() { try directory.write(bytes, as: name) }
        return try withExtendedLifetime(directory) {
            let files = try ModelFileSet(path: directory.path)
            return try ModelPlan(ParsedModel(files), overrides: overrides)
        }
    }
}
