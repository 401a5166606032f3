// What the shared state says about itself: health, the list of models, whether a load may start.

import Wire

extension ServiceContext {
    /// Throws when as many loads are running as may, counting those that were given up while a
    /// file system hung: their threads are still there.
    package func checkLoaders() throws(ServiceError) {
        let running = models.loadingCount
        guard running >= limits.loadsMax || running + abandonedLoadCount >= limits.loadsMax * 4
        else { return }
        throw ServiceError(
            .resourceExhausted, .loadsExceeded,
            "starting a load: \(running) are running and \(abandonedLoadCount) have not come "
                + "back, allowed: \(limits.loadsMax) running", retryAfterMilliseconds: 1000)
    }

    /// The server as a whole: ready when it has a model that is, and says what is not.
    var serverHealth: HealthResponse {
        if isDraining {
            return HealthResponse(ready: false, state: .draining, reason: "shutting down")
        }
        let faults = condition.faults
        if !faults.isEmpty {
            return HealthResponse(
                ready: false, state: .failed, reason: faults.joined(separator: "; ").clipped)
        }
        let states = models.slots.map(\.state)
        let others = models.slots.filter { $0.state != .ready }.prefix(8)
        let list = others.map { "\($0.name) is \($0.state.rawValue)" }
        if condition.isStarting {
            let reason = (["the server is loading its models"] + list).joined(separator: ", ")
            return HealthResponse(ready: false, state: .loading, reason: reason.clipped)
        }
        if states.contains(.ready) {
            let notes = list + models.slots.compactMap(\.fileNote).prefix(8)
            return HealthResponse(
                ready: true, state: .ready,
                reason: notes.isEmpty ? nil : notes.joined(separator: ", ").clipped)
        }
        if states.contains(.loading) {
            return HealthResponse(ready: false, state: .loading, reason: "no model is ready yet")
        }
        return HealthResponse(ready: false, state: .failed, reason: "no model is loaded")
    }

    func health(of slot: ModelDirectory.Slot) -> HealthResponse {
        if slot.state == .ready, !isDraining, let fault = condition.engine.fault {
            return HealthResponse(
                ready: false, state: .failed, reason: fault.clipped, file: slot.file?.state)
        }
        return HealthResponse(
            ready: slot.state == .ready && !isDraining,
            state: isDraining ? .draining : slot.state,
            reason: slot.clippedReason ?? slot.fileNote, file: slot.file?.state)
    }
}

extension ModelDirectory.Slot {
    /// Why it failed, short enough for a field; nil rather than empty.
    var clippedReason: String? {
        guard let reason, !reason.isEmpty else { return nil }
        return reason.clipped
    }

    /// One sentence about files that are not what they were; nil while they are.
    var fileNote: String? {
        guard let file, file.state != .unchanged else { return nil }
        let reason = (file.reason ?? "").clipped
        return "the file of \(name) is \(file.state.rawValue) on disk: \(reason); "
            + "answers are those of the weights that were loaded"
    }
}

extension String {
    /// Short enough for a field that holds a reason.
    fileprivate var clipped: String { clipped(toSize: 512) }
}

extension ModelInfo {
    /// One row of the list. A slot without a model has no provenance of its own: nothing in it
    /// can answer, and `real` is what its refusals say.
    package init(_ slot: ModelDirectory.Slot) {
        self =
            slot.facts?.info
            ?? ModelInfo(
                name: slot.name, state: slot.state, provenance: .real, architecture: "",
                parameters: 0, vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0)
        state = slot.state
        generation = UInt64(slot.generation)
        deviceReason = deviceReason ?? slot.clippedReason
        file = slot.file?.state
    }
}
