// A transformer placed on a back end: immutable, shared by every runner.
//
// The architecture's description and the configuration decide all work. Neither this file nor the
// runner knows a family by name. A step reads only memory of this process.

import Compute
import ModelFiles

/// The real model: weights of a checked file on a device.
public final class TransformerModel: TokenModel {
    /// Checked plan of the weights, and the files behind it.
    public let plan: WeightPlan
    /// Back end that holds the weights.
    public let backend: any Backend
    let weights: TransformerWeights

    /// Largest number of sequences in a runner.
    static let sequenceCountMax = 1 << 16

    /// Packs the weights of `plan` onto `backend`. Callable from any thread. Takes time and memory
    /// in proportion to the file. Throws `placement_failed` with the tensor's name.
    public convenience init(
        plan: ModelPlan, backend: any Backend
    ) throws(InferenceError) {
        try self.init(plan: plan.weights, backend: backend, observer: nil)
    }

    /// Packs the weights, and shows the bytes to `observer`.
    ///
    /// - Parameter observer: sees every byte of the files that hold tensors, once, in order. The
    ///   weights are made of these bytes.
    package init(
        plan: WeightPlan, backend: any Backend, observer: (any ReadObserver)?
    ) throws(InferenceError) {
        self.plan = plan
        self.backend = backend
        weights = try TransformerWeights(plan, on: backend, observer: observer)
    }

    /// Number of tokens, and width of every row of logits.
    public var vocabularySize: Int { plan.configuration.vocabularySize }
    /// Number of values in the hidden state of a position.
    public var embeddingLength: Int { plan.configuration.embeddingLength }
    /// Largest number of positions in a sequence.
    public var contextLength: Int { plan.configuration.contextLength }

    /// See `TokenModel`. The cache's memory is committed when pages are first used.
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

    /// Runs the forward-pass check, and reports what placement saw in the embedding rows that a
    /// pass cannot reach.
    ///
    /// Callable from any thread. Takes a short pass over the weights. Throws the errors of
    /// `ForwardPassCheck.run`. When a tensor holds a NaN or an infinity, the error's location names
    /// the tensor.
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
        if let offset = weights.embeddingFault, let embedding = plan.tensor(.tokenEmbedding) {
            throw InferenceError(
                .nonFiniteLogits, tried: "scanning tensor \"\(embedding.name)\"",
                found: "a NaN or an infinity at byte \(offset)", allowed: "finite values",
                location: embedding.name)
        }
        return verdict
    }
}
