// The registry: the models of the server, as the decisions see them. Pure: loads and unloads report
// here, requests look models up here. The engine holds the runners of the served models.
//
// Guarantees:
// - A name has at most one entry. Entries keep their order of arrival.
// - A entry's generation rises with every model that becomes ready, also across an unload.
// - An unloading model takes no new requests, and is gone exactly when the last request finished.
//
//        beginLoad        finishLoad         beginUnload           last request done
//   none ---------> loading ---------> ready ------------> draining ----------> none
//                      | failLoad        | failServed
//                      v                 v
//                    failed            failed, to be unloaded

import Wire

/// Identity of a model in service: no other model ever has the same name and generation.
package struct ServedModel: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    package let generation: UInt32

    package init(name: String, generation: UInt32) {
        self.name = name
        self.generation = generation
    }

    package var description: String { "\(name), generation \(generation)" }
}

/// Known facts about a served model. Dynamic member look-up reads the fields of the model's row in
/// a Models answer.
@dynamicMemberLookup
package struct ServedFacts: Sendable, Equatable {
    /// The model's row in a Models answer. The current state is the entry's, not the row's.
    package var info: ModelInfo
    /// Causes that degrade every answer of the model, e.g. `cpu_fallback: …`.
    package var degradations: [String]
    /// False when the model attends in both directions and answers Embed alone.
    package var isCausal: Bool

    /// See the properties.
    package init(_ info: ModelInfo, degradations: [String] = [], isCausal: Bool = true) {
        self.info = info
        self.degradations = degradations
        self.isCausal = isCausal
    }

    /// Generation of the entry, as frames carry it. 0 before the model is ready.
    package var generation: UInt32 {
        get { UInt32(truncatingIfNeeded: info.generation) }
        set { info.generation = UInt64(newValue) }
    }

    package var served: ServedModel { ServedModel(name: info.name, generation: generation) }

    /// A field of the row.
    package subscript<Value>(dynamicMember field: WritableKeyPath<ModelInfo, Value>) -> Value {
        get { info[keyPath: field] }
        set { info[keyPath: field] = newValue }
    }
}

