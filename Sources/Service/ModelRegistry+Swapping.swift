// Swaps, rollbacks, pins and labels.
//
//              active  held  labels            active  held  labels     retired
//   before        2      1   stable -> 1          2      1   -
//   finishSwap    3      2   stable -> 1          3      2   -          1
//   rollback      2      3   stable -> 1          2      3   -          1, until its last request
//
// Guarantees:
// - A name has at most one swap at a time. The number of its candidate is never used again.
// - A failed or abandoned swap leaves generations, labels and shares as they were.
// - A label names a generation of its entry that is not retired.
// - The shares of a name sum to at most 1.
// - No rollback leads to a mock: a mock is not held.

import Wire

extension ModelRegistry {
    // MARK: - Swaps

    /// Begins a swap of a model in service.
    package mutating func beginSwap(_ name: String) throws(ServiceError) {
        let attempt = "swapping model \"\(name)\""
        guard !name.contains(Self.labelMark) else { throw .nameReserved(name) }
        let index = try serving(name, attempt)
        guard entries[index].swap == nil else { throw .swapRunning(attempt) }
        let count = entries[index].generations.count
        guard count < generationsMax else {
            throw ServiceError(
                .resourceExhausted, .modelsExceeded,
                "\(attempt): found generations \(entries[index].generationList) in memory, "
                    + "allowed: \(generationsMax) with the new one; remove a label, or wait until "
                    + "requests end", field: "name", retryAfterMilliseconds: 1000)
        }
        entries[index].swap = Swap()
    }

    /// Makes the candidate active. The generation before is held, and the one held before leaves
    /// when nothing needs it. Returns the number of the generation before, and what left.
    package mutating func finishSwap(_ facts: ServedFacts) -> (previous: UInt32, Departure) {
        let index = swapping(facts.name)
        precondition(
            facts.generation > 0 && entries[index].swap?.candidate == facts.generation,
            "\(facts.served) became ready, reserved was \(entries[index].swap?.candidate ?? 0)")
        let previous = entries[index].activeNumber
        entries[index].install(facts)
        entries[index].hold(previous)
        entries[index].swap = nil
        entries[index].loadFailure = nil
        return (previous, sweep(index))
    }

    /// Ends a swap whose model did not become ready. The reason stays listed until a swap succeeds.
    package mutating func failSwap(_ name: String, reason: String) {
        let index = swapping(name)
        entries[index].swap = nil
        entries[index].loadFailure = reason
    }

    /// Ends a swap that was given up, as if nobody had asked for it.
    package mutating func abandonSwap(_ name: String) { entries[swapping(name)].swap = nil }

    /// The entry of a running swap. A swap ends once, and its entry cannot be unloaded.
    private func swapping(_ name: String) -> Int {
        guard let index = index(name), entries[index].swap != nil else {
            preconditionFailure("a swap of \"\(name)\" ends that has not begun")
        }
        return index
    }

    /// Makes the held generation active and holds the one before. Requests in flight go on where
    /// they began. Returns what left: a generation before that cannot be trusted is not held.
    package mutating func rollback(_ name: String) throws(ServiceError) -> Departure {
        let attempt = "rolling back model \"\(name)\""
        let index = try serving(name, attempt)
        let entry = entries[index]
        guard entry.heldNumber > 0 else {
            let why = entry.heldFault.map { "; the one held before was given up: \($0)" } ?? ""
            throw ServiceError(
                .failedPrecondition, .noHeldGeneration,
                "\(attempt): found no generation held beside generation \(entry.activeNumber)"
                    + "\(why); swap to the file instead", field: "name")
        }
        entries[index].activeNumber = entry.heldNumber
        entries[index].heldNumber = 0
        entries[index].hold(entry.activeNumber)
        return sweep(index)
    }

    // MARK: - Pins and labels

    package mutating func setPinned(_ isPinned: Bool, _ name: String) throws(ServiceError) {
        let attempt = "\(isPinned ? "pinning" : "unpinning") model \"\(name)\""
        entries[try serving(name, attempt)].isPinned = isPinned
    }

