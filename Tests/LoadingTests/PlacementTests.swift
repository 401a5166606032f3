// Placement: devices that are not there, devices that are, and memory that does not suffice.

import Compute
import Inference
import Loading
import ModelFiles
import TestSupport
import Testing

@Suite struct PlacementTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    private static let gpu = CUDAProbe.available(
        devices: [
            CUDADevice(
                index: 0, name: "Pretend 1", memorySize: 1 << 30, capabilityMajor: 9,
                capabilityMinor: 0)
        ], driverVersion: CUDADriverVersion(number: 12_040))

    private func run(
        _ device: DeviceRequest = .auto, probe: CUDAProbe = .unavailable(reason: "no library"),
        free: Int? = nil, backendFails: ComputeError? = nil,
        _ change: (inout ModelLoadingConfiguration) -> Void = { _ in }
    ) throws -> LoadOutcome {
        let backend = Result { try CPUBackend(threads: 1) }
        let placing = ModelPlacing(
            backend: {
                if let backendFails { throw backendFails }
                return try backend.get()
            }, probe: { probe }, memoryAvailable: { free })
        return try ModelLoader.test(
            {
                $0.device = device
                change(&$0)
            }, steps: { $0 = .standard(placing) }
        ).run(path: path)
    }

    @Test func autoWithoutAGPUTakesTheCPUAndKeepsTheReason() throws {
        let outcome = try run()
        let model = try #require(outcome.model)
        #expect(model.device == "cpu")
        #expect(model.deviceReason?.contains("no library") == true)
        #expect(outcome.report.deviceReason == model.deviceReason)
        #expect(outcome.report.degradations == [])
    }

    @Test func autoWithAGPUSaysThatItGoesUnused() throws {
        let outcome = try run(probe: Self.gpu)
        #expect(outcome.report.device == "cpu")
        #expect(outcome.report.deviceReason?.contains("back end not built") == true)
        #expect(outcome.report.degradations == ["cpu_fallback"])
        #expect(outcome.model?.degradations == ["cpu_fallback"])
    }

    @Test func cpuDoesNotLookForAGPU() throws {
        let outcome = try run(.cpu, probe: Self.gpu)
        #expect(outcome.report.deviceReason == nil)
        #expect(outcome.report.degradations == [])
    }

    @Test(arguments: [DeviceRequest.cuda(nil), .cuda(0), .cuda(7)])
    func cudaIsRefusedNotReplaced(_ request: DeviceRequest) throws {
        for probe in [CUDAProbe.unavailable(reason: "no library"), Self.gpu] {
            let rejection = try #require(try run(request, probe: probe).rejection)
            #expect(rejection.layer == .placement)
            #expect(rejection.code.name == "device_unavailable")
            #expect(!rejection.isTransient)
            #expect(rejection.advice.contains("auto"))
        }
    }

    @Test func aConfiguredBudgetIsAFixedRefusal() throws {
        let rejection = try #require(try run { $0.memoryBudget = 1000 }.rejection)
        #expect(rejection.layer == .placement)
        #expect(rejection.code == .memoryBudgetExceeded)
        #expect(rejection.allowed == "1000 bytes, the configured budget")
        #expect(!rejection.isTransient)
    }

    @Test func tooLittleFreeMemoryCanHeal() throws {
        let rejection = try #require(try run(free: 1000).rejection)
        #expect(rejection.code == .memoryBudgetExceeded)
        #expect(rejection.isTransient)
        #expect(try run(free: 1 << 40).model != nil)
    }

    /// Every file's texts are counted, whether or not it has tensors, and each once.
    @Test func theTextsOfEveryPartAreCounted() throws {
        let builder = GGUFBuilder.tinyLlama()
        let whole = try texts(of: ["m.gguf": builder.build()])
        #expect(whole > 0)
        for parts in [builder.split(into: 3), builder.split(into: 3, isFirstBare: true)] {
            #expect(try texts(of: parts) >= whole)
        }
        let shards = CheckpointBuilder.tiny("LlamaForCausalLM").files(shardCount: 2)
        let index = try #require(shards["model.safetensors.index.json"])
        let one = CheckpointBuilder.tiny("LlamaForCausalLM").files()
        #expect(try texts(of: shards) >= texts(of: one) + 3 * index.count)
    }

    private func texts(of files: [String: [UInt8]]) throws -> Int {
        let directory = try TemporaryDirectory()
        for (name, bytes) in files { try directory.write(bytes, as: name) }
        let model = try ParsedModel(ModelFileSet(path: directory.path))
        return try ModelPlan(model).memory(contextTokens: 1).texts
    }

    @Test func aLongerContextNeedsMoreMemory() throws {
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: path)))
        let short = plan.memory(contextTokens: 1).total
        let long = plan.memory(contextTokens: 128).total
        try #require(short < long)
        func run(_ tokens: Int) throws -> LoadOutcome {
            try self.run {
                $0.memoryBudget = long - 1
                $0.contextTokens = tokens
            }
        }
        #expect(try run(1).model != nil)
        #expect(try run(128).rejection?.code == .memoryBudgetExceeded)
        // The model has 128 positions: asking for more counts as 128.
        #expect(try run(1_000_000).rejection?.message.contains("cache of 128 positions") == true)
    }

    @Test func aSharedCacheCountsWhateverTheContext() throws {
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: path)))
        let need = plan.memory(contextTokens: 1000).total
        func run(budget: Int) throws -> LoadOutcome {
            try self.run {
                $0.memoryBudget = budget
                $0.cacheTokens = 1000
            }
        }
        #expect(try run(budget: need).model != nil)
        let message = try run(budget: need - 1).rejection?.message
        #expect(message?.contains("cache of 1000 positions") == true)
    }

    @Test func aBackEndWithoutMemoryOrThreadsCanHeal() throws {
        for (code, heals) in [
            (ComputeError.Code.outOfMemory, true), (.threadsUnavailable, true),
            (.instructionSetUnavailable, false),
        ] {
            let error = ComputeError(code, tried: "making it", found: "none", allowed: "some")
            let rejection = try #require(try run(backendFails: error).rejection)
            #expect(rejection.layer == .placement)
            #expect(rejection.code.name == code.name)
            #expect(rejection.isTransient == heals)
        }
    }

    @Test func aBackEndOfTheCallersIsUsed() throws {
        let loader = try ModelLoader(placing: ModelPlacing(backend: CPUBackend(threads: 1)))
        #expect(try loader.load(path: path).provenance == .real)
    }

    @Test func memoryIsReadFromTheSystemsOwnWords() {
        let text = "MemTotal:       24 kB\nMemAvailable:    20 kB\nBuffers: 3 kB\n"
        #expect(MemoryBudget.meminfo(text) == 20 * 1024)
        #expect(MemoryBudget.meminfo("nothing") == nil)
        #expect(MemoryBudget.remaining(max: "1000\n", current: "400\n") == 600)
        #expect(MemoryBudget.remaining(max: "1000\n", current: "1400\n") == 0)
        #expect(MemoryBudget.remaining(max: "max\n", current: "400\n") == nil)
        #expect((MemoryBudget.available() ?? 0) > 1 << 20)
    }

    @Test func processorsAreCountedFromTheAffinityMask() {
        #expect(ProcessorCount.count(inStatus: "Name: x\nCpus_allowed:\tff,0000000f\n") == 12)
        #expect(ProcessorCount.count(inStatus: "") == 1)
        #expect(ProcessorCount.usable >= 1)
    }
}