/// The entries of one server. A value owned by one loop thread.
package struct ModelRegistry: Sendable {
    package struct Entry: Sendable, Equatable {
        package let name: String
        /// State of the entry. A draining entry is being unloaded.
        package fileprivate(set) var state: ServingState
        /// Generation of the latest model that became ready here, or 0 for none.
        package fileprivate(set) var generation: UInt32
        package fileprivate(set) var facts: ServedFacts?
        /// Reason of the failure.
        package fileprivate(set) var reason: String?
        /// State of a real model's files on disk, or nil for a entry without files.
        package fileprivate(set) var file: VerifiedFile?
        package fileprivate(set) var inFlightCount = 0

        /// Identity of the latest model that became ready here.
        package var served: ServedModel { ServedModel(name: name, generation: generation) }
    }

    /// Most entries, of all states. A Models answer lists them all in one frame.
    private let entriesMax: Int

    package private(set) var entries: [Entry] = []
    /// Generations of names whose entry is gone.
    private var pastGenerations: [String: UInt32] = [:]

    package init(entriesMax: Int = ServiceLimits().modelsMax) { self.entriesMax = entriesMax }

    package func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    // MARK: - Look-up

    /// Returns the entry that the request names. Without a name, the only ready entry is meant,
    /// even beside failed and loading entries.
    package func addressed(_ name: String?) throws(ServiceError) -> Entry {
        if let name {
            if let entry = entry(name) { return entry }
            throw ServiceError(
                .notFound, .modelUnknown,
                "looking up model \"\(name)\": found none, served are: \(nameList)",
                field: "model")
        }
        let ready = entries.filter { $0.state == .ready }
        if ready.count == 1 { return ready[0] }
        if ready.isEmpty && entries.count == 1 { return entries[0] }
        throw ServiceError(
            .invalidArgument, .modelRequired,
            "choosing a model: found no name in the request, served are: \(nameList)",
            field: "model")
    }

    /// Returns the facts of a entry that can take a request now.
    package func ready(_ entry: Entry) throws(ServiceError) -> ServedFacts {
        if entry.state == .ready, let facts = entry.facts { return facts }
        let reason = entry.reason.map { ": \($0)" } ?? ""
        switch entry.state {
        case .failed:
            throw ServiceError(
                .failedPrecondition, .modelNotReady,
                "asking model \"\(entry.name)\": it "
                    + (entry.facts == nil ? "failed to load" : "is out of service") + reason,
                field: "model")
        case .draining:
            throw ServiceError(
                .unavailable, .modelUnloading,
                "asking model \"\(entry.name)\": it is being unloaded", field: "model")
        case .loading, .ready:
            throw ServiceError(
                .unavailable, .modelLoading,
                "asking model \"\(entry.name)\": it is still loading", field: "model",
                retryAfterMilliseconds: 200)
        }
    }

    private var nameList: String {
        entries.isEmpty ? "none" : entries.prefix(16).map(\.name).joined(separator: ", ")
    }

    // MARK: - Loads

    /// Takes the entry for a load. Fails when the name is taken, except by a failed load.
    package mutating func beginLoad(_ name: String) throws(ServiceError) {
        if let index = index(name) {
            let old = entries[index]
            guard old.state == .failed, old.facts == nil else {
                throw ServiceError(
                    .alreadyExists, .modelExists,
                    "loading model \"\(name)\": the name is taken (\(old.state.rawValue)), "
                        + "unload it first or choose another", field: "name")
            }
            forget(index)
        }
        try makeRoom(for: name)
        entries.append(
            Entry(name: name, state: .loading, generation: pastGenerations[name] ?? 0))
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

    /// Gives a model that passed the assay its generation, which no later model of the name gets.
    /// The engine needs the number before the entry is ready.
    package mutating func reserveGeneration(_ name: String) -> ServedModel {
        let index = loading(name)
        entries[index].generation &+= 1
        return entries[index].served
    }

    /// Makes the model with the reserved generation ready. Returns the entry.
    @discardableResult
    package mutating func finishLoad(_ facts: ServedFacts) -> Entry {
        let index = loading(facts.name)
        precondition(
            facts.served == entries[index].served && facts.generation > 0,
            "\(facts.served) became ready, reserved was \(entries[index].served)")
        entries[index].facts = facts
        entries[index].state = .ready
        entries[index].file = facts.provenance == .real ? VerifiedFile(.unchanged) : nil
        return entries[index]
    }

    package mutating func failLoad(_ name: String, reason: String) {
        let index = loading(name)
        entries[index].state = .failed
        entries[index].reason = reason
    }

    /// Forgets an abandoned load, as if nobody had asked for the model.
    package mutating func abandonLoad(_ name: String) { forget(loading(name)) }

    /// The entry of a running load. A load ends once, and a loading entry cannot be unloaded.
    private func loading(_ name: String) -> Int {
        guard let index = index(name), entries[index].state == .loading else {
            let state = entry(name)?.state.rawValue ?? "not there"
            preconditionFailure("a load of \"\(name)\" ends, whose entry is \(state)")
        }
        return index
    }

    /// Takes an untrusted model out of service, unless the model has left already. From then on the
    /// model can only be unloaded.
    package mutating func failServed(_ model: ServedModel, reason: String) {
        guard let index = index(model), entries[index].state == .ready else { return }
        entries[index].state = .failed
        entries[index].reason = reason
    }

    /// Notes how the files on disk compare with the loaded files. Returns true when the state is
    /// news.
    package mutating func setFile(_ file: VerifiedFile, of model: ServedModel) -> Bool {
        guard let index = index(model), let known = entries[index].file, known != file else {
            return false
        }
        entries[index].file = file
        return true
    }

    // MARK: - Requests and unloads

    /// Counts a request in, so that an unload waits for the request.
    package mutating func retain(_ model: ServedModel) { entries[held(model)].inFlightCount += 1 }

    /// Counts a request out. Returns the removed entry when the last request of an unloading model
    /// ended.
    package mutating func release(_ model: ServedModel) -> Entry? {
        let index = held(model)
        precondition(entries[index].inFlightCount > 0, "\(model) is released without being held")
        entries[index].inFlightCount -= 1
        return removeIfDrained(index)
    }

    /// The entry of a model that a request holds, and that cannot leave before the request.
    private func held(_ model: ServedModel) -> Int {
        guard let index = index(model) else { preconditionFailure("\(model) left while held") }
        return index
    }

    /// Starts to unload a ready model or a failed entry. Returns the entry when it is gone at once.
    package mutating func beginUnload(_ name: String) throws(ServiceError) -> Entry? {
        let entry = try addressed(name)
        guard let index = index(name), entry.state == .ready || entry.state == .failed else {
            throw ServiceError(
                .failedPrecondition, entry.state == .draining ? .modelUnloading : .modelNotReady,
                "unloading model \"\(name)\": found it \(entry.state.rawValue), "
                    + "allowed: ready or failed", field: "name")
        }
        entries[index].state = .draining
        return removeIfDrained(index)
    }

    private mutating func removeIfDrained(_ index: Int) -> Entry? {
        guard entries[index].state == .draining, entries[index].inFlightCount == 0 else {
            return nil
        }
        return forget(index)
    }

    @discardableResult
    private mutating func forget(_ index: Int) -> Entry {
        let entry = entries.remove(at: index)
        if entry.generation > 0 { pastGenerations[entry.name] = entry.generation }
        return entry
    }

    private func index(_ name: String) -> Int? { entries.firstIndex { $0.name == name } }

    private func index(_ model: ServedModel) -> Int? { entries.firstIndex { $0.served == model } }
}
