// Decides from the server's phase and its models whether the server is ready for traffic. Pure.
//
// Guarantees: the server is not ready
// - before every required model has passed the assay and can be asked,
// - while draining, or while a part that every request needs is at fault,
// - with a mock where a real model is required, unless mocks are allowed.
//
// A "not ready" always has reasons, with the name and the reason of each required model that is not
// ready.
// Does not: look at load or queues. Overload is answered per request.

/// The verdict behind `/readyz`.
package struct Readiness: Sendable, Equatable {
    /// Phase of the server's life.
    package enum Phase: String, Sendable { case loading, serving, draining }

    /// The models that must be ready, and whether a mock counts as ready.
    package struct Requirement: Sendable, Equatable {
        /// Name that stands for every configured model and every model that has been in service
        /// since.
        package static let every = "*"

        /// Required names, or `every` alone.
        package var names: [String]
        /// Models the server was told to serve.
        package var configured: [String]
        package var allowsMock: Bool
        /// True when a request for an evicted model loads it, so that the model can be asked.
        package var loadsOnRequest: Bool

        package init(
            names: [String] = [Self.every], configured: [String] = [], allowsMock: Bool = false,
            loadsOnRequest: Bool = true
        ) {
            self.loadsOnRequest = loadsOnRequest
            self.names = names
            self.configured = configured
            self.allowsMock = allowsMock
        }
    }

    /// Readiness of a model.
    package struct Model: Sendable, Equatable {
        package let name: String
        package let isRequired: Bool
        /// Reason the model is not ready, or nil when it is.
        package let reason: String?

        package var isReady: Bool { reason == nil }
    }

    package let phase: Phase
    /// All models: the registry's in its order, then required models outside the registry.
    package let models: [Model]
    /// Reasons the server is not ready, a sentence each. Empty when it is ready.
    package let reasons: [String]

    package var isReady: Bool { reasons.isEmpty }

    /// Judges `entries`. `faults` are the server's own faults. `progress` describes by name the
    /// progress of a load, and `outages` the models in service that cannot answer now.
    package init(
        phase: Phase, entries: [ModelRegistry.Entry], requirement: Requirement,
        faults: [String] = [], progress: [String: String] = [:], outages: [String: String] = [:]
    ) {
        self.phase = phase
        let isEvery = requirement.names == [Requirement.every]
        let named = isEvery ? requirement.configured : requirement.names
        var models = entries.map { entry in
            Model(
                name: entry.name,
                // A client's load that never came into service is not required.
                isRequired: named.contains(entry.name) || (isEvery && entry.facts != nil),
                reason: Self.reason(entry, requirement, progress) ?? outages[entry.name])
        }
        for name in named where !entries.contains(where: { $0.name == name }) {
            models.append(Model(name: name, isRequired: true, reason: "not loaded"))
        }
        self.models = models
        let held = models.filter { $0.isRequired && !$0.isReady }
        reasons =
            Self.reasons(of: phase) + faults
            + held.map { "model \"\($0.name)\": \($0.reason ?? "")" }
    }

    private static func reasons(of phase: Phase) -> [String] {
        switch phase {
        case .loading: ["the server is loading its models"]
        case .serving: []
        case .draining: ["the server is draining"]
        }
    }

    private static func reason(
        _ entry: ModelRegistry.Entry, _ requirement: Requirement, _ progress: [String: String]
    ) -> String? {
        if entry.isAwaited { return requirement.loadsOnRequest ? nil : "out of memory" }
        switch entry.state {
        case .loading: return progress[entry.name] ?? "loading"
        case .failed: return "failed: \(entry.reason ?? "no reason is known")"
        case .draining: return "being unloaded"
        case .ready:
            guard entry.facts?.provenance == .mock, !requirement.allowsMock else { return nil }
            return "a mock stands in for it"
        }
    }
}
