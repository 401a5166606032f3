// What each layer calls: the modules below, as replaceable closures.
//
// Guarantees: `standard` is the real thing; only tests of this package can put anything else in.
// Does not: measure, retry or convert errors; AssayRun does.

import Compute
import Inference
import ModelFiles

package struct LayerSteps: Sendable {
    package var open: @Sendable (_ path: String, FileLimits) throws -> MappedFile
    package var parse: @Sendable (MappedFile, ParseLimits) throws -> GGUFFile
    package var plan: @Sendable (GGUFFile, _ overrides: [String: String]) throws -> ModelPlan
    package var place:
        @Sendable (ModelPlan, ModelLoadingConfiguration, _ path: String) throws -> PlacedModel
    package var validate: @Sendable (PlacedModel, ModelPlan) throws -> Void

    package static func standard(_ placing: ModelPlacing) -> LayerSteps {
        LayerSteps(
            open: { path, limits in try MappedFile(path: path, limits: limits) },
            parse: { file, limits in try GGUFFile(file, limits: limits) },
            plan: { file, overrides in try ModelPlan(file: file, overrides: overrides) },
            place: { plan, configuration, path in
                try placing.place(plan, configuration, path: path)
            },
            validate: { placed, plan in try placing.validate(placed.tokenModel) })
    }
}
