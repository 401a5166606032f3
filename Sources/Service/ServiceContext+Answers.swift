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
        let answering = models.entries.filter { answers($0) }
        let states = models.entries.map { state(of: $0) }
        let list = zip(models.entries, states).filter { $0.1 != .ready }.prefix(8).map {
            entry, state in
            "\(entry.name) is \(entry.isAwaited ? "evicted" : state.rawValue)"
                + (outage(of: entry).map { " (\($0))" } ?? "")
        }
        if condition.isStarting {
            let reason = (["the server is loading its models"] + list).joined(separator: ", ")
            return HealthResponse(ready: false, state: .loading, reason: reason.clipped)
        }
        if !answering.isEmpty {
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
        return HealthResponse(
            ready: false, state: .failed,
            reason: outages.isEmpty
                ? "no model is loaded" : list.joined(separator: ", ").clipped)
    }

    /// Health of the generation that a request names.
    func health(of target: ModelRegistry.Target) -> HealthResponse {
        let file = target.generation?.file
        if target.state == .ready, !isLeaving, let fault = condition.engine.fault {
            return HealthResponse(
                ready: false, state: .failed, reason: fault.clipped, file: file?.state)
        }
        let state = state(of: target)
        let notes = [
            trial(of: target), target.evictionNote, target.fileNote, target.entry.swapNote,
        ]
        .compactMap(\.self)
        let reason = outage(of: target) ?? target.reason ?? notes.joined(separator: ", ")
        let isReady = target.generation == nil ? answers(target.entry) : state == .ready
        return HealthResponse(
            ready: isReady && !isLeaving, state: isLeaving ? .draining : state,
            reason: reason.isEmpty ? nil : reason.clipped, file: file?.state)
    }

    /// A row of a Models answer.
    package func row(of entry: ModelRegistry.Entry) -> ModelInfo {
        var row = ModelInfo(entry)
        row.state = state(of: entry)
        let breaker = breakers.view(entry.name, entry.served)
        row.breaker = breaker.state
        row.breakerReason = breaker.reason?.clipped(toSize: Limits.sentenceSizeMax)
        row.breakerSeconds = breaker.microseconds.map { Double($0) / 1_000_000 }
        row.sealAgeSeconds = sealAge(of: entry.served).map { Double($0) / 1_000_000 }
        return row
    }
}

extension ServiceContext {
    /// True for a model that answers requests, if only after a load.
    fileprivate func answers(_ entry: ModelRegistry.Entry) -> Bool {
        state(of: entry) == .ready || (entry.isAwaited && limits.eviction != .refuse)
    }
}

extension ModelRegistry.Target {
    /// A sentence about a model out of memory, or nil for one in memory.
    fileprivate var evictionNote: String? {
        entry.isAwaited ? "\(entry.name) is out of memory until it is loaded again" : nil
    }

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
            isAwaited
                ? "the last load of \(name) failed: \($0.clipped)"
                : "the last swap of \(name) failed: \($0.clipped); generation \(generation) goes on"
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
            (entry.facts ?? entry.evictedFacts)?.info
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
        if entry.isAwaited { evicted = true }
        heldGeneration = entry.held.map { UInt64($0.number) }
        loadFailure = entry.loadFailure?.clipped
    }
}
