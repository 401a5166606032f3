// The circuit breakers of a server: one for each model in service, one for the loads of each name.
// Pure.
//
// Guarantees:
// - A model without a failure has no breaker here, so a look-up costs little.
// - A new generation of a name begins with a closed breaker.
// - Loads of a name are refused only for the file that failed. Another path may be tried at once.
// - At most `namesMax` names of failed loads are kept.
// Does not: take a model out of service for good. Drift found by a verification does, see
// ServiceContext+Verification.swift. A file that changed on disk never gets here.

import Wire

/// See the head of the file. A value owned by the loop thread.
package struct CircuitBreakers: Sendable {
    /// State, reason and age of a breaker, for Models.
    package struct View: Sendable, Equatable {
        package let state: BreakerState
        /// Nil for a closed breaker.
        package let reason: String?
        /// Time since the state changed, or nil for a breaker that was never open.
        package let microseconds: UInt64?
    }

    private struct Serving: Sendable {
        var breaker: CircuitBreaker
        /// True when the weights must be verified before the probe.
        var needsProof = false
    }

    private struct Loading: Sendable {
        var breaker: CircuitBreaker
        /// Path of the failed loads.
        let path: String
        /// Time of the latest failure.
        var failedAt: UInt64
    }

    private let bounds: CircuitBreaker.Bounds
    private let namesMax: Int
    private var serving: [ServedModel: Serving] = [:]
    private var loading: [String: Loading] = [:]
    /// Model whose step hangs.
    private var hungModel: ServedModel?
    /// Latest time that the owner told.
    package private(set) var now: UInt64 = 0

    package init(limits: ServiceLimits) {
        bounds = limits.breaker
        namesMax = limits.modelsMax
    }

    /// Takes the time in.
    package mutating func advance(to time: UInt64) { now = max(now, time) }

    // MARK: - Requests

    /// Throws when the model's breaker lets no request pass now.
    package func check(_ model: ServedModel) throws(ServiceError) {
        guard !serving.isEmpty, let breaker = serving[model]?.breaker,
            let pause = breaker.refusal(at: now)
        else { return }
        throw .breakerOpen(
            "asking model \"\(model.name)\"", breaker.state(at: now), breaker.finding, pause)
    }

    /// Makes a request that `check` has let pass the probe, where the model's breaker needs one.
    mutating func begin(_ ticket: UInt64, of model: ServedModel) {
        guard !serving.isEmpty else { return }
        _ = serving[model]?.breaker.begin(ticket, now: now)
    }

    /// True when the weights must be verified before this request, a probe, is computed.
    package func needsProof(_ ticket: UInt64, of model: ServedModel) -> Bool {
        guard !serving.isEmpty, let entry = serving[model] else { return false }
        return entry.needsProof && entry.breaker.isProbe(ticket)
    }

    /// True when a request is the probe of its model's breaker.
    package func isProbe(_ ticket: UInt64, of model: ServedModel) -> Bool {
        serving[model]?.breaker.isProbe(ticket) ?? false
    }

    /// Notes that the weights of a model were verified.
    package mutating func proved(_ model: ServedModel) { serving[model]?.needsProof = false }

    /// Takes the end of a request to the engine.
    mutating func ended(_ ticket: UInt64, of model: ServedModel, _ event: WorkEvent) {
        guard !serving.isEmpty, let breaker = serving[model]?.breaker else { return }
        switch event.evidence {
        case .computed:
            // An older request proves nothing about a breaker that opened since.
            guard breaker.isProbe(ticket) || breaker.state(at: now) == .closed else { return }
            serving[model]?.breaker.close(now: now)
        case .failed(let finding) where breaker.isProbe(ticket):
            _ = serving[model]?.breaker.trip(finding, now: now)
        case .failed, .none:
            serving[model]?.breaker.withdraw(ticket, now: now)
        }
    }

    // MARK: - Failures of models

    /// Opens the breaker of a model that gave values that are not finite. Returns true when it was
    /// not open.
    package mutating func gaveNonFinite(_ model: ServedModel, _ sentence: String) -> Bool {
        let opened = change(model) { $0.trip(.init(.logitsNotFinite, sentence), now: $1) }
        serving[model]?.needsProof = true
        return opened
    }

    /// Counts a failed step of a model. Returns true when its breaker opened.
    package mutating func stepFailed(_ model: ServedModel, _ sentence: String) -> Bool {
        change(model) { $0.fail(.init(.deviceError, sentence), now: $1) }
    }

    /// Opens the breakers of all models while the engine hangs: no request can be computed.
    mutating func engineStalled(
        _ models: [ServedModel], in hung: ServedModel?, _ sentence: String
    ) {
        if hungModel == nil { hungModel = hung }
        for model in models {
            _ = change(model) { $0.hold(.init(.engineStalled, sentence), now: $1) }
        }
    }

    /// Ends the pause of an engine that works again. The model whose step hung needs a probe.
    mutating func engineWorks() {
        for (model, entry) in serving where entry.breaker.isHeld {
            serving[model]?.breaker.release(now: now)
            if model != hungModel { serving[model]?.breaker.close(now: now) }
        }
        hungModel = nil
    }

    private mutating func change(
        _ model: ServedModel, _ body: (inout CircuitBreaker, UInt64) -> Bool
    ) -> Bool {
        var entry = serving[model] ?? Serving(breaker: CircuitBreaker(bounds, now: now))
        defer { serving[model] = entry }
        return body(&entry.breaker, now)
    }

    /// Forgets a model that left.
    mutating func forget(_ model: ServedModel) { serving[model] = nil }

    // MARK: - Loads

    /// Refusals that say something of the server's memory, and nothing of the file.
    private static let memoryCodes: Set<ServiceError.Code> = [
        .init("memory_budget_exceeded"), .init("resources_exhausted"),
    ]

    /// Throws when loads of the file under this name are paused. Call before each load or swap.
    package func checkLoad(_ name: String, path: String) throws(ServiceError) {
        guard let entry = loading[name], entry.path == path,
            let pause = entry.breaker.refusal(at: now)
        else { return }
        throw .breakerOpen(
            "loading model \"\(name)\"", entry.breaker.state(at: now), entry.breaker.finding, pause)
    }

    /// Takes the end of a load or a swap. Only the verdict of a layer counts as a failure.
    package mutating func loadEnded(_ name: String, path: String, _ event: WorkEvent) {
        guard case .failed(let error) = event else { return loading[name] = nil }
        guard error.layer != nil, !Self.memoryCodes.contains(error.code) else { return }
        var entry =
            loading[name].flatMap { $0.path == path ? $0 : nil }
            ?? Loading(
                breaker: CircuitBreaker(bounds, now: now), path: path, failedAt: now)
        _ = entry.breaker.fail(.init(.loadFailures, error.message), now: now)
        entry.failedAt = now
        if loading[name] == nil, loading.count >= namesMax,
            let oldest = loading.min(by: { $0.value.failedAt < $1.value.failedAt })
        {
            loading[oldest.key] = nil
        }
        loading[name] = entry
    }

    // MARK: - Looking

    /// The breaker of a model in service, or of the loads of its name where only these are paused.
    package func view(_ name: String, _ model: ServedModel?) -> View {
        let breaker = model.flatMap { serving[$0]?.breaker }
        if let breaker, breaker.state(at: now) != .closed { return view(of: breaker) }
        if let loads = loading[name]?.breaker, loads.state(at: now) != .closed {
            return view(of: loads)
        }
        return breaker.map { view(of: $0) } ?? View(state: .closed, reason: nil, microseconds: nil)
    }

    private func view(of breaker: CircuitBreaker) -> View {
        View(
            state: breaker.state(at: now), reason: breaker.finding?.text,
            microseconds: breaker.pause == 0 && breaker.finding == nil
                ? nil : now - min(now, breaker.changedAt(now)))
    }

    /// Reason for which the model answers nothing now, or nil. A half-open breaker waits for a
    /// request, so its model counts as ready.
    package func outage(of model: ServedModel) -> String? {
        sentence(about: model, while: .open)
    }

    /// Reason for which the model waits for a request to pass, or nil.
    func trial(of model: ServedModel) -> String? { sentence(about: model, while: .halfOpen) }

    private func sentence(about model: ServedModel, while state: BreakerState) -> String? {
        guard let breaker = serving[model]?.breaker, breaker.state(at: now) == state else {
            return nil
        }
        let word = state == .open ? "open" : "half open"
        return "circuit breaker \(word), \(breaker.finding?.text ?? "")"
    }
}

