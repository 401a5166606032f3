// Calls of the layers into the modules below, as replaceable closures.
//
// Guarantees: `standard` calls the real modules. Only tests of this package can replace a closure.
// Does not: measure, retry or convert errors. `AssayRun` measures and converts, `ModelLoader`
// retries.

import Compute
import Inference
import ModelFiles

package struct LayerSteps: Sendable {
    package var open: @Sendable (_ path: String, FileLimits, ParseLimits) throws -> ModelFileSet
    package var parse: @Sendable (ModelFileSet, ParseLimits) throws -> ParsedModel
    package var plan: @Sendable (ParsedModel, _ overrides: [String: String]) throws -> WeightPlan
    /// The rest of the compatibility layer. Runs beside `place`.
    package var vocabulary: @Sendable (WeightPlan) throws -> ModelPlan
    /// Begins before `vocabulary` ends, on a thread of its own. The observer must see every byte of
    /// the weights exactly once.
    package var place:
        @Sendable (WeightPlan, ModelLoadingConfiguration, _ path: String, any ReadObserver) throws
            -> PlacedModel
    /// Takes the memory of a runner for weights that are packed already.
    package var share:
        @Sendable (WeightPlan, ModelLoadingConfiguration, _ path: String) throws -> PlacedMemory?
    package var validate: @Sendable (PlacedModel, ModelPlan) throws -> Void

    package static func standard(_ placing: ModelPlacing) -> LayerSteps {
        LayerSteps(
            open: { path, limits, parseLimits in
                try ModelFileSet(path: path, limits: limits, parseLimits: parseLimits)
            },
            parse: { files, limits in try ParsedModel(files, limits: limits) },
            plan: { model, overrides in try WeightPlan(model, overrides: overrides) },
            vocabulary: { plan in try ModelPlan(plan) },
            place: { plan, configuration, path, observer in
                try placing.place(plan, configuration, path: path, observer: observer)
            },
            share: { plan, configuration, path in
                try placing.admit(plan, configuration, path: path, isPacked: true)
            },
            validate: { placed, plan in try placing.validate(placed.tokenModel) })
    }
}
