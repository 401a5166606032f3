// Translates Loading's facts and outcomes into types of Service and Wire, and the strategy of a
// Load into a strategy of Loading.
//
// Provenance is translated here and nowhere else.

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
            accepted: report.accepted, layers: report.layers.map { LayerVerdictRecord($0) },
            model: model,
            overrides: report.overrides.map { "\($0.key)=\($0.replacement)" },
            attempts: report.attempts.compactMap(\.rejection).map {
                $0.description.clipped(toSize: Limits.sentenceSizeMax)
            })
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