    /// Lets a label name a generation, 0 for none. Returns what left: a generation that only the
    /// label kept.
    package mutating func setLabel(
        _ label: String, of name: String, to number: UInt64, share: Double? = nil
    ) throws(ServiceError) -> Departure {
        let attempt = "labelling model \"\(name)\" as \"\(label)\""
        let index = try serving(name, attempt)
        guard !label.contains(Self.labelMark) else { throw .labelReserved(attempt) }
        var labels = entries[index].labels
        let place = labels.firstIndex { $0.name == label }
        if number == 0 {
            guard let place else { throw unknownLabel(attempt, labels) }
            labels.remove(at: place)
        } else {
            let generation = try labelled(number, entries[index], attempt)
            let new = Label(name: label, generation: generation, share: share)
            if let place { labels[place] = new } else { labels.append(new) }
            try check(count: labels.count, attempt)
        }
        guard let shares = TrafficShares(labels.map { $0.share ?? 0 }) else {
            throw sharesExceeded(labels.compactMap(\.share), attempt)
        }
        // The order of the requests begins anew with each change of the labels.
        (entries[index].labels, entries[index].shares) = (labels, shares)
        return sweep(index)
    }

    /// The generation that may get a label.
    private func labelled(
        _ number: UInt64, _ entry: Entry, _ attempt: String
    ) throws(ServiceError) -> UInt32 {
        guard let short = UInt32(exactly: number), let generation = entry.generation(short),
            entry.role(of: short) != .retired
        else {
            throw ServiceError(
                .notFound, .generationUnknown,
                "\(attempt): found no generation \(number) that is kept, there are: "
                    + entry.generationList, field: "generation")
        }
        guard let fault = generation.fault else { return short }
        throw ServiceError(
            .failedPrecondition, .modelNotReady,
            "\(attempt): generation \(number) is out of service: \(fault)", field: "generation")
    }

    private func check(count: Int, _ attempt: String) throws(ServiceError) {
        guard count > labelsMax else { return }
        throw ServiceError(
            .resourceExhausted, .modelsExceeded,
            "\(attempt): \(count - 1) labels are there, allowed: \(labelsMax); remove one first",
            field: "label")
    }

    private func sharesExceeded(_ shares: [Double], _ attempt: String) -> ServiceError {
        ServiceError(
            .invalidArgument, .init(WireError.Code.fieldOutOfRange.name),
            "\(attempt): the shares of its labels would be \(shares), allowed: 0 to 1, and at most "
                + "1 together", field: "share")
    }

    private func unknownLabel(_ attempt: String, _ labels: [Label]) -> ServiceError {
        let names = labels.map(\.name).joined(separator: ", ")
        return ServiceError(
            .notFound, .generationUnknown,
            "\(attempt): found no such label to remove, there are: "
                + (names.isEmpty ? "none" : names), field: "label")
    }

    /// The entry of a model in service, also of one whose active generation is at fault.
    private func serving(_ name: String, _ attempt: String) throws(ServiceError) -> Int {
        guard let index = index(name) else { throw unknown(name, field: "name") }
        switch entries[index].phase {
        case .serving: return index
        case .evicted:
            throw ServiceError(
                .unavailable, .modelEvicted, "\(attempt): it is out of memory; ask it or load it",
                field: "name", retryAfterMilliseconds: 1000)
        case .loading:
            throw ServiceError(
                .unavailable, .modelLoading, "\(attempt): it is still loading", field: "name",
                retryAfterMilliseconds: 200)
        case .failed(let reason):
            throw ServiceError(
                .failedPrecondition, .modelNotReady,
                "\(attempt): it failed to load: \(reason); load it again", field: "name")
        case .draining:
            throw ServiceError(
                .unavailable, .modelUnloading, "\(attempt): it is being unloaded", field: "name")
        }
    }
}

extension ModelRegistry.Entry {
    var isLoading: Bool { phase == .loading }

    /// Appends a generation and makes it active.
    mutating func install(_ facts: ServedFacts) {
        let file = facts.provenance == .real ? VerifiedFile(.unchanged) : nil
        generations.append(ModelRegistry.Generation(facts: facts, file: file))
        activeNumber = facts.generation
    }

    /// Holds a generation that was active, if it is real and can be trusted. Else what was held
    /// stays.
    mutating func hold(_ number: UInt32) {
        guard let generation = generation(number) else { return }
        let fault = generation.facts.provenance == .mock ? "it is a mock" : generation.fault
        guard let fault else { return (heldNumber, heldFault) = (number, nil) }
        if heldNumber == 0 { heldFault = "generation \(number): \(fault)" }
    }

    /// Gives up a rollback to the held generation.
    mutating func giveUpHeld(_ reason: String) {
        (heldNumber, heldFault) = (0, "generation \(heldNumber): \(reason)")
    }
}

extension ServiceError {
    fileprivate static func labelReserved(_ attempt: String) -> ServiceError {
        ServiceError(
            .invalidArgument, .nameReserved,
            "\(attempt): found \":\" in the label, allowed: a label without it", field: "label")
    }
}
