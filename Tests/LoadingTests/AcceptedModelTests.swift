// Files that pass: what the report, the model and the fingerprint then say.

import Inference
import Loading
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct AcceptedModelTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    @Test(arguments: WeightEncoding.allCases)
    func acceptsATinyModelInEveryFormat(_ encoding: WeightEncoding) throws {
        let bytes = GGUFBuilder.tinyLlama(seed: 3, encoding: encoding).build()
        let path = try directory.write(bytes, as: "\(encoding).gguf")
        let outcome = try ModelLoader.test().run(path: path)
        let real = try #require(try outcome.model?.ensureReal(), "\(outcome.report)")
        #expect(real.facts.architecture == "llama")
        #expect(real.facts.name == "tiny random llama")
        #expect(real.facts.fileSize == bytes.count)
        #expect(real.tokenModel.vocabularySize == GGUFBuilder.tinyVocabulary.count)
        #expect(real.fileState() == .unchanged)
        let text = Array("the and 日本".utf8)
        let tokens = try #require(try outcome.model?.tokenizer.encode(text, addSpecial: false))
        #expect(real.tokenizer.decode(tokens) == text)
    }

    @Test func acceptsAModelWithATiedOutput() throws {
        var shape = TinyLlamaShape()
        shape.hasOutput = false
        let path = try directory.write(
            GGUFBuilder.tinyLlama(shape: shape).build(), as: "tied.gguf")
        #expect(try ModelLoader.test().run(path: path).report.accepted)
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: [
            "stories/stories260K-f32.gguf", "stories/stories260K-f16.gguf",
            "stories/stories260K-q8_0.gguf", "models/llama-gqa-f32.gguf",
            "models/mistral-headdim-f32.gguf",
        ])
    func acceptsReferenceModel(_ name: String) throws {
        let outcome = try ModelLoader.test().run(path: Fixtures.path(name))
        #expect(outcome.report.accepted, "\(outcome.report)")
        #expect(outcome.model?.provenance == .real)
    }

    @Test func everyLayerHasAVerdictInOrder() throws {
        let outcome = try ModelLoader.test().run(path: path)
        #expect(outcome.report.layers.map(\.layer) == Layer.allCases)
        #expect(outcome.report.layers.allSatisfy { $0.ok })
        #expect(outcome.report.attempts.count == 1)
        #expect(outcome.report.provenance == .real)
        #expect(outcome.report.rejection == nil)
    }

    @Test func progressNamesEachLayerTwice() throws {
        let seen = Mutex<[LayerProgress]>([])
        _ = try ModelLoader.test().run(path: path) { step in
            if step.bytes == nil { seen.withLock { $0.append(step) } }
        }
        let steps = seen.withLock { $0 }
        #expect(steps.map(\.layer) == Layer.allCases.flatMap { [$0, $0] })
        #expect(steps.map { $0.verdict == nil } == Layer.allCases.flatMap { _ in [true, false] })
        #expect(steps.allSatisfy { $0.attempt == 1 })
    }

    @Test func theBytesReadAreToldUpToTheLast() throws {
        let seen = Mutex<[BytesRead]>([])
        let outcome = try ModelLoader.test().run(path: path) { step in
            if let bytes = step.bytes { seen.withLock { $0.append(bytes) } }
        }
        let told = seen.withLock { $0 }
        let total = try #require(outcome.report.model?.fileSize)
        #expect(told.allSatisfy { $0.total == total })
        #expect(told.map(\.count) == told.map(\.count).sorted())
        #expect(told.last?.count == total && told.last?.percentage == 100)
        #expect(BytesRead(count: total - 1, total: total).percentage == 99)
    }

    @Test func overridesAreUsedAndRecorded() throws {
        let outcome = try ModelLoader.test { $0.overrides = ["context_length": "32"] }
            .run(path: path)
        #expect(outcome.report.model?.contextLength == 32)
        let override = try #require(outcome.report.overrides.first)
        #expect(override.key == "llama.context_length")
        #expect((override.original, override.replacement) == ("128", "32"))
        #expect(outcome.report.table.contains("llama.context_length = 32 (file: 128)"))
    }

    @Test func aWrongOverrideIsRefusedAtTheCompatibilityLayer() throws {
        let outcome = try ModelLoader.test { $0.overrides = ["no_such_key": "1"] }.run(path: path)
        #expect(outcome.rejection?.layer == .compatibility)
        #expect(outcome.rejection?.code.name == "unknown_override")
    }

    @Test func skippingValidationIsADegradation() throws {
        let outcome = try ModelLoader.test { $0.requireValidation = false }.run(path: path)
        #expect(outcome.report.accepted)
        #expect(outcome.report.degradations == ["validation_skipped"])
        #expect(outcome.report.layers.map(\.layer) == Array(Layer.allCases.dropLast()))
        #expect(outcome.report.table.contains("validation     skipped"))
    }

    @Test func aModelWithoutValidationStillNeedsEveryOtherLayer() throws {
        let file = try #require(MalformedFile.all.first { $0.name == "no query matrix" })
        let path = try directory.write(file.bytes(), as: "bad.gguf")
        let outcome = try ModelLoader.test { $0.requireValidation = false }.run(path: path)
        #expect(outcome.rejection?.layer == .compatibility)
    }

    @Test func anErrorOutsideTheCatalogueIsStillARejection() throws {
        struct Strange: Error {}
        let loader = try ModelLoader.test(steps: { $0.plan = { _, _ in throw Strange() } })
        let rejection = try #require(loader.run(path: path).rejection)
        #expect(rejection.layer == .compatibility)
        #expect(rejection.code == .unexpected)
        #expect(rejection.cause is Strange)
    }

    @Test func layersCompareInTheOrderTheyRun() {
        #expect(Layer.allCases.sorted() == Layer.allCases)
        #expect(
            Layer.allCases.map(\.description)
                == ["file", "parse", "compatibility", "placement", "validation"])
    }
}

@Suite struct LoadFunctionTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    @Test func loadModelStrictGivesARealModelOrThrows() async throws {
        let model = try await loadModelStrict(path)
        #expect(model.facts.architecture == "llama")
        let error = await #expect(throws: AssayRejection.self) {
            _ = try await loadModelStrict(directory.path("absent.gguf"))
        }
        #expect(error?.code.name == "not_found")
    }

    @Test func loadModelFollowsItsOptions() async throws {
        var options = ModelLoadingConfiguration()
        options.strategy = .development
        options.allowMockFallback = true
        let absent = directory.path("absent.gguf")
        #expect(try await loadModel(absent, options: options).provenance == .mock)
        #expect(try await loadModel(path, options: options).provenance == .real)
        options.environment = .production
        await #expect(throws: LoadingConfigurationError.self) {
            _ = try await loadModel(absent, options: options)
        }
    }

    /// Calls the deprecated function through a protocol, so that only this line is deprecated.
    private protocol OldName { static func load(_ path: String) async throws -> RealModel }
    private enum Caller: OldName {
        @available(*, deprecated)
        static func load(_ path: String) async throws -> RealModel {
            try await loadWithFallback(path: path)
        }
    }

    @Test func loadWithFallbackDoesNotFallBack() async throws {
        let caller: any OldName.Type = Caller.self
        #expect(try await caller.load(path).facts.architecture == "llama")
        await #expect(throws: AssayRejection.self) {
            _ = try await caller.load(directory.path("absent.gguf"))
        }
    }
}
