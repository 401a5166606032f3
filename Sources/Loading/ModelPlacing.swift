// The placement layer: chooses a device, checks that the model fits, and puts the model there.
//
// Guarantees: an explicit request is honoured or refused, never replaced. `auto` falls back to the
// CPU and keeps the reason. Memory is compared with the budget before anything is packed, and
// reserved in the same step.
// Does not: own the back end and the ledger. All models share both per process, and the caller
// brings them.

import Compute
import Inference
import ModelFiles
import Synchronization

/// Places models on a device. A value. Any thread.
public struct ModelPlacing: Sendable {
    private let backend: @Sendable () throws -> any Backend
    private let probe: @Sendable () -> CUDAProbe
    private let memoryAvailable: @Sendable () -> Int?
    /// Memory of all models of the process.
    public let ledger: MemoryLedger

    /// Places models on `backend`, and counts them in `ledger`.
    public init(backend: any Backend, ledger: MemoryLedger = MemoryLedger()) {
        self.init(backend: { backend }, probe: { DeviceProbe.cuda() }, ledger: ledger)
    }

    /// Places models on the shared CPU back end of the process, made on first use with a thread per
    /// processor.
    public static let standard = ModelPlacing(
        backend: { try SharedBackend.get() }, probe: { DeviceProbe.cuda() })

    package init(
        backend: @escaping @Sendable () throws -> any Backend,
        probe: @escaping @Sendable () -> CUDAProbe,
        memoryAvailable: (@Sendable () -> Int?)? = nil, ledger: MemoryLedger = MemoryLedger()
    ) {
        self.backend = backend
        self.probe = probe
        self.memoryAvailable = memoryAvailable ?? { MemoryBudget.available() }
        self.ledger = ledger
    }

    func place(
        _ plan: WeightPlan, _ configuration: ModelLoadingConfiguration, path: String,
        observer: any ReadObserver
    ) throws -> PlacedModel {
        let choice = try choose(configuration.device)
        let memory = try admit(plan, configuration, path: path, isPacked: false)
        let backend = try backend()
        let model = try TransformerModel(plan: plan, backend: backend, observer: observer)
        let placement = Placement(
            device: choice.device, reason: choice.reason, degradations: choice.degradations,
            kernels: backend.kernels)
        return PlacedModel(tokenModel: model, placement: placement, memory: memory)
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

    /// Checks that a model fits, and takes its memory.
    ///
    /// - Parameter isPacked: true when the weights are in memory already, so that only a runner is
    ///   new.
    func admit(
        _ plan: WeightPlan, _ configuration: ModelLoadingConfiguration, path: String, isPacked: Bool
    ) throws(AssayRejection) -> PlacedMemory {
        let positions = configuration.positions(
            contextLength: plan.configuration.contextLength, isWhole: ledger.limit != nil)
        let whole = plan.memory(contextTokens: positions)
        let need = isPacked ? whole.ofRunner : whole
        let place = ModelFileError.Location(path: path).description
        // Memory of models that have gone may be on its way back.
        MemoryReturn.settle()
        do throws(MemoryShortage) {
            if let budget = configuration.memoryBudget ?? memoryAvailable(), need.total > budget {
                throw MemoryShortage(
                    needed: need.total, available: budget,
                    resident: configuration.memoryBudget == nil ? ledger.used : 0, limit: nil)
            }
            return try PlacedMemory(need, positions, in: ledger)
        } catch {
            throw AssayRejection(
                error, of: need, positions, isConfigured: configuration.memoryBudget != nil, place)
        }
    }
}

/// Memory of a model that is being placed.
package struct PlacedMemory: Sendable {
    let use: MemoryUse
    /// Weights and texts, for as long as the packing lives.
    let packing: MemoryReservation
    /// Cache and scratch, for as long as the model lives.
    let runner: MemoryReservation
    /// Memory for the duration of placement.
    let staging: MemoryReservation

    fileprivate init(
        _ need: MemoryEstimate, _ positions: Int, in ledger: MemoryLedger
    ) throws(MemoryShortage) {
        let parts = try ledger.reserve([
            need.weights.plus(need.texts), need.cache.plus(need.scratch), need.staging,
        ])
        (packing, runner, staging) = (parts[0], parts[1], parts[2])
        use = MemoryUse(
            estimate: need, positions: positions, resident: packing.resident, limit: ledger.limit)
    }
}

extension Int {
    fileprivate func plus(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension AssayRejection {
    fileprivate init(
        _ shortage: MemoryShortage, of need: MemoryEstimate, _ positions: Int, isConfigured: Bool,
        _ location: String
    ) {
        let allowed =
            if let limit = shortage.limit {
                "\(shortage.available) bytes, which is what other models "
                    + "(\(shortage.resident) bytes) leave of the budget of \(limit) bytes "
                    + "(memory-max)"
            } else if isConfigured {
                "\(shortage.available) bytes, the configured budget"
            } else {
                "\(shortage.available) bytes, which is what the system has free"
            }
        self.init(
            .placement, .memoryBudgetExceeded, tried: "fitting the model into memory",
            found: "\(need.total) bytes needed, \(shortage.missing) more than there are (weights "
                + "\(need.weights), cache of \(positions) positions \(need.cache), scratch "
                + "\(need.scratch), vocabulary and texts \(need.texts), while loading "
                + "\(need.staging))",
            allowed: allowed, location: location,
            // The system's free memory changes by itself. A budget does not, and what other models
            // take of it is for their owner to free.
            isTransient: shortage.limit == nil && !isConfigured, memory: shortage)
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
