// The placement layer: chooses a device, checks that the model fits, and puts the model there.
//
// Guarantees: an explicit request is honoured or refused, never replaced. `auto` falls back to the
// CPU and keeps the reason. Memory is compared with the budget before anything is packed.
// Does not: own the back end. All models share a back end per process, and the caller brings it.

import Compute
import Inference
import ModelFiles
import Synchronization

/// Places models on a device. A value. Any thread.
public struct ModelPlacing: Sendable {
    private let backend: @Sendable () throws -> any Backend
    private let probe: @Sendable () -> CUDAProbe
    private let memoryAvailable: @Sendable () -> Int?

    /// Places models on `backend`.
    public init(backend: any Backend) {
        self.init(backend: { backend }, probe: { DeviceProbe.cuda() })
    }

    /// Places models on the shared CPU back end of the process, made on first use with a thread per
    /// processor.
    public static let standard = ModelPlacing(
        backend: { try SharedBackend.get() }, probe: { DeviceProbe.cuda() })

    package init(
        backend: @escaping @Sendable () throws -> any Backend,
        probe: @escaping @Sendable () -> CUDAProbe,
        memoryAvailable: (@Sendable () -> Int?)? = nil
    ) {
        self.backend = backend
        self.probe = probe
        self.memoryAvailable = memoryAvailable ?? { MemoryBudget.available() }
    }

    func place(
        _ plan: WeightPlan, _ configuration: ModelLoadingConfiguration, path: String,
        observer: any ReadObserver
    ) throws -> PlacedModel {
        let choice = try choose(configuration.device)
        try checkMemory(plan, configuration, path: path)
        let backend = try backend()
        let model = try TransformerModel(plan: plan, backend: backend, observer: observer)
        let placement = Placement(
            device: choice.device, reason: choice.reason, degradations: choice.degradations,
            kernels: backend.kernels)
        return PlacedModel(tokenModel: model, placement: placement)
    }

    func validate(_ model: any TokenModel) throws {
        if let model = model as? TransformerModel {
            _ = try model.validate()
        } else {
            _ = try ForwardPassCheck.run(model)
        }
    }

    /// Chooses the device. An explicit request is honoured or refused. `auto` chooses the CPU,
    /// since no CUDA back end is built yet.
    ///
    /// The reason for the CPU is always kept. The CPU counts as a degradation only where an
    /// available GPU goes unused. On a machine without a GPU, `auto` can only mean the CPU.
    private func choose(_ request: DeviceRequest) throws(ComputeError) -> Placement {
        var seen: CUDAProbe?
        let choice = try DeviceChoice.make(for: request) {
            let found = probe()
            seen = found
            return found
        }
        var degradations: [String] = []
        if choice.device == "cpu", case .available = seen { degradations = ["cpu_fallback"] }
        return Placement(
            device: choice.device, reason: choice.reason, degradations: degradations)
    }

    private func checkMemory(
        _ plan: WeightPlan, _ configuration: ModelLoadingConfiguration, path: String
    ) throws(AssayRejection) {
        let tokens =
            configuration.cacheTokens
            ?? min(configuration.contextTokens, plan.configuration.contextLength)
        let need = plan.memory(contextTokens: tokens)
        // Memory of models that have gone may be on its way back.
        MemoryReturn.settle()
        guard let budget = configuration.memoryBudget ?? memoryAvailable(), need.total > budget
        else { return }
        throw AssayRejection(
            .placement, .memoryBudgetExceeded, tried: "fitting the model into memory",
            found: "\(need.total) bytes needed (weights \(need.weights), cache of \(tokens) "
                + "positions \(need.cache), scratch \(need.scratch), vocabulary and texts "
                + "\(need.texts), while loading \(need.staging))",
            allowed: configuration.memoryBudget == nil
                ? "\(budget) bytes, which is what the system has free"
                : "\(budget) bytes, the configured budget",
            location: ModelFileError.Location(path: path).description,
            // The system's free memory changes. A configured budget does not.
            isTransient: configuration.memoryBudget == nil)
    }
}

/// The CPU back end shared by everything in the process without a back end of its own.
private enum SharedBackend {
    private static let stored = Mutex<(any Backend)?>(nil)

    static func get() throws(ComputeError) -> any Backend {
        try stored.withLock { (backend: inout sending (any Backend)?) throws(ComputeError) in
            if let backend { return backend }
            let made = try CPUBackend(threads: ProcessorCount.usable)
            backend = made
            return made
        }
    }
}
