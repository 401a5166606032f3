// The registry: the models of the server, as the decisions see them. Pure: loads and unloads report
// here, requests look models up here. The engine holds the runners of the served models.
//
// Guarantees:
// - A name has at most one slot. Slots keep their order of arrival.
// - A slot's generation rises with every model that becomes ready, also across an unload.
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
    /// The model's row in a Models answer. The current state is the slot's, not the row's.
    package var info: ModelInfo
    /// Causes that degrade every answer of the model, e.g. `cpu_fallback: …`.
    package var degradations: [String]

    /// See the properties.
    package init(_ info: ModelInfo, degradations: [String] = []) {
        self.info = info
        self.degradations = degradations
    }

    /// Generation of the slot, as frames carry it. 0 before the model is ready.
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

/// The slots of one server. A value owned by one loop thread.
package struct ModelRegistry: Sendable {
    package struct Slot: Sendable, Equatable {
        package let name: String
        /// State of the slot. A draining slot is being unloaded.
        package fileprivate(set) var state: ServingState
        /// Generation of the latest model that became ready here, or 0 for none.
        package fileprivate(set) var generation: UInt32
        package fileprivate(set) var facts: ServedFacts?
        /// Reason of the failure.
        package fileprivate(set) var reason: String?
        /// State of a real model's files on disk, or nil for a slot without files.
        package fileprivate(set) var file: VerifiedFile?
        package fileprivate(set) var inFlightCount = 0

        /// Identity of the latest model that became ready here.
        package var served: ServedModel { ServedModel(name: name, generation: generation) }
    }

    /// Most slots, of all states. A Models answer lists them all in one frame.
    package static let slotsMax = 256

    package private(set) var slots: [Slot] = []
    /// Generations of names whose slot is gone.
    private var pastGenerations: [String: UInt32] = [:]

    package init() {}

    package func slot(_ name: String) -> Slot? { slots.first { $0.name == name } }

    package var loadingCount: Int { slots.count { $0.state == .loading } }

    // MARK: - Look-up

    /// Returns the slot that the request names. Without a name, the only ready slot is meant, even
    /// beside failed and loading slots.
    package func addressed(_ name: String?) throws(ServiceError) -> Slot {
        if let name {
            if let slot = slot(name) { return slot }
            throw ServiceError(
                .notFound, .modelUnknown,
                "looking up model \"\(name)\": found none, served are: \(nameList)",
                field: "model")
        }
        let ready = slots.filter { $0.state == .ready }
        if ready.count == 1 { return ready[0] }
        if ready.isEmpty && slots.count == 1 { return slots[0] }
        throw ServiceError(
            .invalidArgument, .modelRequired,
            "choosing a model: found no name in the request, served are: \(nameList)",
            field: "model")
    }

    /// Returns the facts of a slot that can take a request now.
    package func ready(_ slot: Slot) throws(ServiceError) -> ServedFacts {
        if slot.state == .ready, let facts = slot.facts { return facts }
        let reason = slot.reason.map { ": \($0)" } ?? ""
        switch slot.state {
        case .failed:
            throw ServiceError(
                .failedPrecondition, .modelNotReady,
                "asking model \"\(slot.name)\": it "
                    + (slot.facts == nil ? "failed to load" : "is out of service") + reason,
                field: "model")
        case .draining:
            throw ServiceError(
                .unavailable, .modelUnloading,
                "asking model \"\(slot.name)\": it is being unloaded", field: "model")
        case .loading, .ready:
            throw ServiceError(
                .unavailable, .modelLoading,
                "asking model \"\(slot.name)\": it is still loading", field: "model",
                retryAfterMilliseconds: 200)
        }
    }

    private var nameList: String {
        slots.isEmpty ? "none" : slots.prefix(16).map(\.name).joined(separator: ", ")
    }

    // MARK: - Loads

    /// Takes the slot for a load. Fails when the name is taken, except by a failed load.
    package mutating func beginLoad(_ name: String) throws(ServiceError) {
        if let index = index(name) {
            let old = slots[index]
            guard old.state == .failed, old.facts == nil else {
                throw ServiceError(
                    .alreadyExists, .modelExists,
                    "loading model \"\(name)\": the name is taken (\(old.state.rawValue)), "
                        + "unload it first or choose another", field: "name")
            }
            forget(index)
        }
        try makeRoom(for: name)
        slots.append(
            Slot(name: name, state: .loading, generation: pastGenerations[name] ?? 0))
    }

    /// Removes the oldest failed load when all slots are taken. Until then failed loads stay
    /// listed.
    private mutating func makeRoom(for name: String) throws(ServiceError) {
        guard slots.count >= Self.slotsMax else { return }
        guard let oldest = slots.firstIndex(where: { $0.state == .failed && $0.facts == nil })
        else {
            throw ServiceError(
                .resourceExhausted, .modelsExceeded,
                "loading model \"\(name)\": \(slots.count) models, allowed: \(Self.slotsMax)")
        }
        forget(oldest)
    }

    /// Gives a model that passed the assay its generation, which no later model of the name gets.
    /// The engine needs the number before the slot is ready.
    package mutating func reserveGeneration(_ name: String) -> ServedModel {
        let index = loading(name)
        slots[index].generation &+= 1
        return slots[index].served
    }

    /// Makes the model with the reserved generation ready. Returns the slot.
    @discardableResult
    package mutating func finishLoad(_ facts: ServedFacts) -> Slot {
        let index = loading(facts.name)
        precondition(
            facts.served == slots[index].served && facts.generation > 0,
            "\(facts.served) became ready, reserved was \(slots[index].served)")
        slots[index].facts = facts
        slots[index].state = .ready
        slots[index].file = facts.provenance == .real ? VerifiedFile(.unchanged) : nil
        return slots[index]
    }

    package mutating func failLoad(_ name: String, reason: String) {
        let index = loading(name)
        slots[index].state = .failed
        slots[index].reason = reason
    }

    /// Forgets an abandoned load, as if nobody had asked for the model.
    package mutating func abandonLoad(_ name: String) { forget(loading(name)) }

    /// The slot of a running load. A load ends once, and a loading slot cannot be unloaded.
    private func loading(_ name: String) -> Int {
        guard let index = index(name), slots[index].state == .loading else {
            let state = slot(name)?.state.rawValue ?? "not there"
            preconditionFailure("a load of \"\(name)\" ends, whose slot is \(state)")
        }
        return index
    }

    /// Takes an untrusted model out of service, unless the model has left already. From then on the
    /// model can only be unloaded.
    package mutating func failServed(_ model: ServedModel, reason: String) {
        guard let index = index(model), slots[index].state == .ready else { return }
        slots[index].state = .failed
        slots[index].reason = reason
    }

    /// Notes how the files on disk compare with the loaded files. Returns true when the state is
    /// news.
    package mutating func setFile(_ file: VerifiedFile, of model: ServedModel) -> Bool {
        guard let index = index(model), let known = slots[index].file, known != file else {
            return false
        }
        slots[index].file = file
        return true
    }

    // MARK: - Requests and unloads

    /// Counts a request in, so that an unload waits for the request.
    package mutating func retain(_ model: ServedModel) { slots[held(model)].inFlightCount += 1 }

    /// Counts a request out. Returns the removed slot when an unloading model's last request ended.
    package mutating func release(_ model: ServedModel) -> Slot? {
        let index = held(model)
        precondition(slots[index].inFlightCount > 0, "\(model) is released without being held")
        slots[index].inFlightCount -= 1
        return removeIfDrained(index)
    }

    /// The slot of a model that a request holds, and that cannot leave before the request.
    private func held(_ model: ServedModel) -> Int {
        guard let index = index(model) else { preconditionFailure("\(model) left while held") }
        return index
    }

    /// Starts to unload a ready model or a failed slot. Returns the slot when it is gone at once.
    package mutating func beginUnload(_ name: String) throws(ServiceError) -> Slot? {
        let slot = try addressed(name)
        guard let index = index(name), slot.state == .ready || slot.state == .failed else {
            throw ServiceError(
                .failedPrecondition, slot.state == .draining ? .modelUnloading : .modelNotReady,
                "unloading model \"\(name)\": found it \(slot.state.rawValue), "
                    + "allowed: ready or failed", field: "name")
        }
        slots[index].state = .draining
        return removeIfDrained(index)
    }

    private mutating func removeIfDrained(_ index: Int) -> Slot? {
        guard slots[index].state == .draining, slots[index].inFlightCount == 0 else { return nil }
        return forget(index)
    }

    @discardableResult
    private mutating func forget(_ index: Int) -> Slot {
        let slot = slots.remove(at: index)
        if slot.generation > 0 { pastGenerations[slot.name] = slot.generation }
        return slot
    }

    private func index(_ name: String) -> Int? { slots.firstIndex { $0.name == name } }

    private func index(_ model: ServedModel) -> Int? { slots.firstIndex { $0.served == model } }
}
