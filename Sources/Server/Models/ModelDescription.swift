// Loading's view of a model and of an assay, put into the words of the decisions and of the wire,
// and the strategy of a Load into Loading's.
//
// One place: provenance is translated here and nowhere else.

import Loading
import Service
import Wire

extension Provenance {
    /// The wire's word for what stands behind a model.
    init(_ provenance: ModelProvenance) {
        switch provenance {
        case .real: self = .real
        case .mock: self = .mock
        }
    }
}

extension Service.ModelFacts {
    /// What is known about a loaded model under its served name.
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
            degradations: model.degradations)
    }
}

extension Loading.LoadStrategy {
    /// How hard a request wants it tried.
    init(_ strategy: Wire.LoadStrategy) {
        switch strategy {
        case .strict: self = .strict
        case .graceful: self = .graceful
        case .development: self = .development
        }
    }
}

extension LayerVerdictRecord {
    /// One row of a report.
    init(_ verdict: LayerVerdict) {
        self.init(
            layer: verdict.layer.rawValue, ok: verdict.ok,
            microseconds: verdict.duration.microseconds)
    }
}

extension LoadResponse {
    /// The report of a load that ended with a model.
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
    /// A model that did not pass, as the peer who asked for it reads it.
    init(_ rejection: AssayRejection) {
        self.init(
            .modelRejected, .init(rejection.code.name),
            "\(rejection.message). \(rejection.advice)", layer: rejection.layer.rawValue)
    }
}
