// The registry: the models of the server, as the decisions see them. Pure: loads, swaps and unloads
// report here, requests look models up here. The engine holds the runners of the generations.
//
// Guarantees:
// - A name has at most one entry. Entries keep their order of arrival.
// - A generation's number rises with every model of the name that passed the assay, also across an
//   unload. No two models ever share name and number.
// - A request stays with the generation it was counted in on. A generation leaves exactly when
//   nothing needs it: it is neither active, held nor labelled, and its last request has finished.
// - A swap changes nothing before its model is ready. From then on the new generation is active,
//   and the one before is held for a rollback.
// - A generation that cannot be trusted takes no request and is not rolled back to.
// - At most `generationsMax` generations of a name are in the engine, those on their way included.
// - An unloading model takes no new requests, and is gone exactly when the last request finished.
//
// An entry:
//
//        beginLoad        finishLoad         beginUnload           last request done
//   none ---------> loading ---------> ready ------------> draining ----------> none
//                      | failLoad        | failServed  ^
//                      v                 v             | finishSwap, rollback
//                    failed            failed ---------+
//
// A generation of an entry, where "labelled" may be beside any of the others:
//
//   reserveGeneration     finishLoad,          finishSwap,
//   ----------------> candidate ------> active ----------> held --> retired --> none
//                        |  finishSwap    ^                  |        last request done
//                        v                +------------------+
//                      none: failSwap,         rollback
//                      abandonSwap
//
// ModelRegistry+Pool.swift: models out of memory.
// ModelRegistry+Entry.swift: what an entry knows. ModelRegistry+Addressing.swift: which generation
// a request means. ModelRegistry+Swapping.swift: swaps, rollbacks, pins, labels. Here: loads,
// requests, unloads.

import Wire

