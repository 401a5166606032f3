// Answers about the shared state: health and the list of models.

import Wire

extension ServiceContext {
    /// Health of the server as a whole: ready with at least one ready model. The reason names the
    /// models that are not ready.
    var serverHealth: HealthResponse {
        if isLeaving {
            return HealthResponse(ready: false, state: .draining, reason: "shutting down")
        }
        let faults = condition.faults
        if !faults.isEmpty {
            return HealthResponse(
                ready: false, state: .failed, reason: faults.joined(separator: "; ").clipped)
        }
        let states = models.entries.map(\.state)
        let others = models.entries.filter { $0.state != .ready }.prefix(8)
        let list = others.map { "\($0.name) is \($0.state.rawValue)" }
        if condition.isStarting {
            let reason = (["the server is loading its models"] + list).joined(separator: ", ")
            return HealthResponse(ready: false, state: .loading, reason: reason.clipped)
        }
        if states.contains(.ready) {
            let notes =
                list + models.entries.compactMap(\.fileNote).prefix(8)
                + models.entries.compactMap(\.swapNote).prefix(8)
            return HealthResponse(
                ready: true, state: .ready,
                reason: notes.isEmpty ? nil : notes.joined(separator: ", ").clipped)
        }
        if states.contains(.loading) {
            return HealthResponse(ready: false, state: .loading, reason: "no model is ready yet")
        }
        return HealthResponse(ready: false, state: .failed, reason: "no model is loaded")
    }

    /// Health of the generation that a request names.
    func health(of target: ModelRegistry.Target) -> HealthResponse {
        let file = target.generation?.file
        if target.state == .ready, !isLeaving, let fault = condition.engine.fault {
            return HealthResponse(
                ready: false, state: .failed, reason: fault.clipped, file: file?.state)
        }
        let notes = [target.fileNote, target.entry.swapNote].compactMap(\.self)
        let reason = target.reason ?? notes.joined(separator: ", ")
        return HealthResponse(
            ready: target.state == .ready && !isLeaving,
            state: isLeaving ? .draining : target.state,
            reason: reason.isEmpty ? nil : reason.clipped, file: file?.state)
    }
}

extension ModelRegistry.Target {
    /// State of the generation, or of the entry while the entry is not in service.
    package var state: ServingState {
        guard entry.phase == .serving else { return entry.state }
        return generation?.fault == nil ? .ready : .failed
    }

    /// Reason of the failure.
    var reason: String? { entry.phase == .serving ? generation?.fault : entry.reason }

    /// A sentence about files that changed on disk, or nil when they are unchanged.
    var fileNote: String? {
        guard let file = generation?.file, file.state != .unchanged else { return nil }
        let reason = (file.reason ?? "").clipped
        return "the file of \(name) is \(file.state.rawValue) on disk: \(reason); "
            + "answers are those of the weights that were loaded"
    }
}

extension ModelRegistry.Entry {
    /// Reason of the failure, short enough for a field. Nil rather than empty.
    var clippedReason: String? {
        guard let reason, !reason.isEmpty else { return nil }
        return reason.clipped
    }

    /// A sentence about files that changed on disk, or nil when they are unchanged.
    var fileNote: String? { ModelRegistry.Target(self, active).fileNote }

    /// A sentence about a swap that failed, or nil when the last one did not.
    var swapNote: String? {
        loadFailure.map {
            "the last swap of \(name) failed: \($0.clipped); generation \(generation) goes on"
        }
    }
}

extension String {
    /// The text, cut to the size of a reason field.
    fileprivate var clipped: String { clipped(toSize: 512) }
}

extension ModelInfo {
    /// A row of the list. An entry without a model has no provenance. Nothing in the entry can
    /// answer, and the refusals say `real`.
    package init(_ entry: ModelRegistry.Entry) {
        self =
            entry.facts?.info
            ?? ModelInfo(
                name: entry.name, state: entry.state, provenance: .real, architecture: "",
                parameters: 0, vocabulary: 0, context: 0, generation: 0, device: "", bytes: 0)
        state = entry.state
        generation = UInt64(entry.generation)
        deviceReason = deviceReason ?? entry.clippedReason
        file = entry.file?.state
        labels = entry.labels.map { label in
            ModelLabel(
                label: label.name, generation: UInt64(label.generation), share: label.share)
        }
        if entry.isPinned { pinned = true }
        heldGeneration = entry.held.map { UInt64($0.number) }
        loadFailure = entry.loadFailure?.clipped
    }
}
