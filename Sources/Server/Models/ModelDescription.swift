// Translates Loading's facts and outcomes into types of Service and Wire, and the strategy of a
// Load into a strategy of Loading.
//
// Provenance is translated here and nowhere else.

import Inference
import Loading
import Service
import Wire

extension Provenance {
    /// The wire's provenance of a model.
    init(_ provenance: ModelProvenance) {
        switch provenance {
        case .real: self = .real
        case .mock: self = .mock
        }
    }
}

extension ServedFacts {
    /// Facts about a loaded model under its served name.
    init(_ model: LoadedModel, name: String, contextMax: Int) {
        let facts = model.facts
        let context = contextMax > 0 ? min(contextMax, facts.contextLength) : facts.contextLength
        self.init(
            ModelInfo(
                name: name, state: .ready, provenance: Provenance(model.provenance),
                architecture: facts.architecture, parameters: UInt64(facts.parameterCount),
                vocabulary: UInt64(facts.vocabularySize), context: UInt64(context),
                fingerprint: model.fingerprint?.bytes, generation: 0, device: model.device,
                deviceReason: model.deviceReason, bytes: UInt64(facts.weightBytes)),
            degradations: model.degradations, isCausal: facts.isCausal)
    }
}

extension ModelLoadingConfiguration.Strategy {
    /// The strategy of a Load request.
    init(_ strategy: LoadStrategy) {
        switch strategy {
        case .strict: self = .strict
        case .graceful: self = .graceful
        case .development: self = .development
        }
    }
}

extension LayerVerdictRecord {
    /// A row of a report.
    init(_ verdict: LayerVerdict) {
        self.init(
            layer: verdict.layer.rawValue, ok: verdict.ok,
            microseconds: verdict.duration.microseconds)
    }
}

extension LoadResponse {
    /// The report of a load that gave a model.
    init(_ report: LoadReport, model: ModelInfo) {
        self.init(
            accepted: report.accepted, layers: report.layerRecords, model: model,
            overrides: report.overrideTexts, attempts: report.attemptTexts)
    }
}

extension SwapResponse {
    /// The report of a swap.
    init(
        _ report: LoadReport, _ rehearsal: RehearsalOutcome, model: ModelInfo, previous: UInt32
    ) {
        self.init(
            layers: report.layerRecords, model: model, previousGeneration: UInt64(previous),
            overrides: report.overrideTexts, attempts: report.attemptTexts,
            warmed: rehearsal.warmed, shadow: rehearsal.shadow)
    }
}

extension LoadRequest {
    /// The load of a swap's candidate.
    init(_ request: SwapRequest) {
        self.init(
            name: request.name, path: request.path, strategy: request.strategy,
            device: request.device, progress: request.progress)
    }
}

extension LoadReport {
    fileprivate var layerRecords: [LayerVerdictRecord] { layers.map { LayerVerdictRecord($0) } }

    fileprivate var overrideTexts: [String] { overrides.map { "\($0.key)=\($0.replacement)" } }

    fileprivate var attemptTexts: [String] {
        attempts.compactMap(\.rejection).map {
            $0.description.clipped(toSize: Limits.sentenceSizeMax)
        }
    }
}

extension Pooling {
    /// The wire's word for a model's own pooling. Nil, for a mock, is `mean`.
    init(_ pooling: ModelConfiguration.Pooling?) {
        switch pooling {
        case nil, .mean: self = .mean
        case .last: self = .last
        case .cls: self = .cls
        }
    }
}

extension ServiceError {
    /// The rejection of a model, for the peer that asked for the load.
    init(_ rejection: AssayRejection) {
        self.init(
            .modelRejected, .init(rejection.code.name),
            "\(rejection.message). \(rejection.advice)", layer: rejection.layer.rawValue)
    }
}