/// The entries of one server. A value owned by one loop thread.
package struct ModelRegistry: Sendable {
    /// Stands between a name and a label, and in no name.
    package static let labelMark: Character = ":"

    /// Most entries, of all states. A Models answer lists them all in one frame.
    private let entriesMax: Int
    /// Most generations of an entry in the engine.
    let generationsMax: Int
    /// Most labels of an entry.
    let labelsMax: Int

    package internal(set) var entries: [Entry] = []
    /// Number of the latest use of any entry.
    private var useCount: UInt64 = 0
    /// Latest numbers of names whose entry is gone.
    private var pastNumbers: [String: UInt32] = [:]

    package init(
        entriesMax: Int = ServiceLimits().modelsMax,
        generationsMax: Int = ServiceLimits().generationsMax,
        labelsMax: Int = ServiceLimits().labelsMax
    ) {
        self.entriesMax = entriesMax
        self.generationsMax = generationsMax
        self.labelsMax = labelsMax
    }

    package func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// The generation, if it is in the engine.
    package func generation(_ model: ServedModel) -> Generation? {
        entry(model.name)?.generation(model.generation)
    }

    // MARK: - Loads

    /// Takes the entry for a load. Fails when the name is taken, except by a failed load.
    package mutating func beginLoad(_ name: String) throws(ServiceError) {
        guard !name.contains(Self.labelMark) else { throw .nameReserved(name) }
        if let index = index(name) {
            let old = entries[index]
            guard old.isEvicted || (old.state == .failed && old.facts == nil) else {
                throw ServiceError(
                    .alreadyExists, .modelExists,
                    "loading model \"\(name)\": the name is taken (\(old.state.rawValue)), "
                        + "unload it first or choose another", field: "name")
            }
            forget(index)
        }
        try makeRoom(for: name)
        entries.append(Entry(name: name, latestNumber: pastNumbers[name] ?? 0))
    }

    /// Removes the oldest failed load when all entries are taken. Until then failed loads stay
    /// listed.
    private mutating func makeRoom(for name: String) throws(ServiceError) {
        guard entries.count >= entriesMax else { return }
        guard let oldest = entries.firstIndex(where: { $0.state == .failed && $0.facts == nil })
        else {
            throw ServiceError(
                .resourceExhausted, .modelsExceeded,
                "loading model \"\(name)\": \(entries.count) models, allowed: \(entriesMax)")
        }
        forget(oldest)
    }

    /// Gives a model of a load or a swap that passed the assay its number, which no later model of
    /// the name gets. The engine needs the number before the model is ready.
    package mutating func reserveGeneration(_ name: String) -> ServedModel {
        guard let index = index(name), entries[index].swap != nil || entries[index].isLoading
        else { preconditionFailure("a number for \"\(name)\", which nobody loads") }
        entries[index].latestNumber &+= 1
        let number = entries[index].latestNumber
        if entries[index].swap != nil { entries[index].swap?.candidate = number }
        return ServedModel(name: name, generation: number)
    }

    /// Makes the model with the reserved number ready. Returns the entry.
    @discardableResult
    package mutating func finishLoad(_ facts: ServedFacts) -> Entry {
        let index = loading(facts.name)
        precondition(
            facts.generation == entries[index].latestNumber && facts.generation > 0,
            "\(facts.served) became ready, reserved was \(entries[index].served)")
        entries[index].install(facts)
        (entries[index].phase, entries[index].isReload) = (.serving, false)
        (entries[index].loadFailure, entries[index].evictedFacts) = (nil, nil)
        use(index)
        return entries[index]
    }

    package mutating func failLoad(_ name: String, reason: String) {
        let index = loading(name)
        if entries[index].isReload { return entries[index].endReload(failure: reason) }
        entries[index].phase = .failed(reason: reason)
    }

    /// Forgets an abandoned load, as if nobody had asked for the model.
    package mutating func abandonLoad(_ name: String) {
        let index = loading(name)
        if entries[index].isReload { return entries[index].endReload(failure: nil) }
        forget(index)
    }

    /// Notes that an entry is in use.
    private mutating func use(_ index: Int) {
        useCount += 1
        entries[index].lastUse = useCount
    }

    /// The entry of a running load. A load ends once, and a loading entry cannot be unloaded.
    private func loading(_ name: String) -> Int {
        guard let index = index(name), entries[index].isLoading else {
            let state = entry(name)?.state.rawValue ?? "not there"
            preconditionFailure("a load of \"\(name)\" ends, whose entry is \(state)")
        }
        return index
    }

    // MARK: - Findings about generations

    /// Takes an untrusted generation out of service, unless it has left already. A generation that
    /// was held for a rollback is held no longer. Returns what left.
    package mutating func failServed(_ model: ServedModel, reason: String) -> Departure {
        guard let (index, place) = place(of: model), entries[index].phase == .serving,
            entries[index].generations[place].fault == nil
        else { return Departure() }
        entries[index].generations[place].fault = reason
        guard entries[index].heldNumber == model.generation else { return Departure() }
        entries[index].giveUpHeld(reason)
        return sweep(index)
    }

    /// Notes how the files on disk compare with the loaded files. Returns true when the state is
    /// news.
    package mutating func setFile(_ file: VerifiedFile, of model: ServedModel) -> Bool {
        guard let (index, place) = place(of: model),
            let known = entries[index].generations[place].file, known != file
        else { return false }
        entries[index].generations[place].file = file
        return true
    }

    // MARK: - Requests and unloads

    /// Counts a request in, so that its generation waits for the request.
    package mutating func retain(_ model: ServedModel) {
        guard let (index, place) = place(of: model) else {
            preconditionFailure("\(model) has left and gets a request")
        }
        entries[index].generations[place].inFlightCount += 1
        use(index)
    }

    /// Counts a request out. Returns what left with the request.
    package mutating func release(_ model: ServedModel) -> Departure {
        guard let (index, place) = place(of: model),
            entries[index].generations[place].inFlightCount > 0
        else { preconditionFailure("\(model) is released without being retained") }
        entries[index].generations[place].inFlightCount -= 1
        guard entries[index].generations[place].inFlightCount == 0 else { return Departure() }
        return sweep(index)
    }

    /// Starts to unload a ready model or a failed entry, with all its generations. Returns what
    /// left at once.
    package mutating func beginUnload(_ name: String) throws(ServiceError) -> Departure {
        guard let index = index(name) else { throw unknown(name, field: "name") }
        let entry = entries[index]
        guard entry.state == .ready || entry.state == .failed || entry.isEvicted else {
            throw ServiceError(
                .failedPrecondition, entry.state == .draining ? .modelUnloading : .modelNotReady,
                "unloading model \"\(name)\": found it \(entry.state.rawValue), "
                    + "allowed: ready or failed", field: "name")
        }
        guard !entry.isPinned else {
            throw ServiceError(
                .failedPrecondition, .modelPinned,
                "unloading model \"\(name)\": it is pinned, unpin it first", field: "name")
        }
        guard entry.swap == nil else { throw .swapRunning("unloading model \"\(name)\"") }
        entries[index].phase = .draining
        (entries[index].heldNumber, entries[index].labels) = (0, [])
        return sweep(index)
    }

    /// Removes what nothing needs. The active generation of an unloading entry leaves last, with
    /// the entry.
    mutating func sweep(_ index: Int) -> Departure {
        let entry = entries[index]
        if entry.phase == .draining, entry.inFlightCount == 0 {
            forget(index)
            return Departure(models: entry.generations.map(\.served), entry: entry)
        }
        let leaving = entry.generations.filter {
            $0.inFlightCount == 0 && entry.role(of: $0.number) == .retired
        }
        guard !leaving.isEmpty else { return Departure() }
        entries[index].generations.removeAll { leaving.contains($0) }
        return Departure(models: leaving.map(\.served))
    }

    private mutating func forget(_ index: Int) {
        let entry = entries.remove(at: index)
        if entry.latestNumber > 0 { pastNumbers[entry.name] = entry.latestNumber }
    }

    func index(_ name: String) -> Int? { entries.firstIndex { $0.name == name } }

    /// Places of the entry and of the generation in it.
    private func place(of model: ServedModel) -> (entry: Int, generation: Int)? {
        guard let index = index(model.name),
            let place = entries[index].generations.firstIndex(where: {
                $0.number == model.generation
            })
        else { return nil }
        return (index, place)
    }
}

extension ServiceError {
    /// A name with the mark of labels.
    package static func nameReserved(_ name: String) -> ServiceError {
        ServiceError(
            .invalidArgument, .nameReserved,
            "naming model \"\(name)\": found \":\", which stands between a name and a label, "
                + "allowed: a name without it", field: "name")
    }

    static func swapRunning(_ attempt: String) -> ServiceError {
        ServiceError(
            .resourceExhausted, .swapRunning,
            "\(attempt): a swap of it is running, wait for its end or cancel it", field: "name",
            retryAfterMilliseconds: 1000)
    }
}
