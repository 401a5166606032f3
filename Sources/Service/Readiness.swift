// Whether this server should be sent traffic, decided from its phase and its models. Pure.
//
// Guarantees: never ready before everything required has passed the assay and can be asked, never
// while it drains or a part of it that every request needs is at fault, and not with a mock where a
// real model is required unless that was allowed; a "not ready" always has a reason, and each model
// that holds it up is named with its own.
// Does not: look at load or queues; overload is answered per request.

/// The verdict behind `/readyz`.
package struct Readiness: Sendable, Equatable {
    /// Where the server is in its life.
    package enum Phase: String, Sendable { case loading, serving, draining }

    /// Which models must be ready, and whether a mock counts as one.
    package struct Requirement: Sendable, Equatable {
        /// The name that stands for every model of the configuration and every one that has been
        /// in service since.
        package static let every = "*"

        /// Required names, or `every` alone.
        package var names: [String]
        /// Models the server was told to serve.
        package var configured: [String]
        package var allowsMock: Bool

        package init(
            names: [String] = [Self.every], configured: [String] = [], allowsMock: Bool = false
        ) {
            self.names = names
            self.configured = configured
            self.allowsMock = allowsMock
        }
    }

    /// One model's part in it.
    package struct Model: Sendable, Equatable {
        package let name: String
        package let isRequired: Bool
        /// Why it is not ready; nil when it is.
        package let reason: String?

        package var isReady: Bool { reason == nil }
    }

    package let phase: Phase
    /// All models: those of the directory in its order, then required ones that it lacks.
    package let models: [Model]
    /// Why the server is not ready, one sentence each; empty when it is.
    package let reasons: [String]

    package var isReady: Bool { reasons.isEmpty }

    /// Judges `slots`. `faults` are those of the server itself; `progress` says by name how far a
    /// load has come.
    package init(
        phase: Phase, slots: [ModelDirectory.Slot], requirement: Requirement,
        faults: [String] = [], progress: [String: String] = [:]
    ) {
        self.phase = phase
        let isEvery = requirement.names == [Requirement.every]
        let named = isEvery ? requirement.configured : requirement.names
        var models = slots.map { slot in
            Model(
                name: slot.name,
                // A client's load that never came into service is nobody's requirement.
                isRequired: named.contains(slot.name) || (isEvery && slot.facts != nil),
                reason: Self.reason(slot, requirement, progress))
        }
        for name in named where !slots.contains(where: { $0.name == name }) {
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
        _ slot: ModelDirectory.Slot, _ requirement: Requirement, _ progress: [String: String]
    ) -> String? {
        switch slot.state {
        case .loading: return progress[slot.name] ?? "loading"
        case .failed: return "failed: \(slot.reason ?? "no reason is known")"
        case .draining: return "being unloaded"
        case .ready:
            guard slot.facts?.provenance == .mock, !requirement.allowsMock else { return nil }
            return "a mock stands in for it"
        }
    }
}
