// Which models there are, as the decisions see them. Pure: loads and unloads report here, requests
// look up here; the models themselves live elsewhere.
//
// Guarantees: one slot per name; a slot's generation rises with every model that becomes ready in
// it, also across an unload; a model that is unloading takes no new requests and is gone exactly
// when its last one finished. Names keep their order of arrival.
//
//        beginLoad        finishLoad         beginUnload           last request done
//   none ---------> loading ---------> ready ------------> draining ----------> none
//                      | failLoad        | failServed
//                      v                 v
//                    failed            failed, to be unloaded

import Wire

/// What is known about a model that is served. The fields of its row in a Models answer are read
/// straight off it.
@dynamicMemberLookup
public struct ModelFacts: Sendable, Equatable {
    /// Its row; where it stands now is the slot's to say.
    public var info: ModelInfo
    /// What makes every answer of this model worse than it could be, e.g. `cpu_fallback: …`.
    public var degradations: [String]

    /// See the properties.
    public init(_ info: ModelInfo, degradations: [String] = []) {
        self.info = info
        self.degradations = degradations
    }

    /// Generation of the slot, as frames carry it; 0 before the model is ready.
    public var generation: UInt32 {
        get { UInt32(truncatingIfNeeded: info.generation) }
        set { info.generation = UInt64(newValue) }
    }

    /// A field of the row.
    public subscript<Value>(dynamicMember field: WritableKeyPath<ModelInfo, Value>) -> Value {
        get { info[keyPath: field] }
        set { info[keyPath: field] = newValue }
    }
}

/// The slots of one server. A value owned by one loop thread.
package struct ModelDirectory: Sendable {
    package struct Slot: Sendable, Equatable {
        package let name: String
        /// Draining: it is being unloaded.
        package fileprivate(set) var state: ServingState
        /// Of the latest model that became ready here; 0 for none.
        package fileprivate(set) var generation: UInt32
        package fileprivate(set) var facts: ModelFacts?
        /// Why it failed.
        package fileprivate(set) var reason: String?
        /// The files of a real model on disk; nil for a slot without one.
        package fileprivate(set) var file: VerifiedFile?
        package fileprivate(set) var inFlightCount = 0
    }

    /// Slots of all states; a Models answer lists them all in one frame.
    package static let slotsMax = 256

    package private(set) var slots: [Slot] = []
    /// Generations of names whose slot is gone.
    private var pastGenerations: [String: UInt32] = [:]

    package init() {}

    package func slot(_ name: String) -> Slot? { slots.first { $0.name == name } }

    package var loadingCount: Int { slots.count { $0.state == .loading } }

    // MARK: - Look-up

    /// The slot a request means: the named one, or when it names none the only one that is ready.
    /// A failed or unfinished load beside it does not make that ambiguous.
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

    /// The facts of a slot that can take a request now.
    package func ready(_ slot: Slot) throws(ServiceError) -> ModelFacts {
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

    /// Takes the slot for a load. Fails when the name is taken by anything but a failed load.
    package mutating func beginLoad(_ name: String) throws(ServiceError) {
        if let old = slot(name) {
            guard old.state == .failed, old.facts == nil else {
                throw ServiceError(
                    .alreadyExists, .modelExists,
                    "loading model \"\(name)\": the name is taken (\(old.state.rawValue)), "
                        + "unload it first or choose another", field: "name")
            }
            forget(slots.firstIndex { $0.name == name } ?? 0)
        }
        try makeRoom(for: name)
        slots.append(
            Slot(name: name, state: .loading, generation: pastGenerations[name] ?? 0))
    }

    /// Failed slots stay listed until they are in the way: the oldest makes room.
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

    /// Gives a model that passed its number, which no other model of this name ever has: the
    /// engine knows it by it before the slot is ready. Nil when the load was abandoned.
    package mutating func reserveGeneration(_ name: String) -> UInt32? {
        guard let index = index(name), slots[index].state == .loading else { return nil }
        slots[index].generation &+= 1
        return slots[index].generation
    }

    /// Puts a model that passed into its slot and returns its facts with the generation set: the
    /// reserved one, or a new one when there is none.
    package mutating func finishLoad(_ facts: ModelFacts) -> ModelFacts? {
        guard let index = index(facts.name), slots[index].state == .loading else { return nil }
        var facts = facts
        if facts.generation == 0 { facts.generation = reserveGeneration(facts.name) ?? 0 }
        guard facts.generation == slots[index].generation else { return nil }
        slots[index].facts = facts
        slots[index].state = .ready
        slots[index].file = facts.provenance == .real ? VerifiedFile(.unchanged) : nil
        return facts
    }

    package mutating func failLoad(_ name: String, reason: String) {
        guard let index = index(name), slots[index].state == .loading else { return }
        slots[index].state = .failed
        slots[index].reason = reason
    }

    /// Takes a model out of service that can no longer be trusted; it can only be unloaded now.
    package mutating func failServed(_ name: String, generation: UInt32, reason: String) {
        guard let index = index(name), slots[index].state == .ready,
            slots[index].generation == generation
        else { return }
        slots[index].state = .failed
        slots[index].reason = reason
    }

    /// Forgets a load that was abandoned, as if it had never been asked for.
    package mutating func abandonLoad(_ name: String) {
        guard let index = index(name), slots[index].state == .loading else { return }
        forget(index)
    }

    /// Notes how the files of a served model compare with those that were loaded. Returns whether
    /// that is news.
    package mutating func setFile(
        _ file: VerifiedFile, of name: String, generation: UInt32
    ) -> Bool {
        guard let index = index(name), slots[index].generation == generation,
            let known = slots[index].file, known != file
        else { return false }
        slots[index].file = file
        return true
    }

    // MARK: - Requests and unloads

    /// Counts a request in, so that an unload waits for it.
    package mutating func retain(_ name: String) {
        guard let index = index(name) else { return }
        slots[index].inFlightCount += 1
    }

    /// Counts a request out. Returns the slot when it was the last request of a model that is
    /// unloading: the slot is gone now.
    package mutating func release(_ name: String) -> Slot? {
        guard let index = index(name) else { return nil }
        precondition(slots[index].inFlightCount > 0, "release of \(name) without retain")
        slots[index].inFlightCount -= 1
        return removeIfDrained(index)
    }

    /// Starts the end of a ready model, or of a failed slot. Returns the slot when it is gone at
    /// once.
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
}