/// What the end of a request says about its model.
private enum Evidence {
    case computed
    case failed(CircuitBreaker.Finding)
    case none
}

extension WorkEvent {
    fileprivate var evidence: Evidence {
        switch self {
        case .logits, .scored, .embedded: .computed
        case .generated(let answer, _): answer.completionTokens > 0 ? .computed : .none
        case .failed(let error) where error.code == .logitsNotFinite:
            .failed(.init(.logitsNotFinite, error.message))
        case .failed(let error) where error.code == .engineFailed:
            .failed(.init(.deviceError, error.message))
        default: .none
        }
    }
}

extension ServiceError {
    /// The answer of a breaker that is not closed.
    fileprivate static func breakerOpen(
        _ tried: String, _ state: BreakerState, _ finding: CircuitBreaker.Finding?,
        _ pause: UInt64
    ) -> ServiceError {
        let milliseconds = max(1, (pause + 999) / 1000)
        let found =
            state == .open
            ? "its circuit breaker open" : "its circuit breaker half open, with a probe under way"
        return ServiceError(
            .unavailable, .breakerOpen,
            "\(tried): found \(found) (\(finding?.text ?? "")), allowed: another attempt in "
                + "\(milliseconds) ms", retryAfterMilliseconds: milliseconds)
    }
}
