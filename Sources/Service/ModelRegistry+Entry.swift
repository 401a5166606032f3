// A name in the registry, with its generations and its labels.

import Wire

extension ModelRegistry {
    /// A generation of a name in the engine.
    package struct Generation: Sendable, Equatable {
        package let facts: ServedFacts
        /// State of a real model's files on disk, or nil for a mock.
        package internal(set) var file: VerifiedFile?
        /// Reason the generation can no longer be trusted. It then takes no request.
        package internal(set) var fault: String?
        package internal(set) var inFlightCount = 0

        package var number: UInt32 { facts.generation }
        package var served: ServedModel { facts.served }
    }

    /// Purpose of a generation.
    package enum Role: String, Sendable {
        /// Takes the requests of the plain name.
        case active
        /// Kept for a rollback.
        case held
        /// Kept because a label names it.
        case labelled
        /// Finishes its requests and leaves.
        case retired
    }

    /// A word for a generation. `NAME:LABEL` in a request means it.
    package struct Label: Sendable, Equatable {
        package let name: String
        package internal(set) var generation: UInt32
        /// Share of the requests of the plain name, or nil for none.
        package internal(set) var share: Double?
    }

    /// A swap that has begun.
    package struct Swap: Sendable, Equatable {
        /// Number of the new generation, or 0 before its model passed the assay.
        package internal(set) var candidate: UInt32 = 0
    }

    package struct Entry: Sendable, Equatable {
        enum Phase: Sendable, Equatable {
            /// The first generation is being loaded.
            case loading
            /// There is an active generation.
            case serving
            /// The first generation did not load.
            case failed(reason: String)
            /// The entry is being unloaded.
            case draining
            /// The model is out of memory, and its name is kept. See ModelRegistry+Pool.swift.
            case evicted
        }

        package let name: String
        var phase = Phase.loading
        /// The generations in the engine, oldest first.
        package internal(set) var generations: [Generation] = []
        /// Number of the active generation, or 0 for none.
        var activeNumber: UInt32 = 0
        /// Number of the generation held for a rollback, or 0 for none.
        var heldNumber: UInt32 = 0
        package internal(set) var labels: [Label] = []
        /// True for a model that is neither unloaded nor evicted.
        package internal(set) var isPinned = false
        /// The swap under way.
        package internal(set) var swap: Swap?
        /// Reason of the last failed swap, or nil when none failed since the last good one.
        package internal(set) var loadFailure: String?
        /// Reason the generation held before was given up.
        var heldFault: String?
        /// Latest number given to a generation of the name.
        var latestNumber: UInt32
        /// True while an evicted model is being loaded again.
        var isReload = false
        /// Facts about the model that was evicted.
        var evictedFacts: ServedFacts?
        /// Order of the last use among all entries.
        package internal(set) var lastUse: UInt64 = 0
        /// Order in which labels take requests of the plain name.
        var shares = TrafficShares()

        init(name: String, latestNumber: UInt32) {
            (self.name, self.latestNumber) = (name, latestNumber)
        }

        /// State of the active generation, or of the entry while there is none.
        package var state: ServingState {
            switch phase {
            case .loading, .evicted: .loading
            case .failed: .failed
            case .draining: .draining
            case .serving: active?.fault == nil ? .ready : .failed
            }
        }

        /// Reason of the failure.
        package var reason: String? {
            if case .failed(let reason) = phase { return reason }
            return active?.fault
        }

        package var active: Generation? { generation(activeNumber) }
        /// The generation that a rollback makes active.
        package var held: Generation? { generation(heldNumber) }

        /// Facts about the active generation.
        package var facts: ServedFacts? { active?.facts }
        /// State of the active generation's files on disk, or nil for an entry without files.
        package var file: VerifiedFile? { active?.file }
        /// Number of the active generation, or the latest of the name while there is none.
        package var generation: UInt32 { activeNumber > 0 ? activeNumber : latestNumber }
        /// Identity of the active generation.
        package var served: ServedModel { ServedModel(name: name, generation: generation) }
        /// Requests in flight on all generations.
        package var inFlightCount: Int { generations.reduce(0) { $0 + $1.inFlightCount } }

        /// The generation of a number, if it is in the engine.
        package func generation(_ number: UInt32) -> Generation? {
            generations.first { $0.number == number }
        }

        /// Purpose of a generation.
        package func role(of number: UInt32) -> Role {
            if number == activeNumber { return .active }
            if number == heldNumber { return .held }
            return labels.contains { $0.generation == number } ? .labelled : .retired
        }

        /// The generations by number and purpose, for an error.
        var generationList: String {
            generations.map { "\($0.number) (\(role(of: $0.number).rawValue))" }
                .joined(separator: ", ")
        }
    }

    /// What a request means: an entry, and one of its generations.
    package struct Target: Sendable, Equatable {
        package let entry: Entry
        /// The generation, or nil for an entry without one.
        package let generation: Generation?
        /// The label by which the request named the generation.
        package let label: String?

        init(_ entry: Entry, _ generation: Generation?, label: String? = nil) {
            (self.entry, self.generation, self.label) = (entry, generation, label)
        }

        package var facts: ServedFacts? { generation?.facts }

        /// The model as the request names it.
        package var name: String { label.map { "\(entry.name):\($0)" } ?? entry.name }
    }

    /// What left with a change.
    package struct Departure: Sendable, Equatable {
        /// Generations to drop from the engine.
        package let models: [ServedModel]
        /// The entry, when the name is free again.
        package let entry: Entry?

        package init(models: [ServedModel] = [], entry: Entry? = nil) {
            (self.models, self.entry) = (models, entry)
        }

        package var isEmpty: Bool { models.isEmpty && entry == nil }
    }
}
