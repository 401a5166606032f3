// Models that are listed without being in memory, and which of those in memory may leave.
//
//            evict                  beginReload               finishLoad
//   ready ----------> evicted ------------------> loading ---------------> ready
//                        ^                           | failLoad, abandonLoad
//                        +---------------------------+
//
// Guarantees: nothing pinned, labelled, loading, swapping, untrusted or with a request in flight is
// evicted. A failed reload leaves the model evicted, with the reason as its load failure.

import Wire

extension ModelRegistry {
    /// A generation that may leave memory.
    package struct Evictable: Sendable, Equatable {
        package let model: ServedModel
        package let isHeld: Bool
        package let lastUse: UInt64
    }

    /// The generations that may leave memory.
    package var evictable: [Evictable] {
        entries.flatMap { entry -> [Evictable] in
            guard entry.isEvictable else { return [] }
            let isIdle =
                entry.inFlightCount == 0
                && entry.generations.allSatisfy {
                    [.active, .held].contains(entry.role(of: $0.number))
                }
            var found: [Evictable] = []
            if let held = entry.held, held.inFlightCount == 0 {
                found.append(Evictable(model: held.served, isHeld: true, lastUse: entry.lastUse))
            }
            if isIdle, let active = entry.active, active.fault == nil,
                active.facts.provenance == .real
            {
                found.append(Evictable(model: active.served, isHeld: false, lastUse: entry.lastUse))
            }
            return found
        }
    }

    /// Takes a generation out of memory. With the active generation of a name its held one leaves,
    /// and the name stays listed. Returns what left.
    package mutating func evict(_ model: ServedModel) -> Departure {
        guard evictable.contains(where: { $0.model == model }), let index = index(model.name)
        else { preconditionFailure("\(model) is evicted and must stay") }
        if entries[index].heldNumber == model.generation {
            entries[index].giveUpHeld("it was put out of memory for another model")
            return sweep(index)
        }
        let leaving = entries[index].generations.map(\.served)
        entries[index].evictedFacts = entries[index].facts
        entries[index].generations = []
        (entries[index].activeNumber, entries[index].heldNumber) = (0, 0)
        entries[index].phase = .evicted
        return Departure(models: leaving)
    }

    /// Lists a model that is loaded for its first request.
    package mutating func list(_ name: String) throws(ServiceError) {
        try beginLoad(name)
        if let index = index(name) { entries[index].phase = .evicted }
    }

    /// Begins to load an evicted model again.
    package mutating func beginReload(_ name: String) {
        guard let index = index(name), entries[index].isEvicted else {
            preconditionFailure("a reload of \"\(name)\", which is not evicted")
        }
        entries[index].phase = .loading
        entries[index].isReload = true
    }
}

extension ModelRegistry.Entry {
    /// True for a model that is out of memory and listed.
    package var isEvicted: Bool { phase == .evicted }

    /// True for a model that is out of memory, or on its way back.
    var isAwaited: Bool { isEvicted || (isLoading && isReload) }

    fileprivate var isEvictable: Bool {
        phase == .serving && !isPinned && labels.isEmpty && swap == nil
    }

    /// Ends a reload that gave no model.
    mutating func endReload(failure: String?) {
        (phase, isReload) = (.evicted, false)
        if let failure { loadFailure = failure }
    }
}
