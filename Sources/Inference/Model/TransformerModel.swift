// A transformer placed on a back end: immutable, shared by every runner.
//
// The architecture's description and the configuration say what to do; nothing here or in the
// runner knows a family by name. All that a step reads is memory of this process.

import Compute
import ModelFiles

/// The real model: weights of a checked file on a device.
public final class TransformerModel: TokenModel {
    /// What was checked, and the file behind it.
    public let plan: ModelPlan
    /// Where the weights are.
    public let backend: any Backend
    let weights: TransformerWeights

    /// The most sequences one runner may hold.
    static let sequenceCountMax = 1 << 16

    /// Packs the weights of `plan` onto `backend`. Any thread; takes time and memory in proportion
    /// to the file. Throws `placement_failed` naming the tensor.
    public convenience init(
        plan: ModelPlan, backend: any Backend
    ) throws(InferenceError) {
        try self.init(plan: plan, backend: backend, observer: nil)
    }

    /// The same.
    ///
    /// - Parameter observer: sees every byte of the files that hold tensors, once, in order; what
    ///   serves is made of these bytes.
    package init(
        plan: ModelPlan, backend: any Backend, observer: (any ReadObserver)?
    ) throws(InferenceError) {
        self.plan = plan
        self.backend = backend
        weights = try TransformerWeights(plan, on: backend, observer: observer)
    }

    /// Number of tokens; the width of every row of logits.
    public var vocabularySize: Int { plan.configuration.vocabularySize }
    /// Values of one position's hidden state.
    public var embeddingLength: Int { plan.configuration.embeddingLength }
    /// Positions a sequence may have at most.
    public var contextLength: Int { plan.configuration.contextLength }

    /// See `TokenModel`. The cache's memory is committed as pages are first used.
    public func makeRunner(
        maxSequences sequenceCountMax: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner {
        guard (1...Self.sequenceCountMax).contains(sequenceCountMax), tokenBudget > 0 else {
            throw InferenceError(
                .placement, tried: "making a runner",
                found: "\(sequenceCountMax) sequences, \(tokenBudget) tokens of cache",
                allowed: "1 to \(Self.sequenceCountMax) sequences, at least 1 token")
        }
        do {
            return try TransformerRunner(
                self, sequenceCountMax: sequenceCountMax, tokenBudget: tokenBudget)
        } catch {
            throw InferenceError(
                .placement, tried: "making a runner: " + error.tried, found: error.found,
                allowed: error.allowed, cause: error)
        }
    }

    /// Runs the forward-pass check and scans what a pass cannot reach.
    ///
    /// Any thread; takes two short passes over the weights and one read of an untied embedding.
    /// Throws what `ForwardPassCheck.run` throws; when a tensor holds a NaN or an infinity, the
    /// error's location names it.
    public func validate() throws(InferenceError) -> ForwardPassVerdict {
        let verdict: ForwardPassVerdict
        do {
            verdict = try ForwardPassCheck.run(self)
        } catch {
            guard error.code == .nonFiniteLogits,
                let place = plan.firstNonFinite(among: plan.allTensors)
            else { throw error }
            throw InferenceError(
                error.code, tried: error.tried,
                found: "\(error.found); tensor \"\(place.tensor)\" holds a NaN or an infinity at "
                    + "byte \(place.offset)",
                allowed: error.allowed, location: place.tensor, cause: error)
        }
        if !plan.isOutputTied, let embedding = plan.tensor(.tokenEmbedding),
            let fields = FloatFields.byFormat[embedding.format.id],
            let offset = TensorScan.firstNonFinite(in: weights.embedding.bytes, fields)
        {
            throw InferenceError(
                .nonFiniteLogits, tried: "scanning tensor \"\(embedding.name)\"",
                found: "a NaN or an infinity at byte \(offset)", allowed: "finite values",
                location: embedding.name)
        }
        return verdict
    }
}
