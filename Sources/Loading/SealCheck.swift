// Compares a model with its seal: equal file, equal ids for the prompt, equal logits.
//
// Guarantees: the first difference is a typed refusal of the validation layer that names both
// values. Logits are equal when each sealed logit is found again within the tolerance and the best
// tokens come in the sealed order. Tokens with sealed logits closer than the tolerance may swap
// places.
// Does not: read files. The caller brings seal and fingerprint. Runs on the caller's thread.

import Inference
import ModelFiles
import Tokenizers

/// Result of the comparison with seals, for reports.
public enum SealVerdict: Sendable, Equatable, CustomStringConvertible {
    /// No seal lies beside the model.
    case absent
    /// Fingerprint, tokens and logits match the seals.
    case matched(largestDifference: Double)
    /// A seal was written just now.
    case written(path: String)

    /// For the report's line and for logs.
    public var description: String {
        switch self {
        case .absent: "none"
        case .matched(let difference): "matched (largest difference \(difference))"
        case .written(let path): "written to \(path)"
        }
    }
}

struct SealCheck {
    let seal: Seal
    /// Path of the model.
    let path: String
    let model: any TokenModel
    let tokenizer: any Tokenizer

    /// Compares a model with all of `seals`. Each seal must match.
    static func compare(
        _ seals: [Seal], path: String, model: any TokenModel, tokenizer: any Tokenizer,
        fingerprint: Fingerprint
    ) throws -> SealVerdict {
        guard !seals.isEmpty else { return .absent }
        var largest = 0.0
        for seal in seals {
            let check = SealCheck(seal: seal, path: path, model: model, tokenizer: tokenizer)
            largest = max(largest, try check.run(fingerprint: fingerprint))
        }
        return .matched(largestDifference: largest)
    }

    /// Compares fingerprint, tokens and logits. Returns the largest difference of a logit.
    func run(fingerprint: Fingerprint) throws -> Double {
        guard fingerprint == seal.fingerprint else {
            throw drift(
                .sealFingerprintMismatch, "comparing the SHA-256 of the weights with the seal",
                found: fingerprint.hex, allowed: seal.fingerprint.hex)
        }
        try checkFits()
        try compareTokens()
        let logits = try Self.logits(of: model, seal.tokens)
        return try compare(logits)
    }

    /// Refuses a seal with ids outside the vocabulary or with more tokens than the context.
    private func checkFits() throws(AssayRejection) {
        let ids = seal.tokens + seal.top.map(\.token)
        if let token = ids.first(where: { Int($0) >= model.vocabularySize }) {
            throw drift(
                .sealInvalid, "reading the seal", found: "token \(token)",
                allowed: "0 to \(model.vocabularySize - 1), the model's vocabulary")
        }
        guard seal.tokens.count <= model.contextLength else {
            throw drift(
                .sealInvalid, "reading the seal", found: "\(seal.tokens.count) tokens",
                allowed: "at most \(model.contextLength), the model's context")
        }
    }

    private func compareTokens() throws(AssayRejection) {
        guard let prompt = seal.prompt else { return }
        var found: String
        do throws(TokenizerError) {
            let tokens = try tokenizer.encode(prompt)
            if tokens == seal.tokens { return }
            found = Self.list(tokens)
        } catch {
            found = "\(error)"
        }
        throw drift(
            .sealTokensDiffer, "tokenizing the seal's prompt", found: found,
            allowed: Self.list(seal.tokens))
    }

    private static func list(_ tokens: [Int32]) -> String {
        let shown = tokens.prefix(SealLimits.tokensMax).map(String.init).joined(separator: " ")
        return "\(tokens.count) tokens: \(shown)"
    }

    // MARK: Logits

    /// Returns the logits after `tokens`. Allocates a runner for the duration of the call.
    static func logits(
        of model: any TokenModel, _ tokens: [Int32]
    ) throws(InferenceError) -> [Float] {
        let runner = try model.makeRunner(maxSequences: 1, tokenBudget: tokens.count)
        let sequence = try runner.open(capacity: tokens.count)
        var row: [Float] = []
        let item = StepItem(sequence: sequence, tokens: tokens, wants: .last)
        try runner.step([item]) { _, _, values in row = Array(values) }
        if row.count == model.vocabularySize { return row }
        throw InferenceError(
            .outputWidth, tried: "running the seal's prompt", found: "\(row.count) logits",
            allowed: "\(model.vocabularySize), the vocabulary size")
    }

    /// Returns the `count` best tokens, best first, ties by smaller id.
    static func top(_ logits: [Float], _ count: Int) -> [Seal.TopLogit] {
        logits.withUnsafeBufferPointer { row in
            LikeliestTokens(of: row, countMax: count).tokens.map {
                Seal.TopLogit(token: $0.token, logit: $0.logit)
            }
        }
    }

    func compare(_ logits: [Float]) throws(AssayRejection) -> Double {
        var largest = 0.0
        for sealed in seal.top {
            let logit = logits[Int(sealed.token)]
            let difference = abs(Double(logit) - Double(sealed.logit))
            // A NaN fails the comparison, too.
            guard difference <= seal.tolerance else {
                throw differ(
                    "\(logit) as the logit of token \(sealed.token)",
                    "\(sealed.logit), give or take \(seal.tolerance)")
            }
            largest = max(largest, difference)
        }
        try compareOrder(Self.top(logits, seal.top.count))
        return largest
    }

    /// Compares the order of the best tokens. A token may take another token's place only if their
    /// logits differ by no more than the tolerance.
    private func compareOrder(_ found: [Seal.TopLogit]) throws(AssayRejection) {
        for (rank, (found, sealed)) in zip(found, seal.top).enumerated()
        where found.token != sealed.token {
            let logit = seal.top.first { $0.token == found.token }?.logit ?? found.logit
            guard abs(Double(logit) - Double(sealed.logit)) <= seal.tolerance else {
                throw differ(
                    "token \(found.token) at rank \(rank + 1), logit \(found.logit)",
                    "token \(sealed.token), logit \(sealed.logit)")
            }
        }
    }

    private func differ(_ found: String, _ allowed: String) -> AssayRejection {
        drift(
            .sealLogitsDiffer, "comparing the logits behind the seal's prompt", found: found,
            allowed: allowed)
    }

    private func drift(
        _ code: AssayRejection.Code, _ tried: String, found: String, allowed: String
    ) -> AssayRejection {
        AssayRejection(
            .validation, code, tried: tried, found: found, allowed: allowed,
            location: ModelFileError.Location(path: path).description)
    }
}
